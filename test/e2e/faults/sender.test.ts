// A sender to which something happens in the middle of its blast: paused, unplugged, given another
// address, its clock set. The receivers complete, and still by multicast for the most part.

import { expect } from 'vitest'
import type { ReceiveResult, SendResult } from '../../../src/engine/api.js'
import { Lab } from '../../lab/lab.js'
import { skipUnless } from '../../lab/skip.js'
import { type BlastScene, blast, later } from '../lab/blast.js'
import { blasted, end, play, resultOf, type Stage } from '../stage.js'
import { mebibyte } from '../tree.js'
import { jumpingClock } from './clock.js'

const sizeBytes = 24 * mebibyte

/**
 * A blast of ten seconds to two hosts, with one incident at its third. `byMulticast`: at least this
 * part of it comes by multicast all the same.
 */
async function incident(
  stage: Stage,
  byMulticast: number,
  happens: (scene: BlastScene) => Promise<unknown>,
  more: NodeJS.ProcessEnv = {},
): Promise<void> {
  const env = { ...jumpingClock, ...more }
  const scene = await blast(stage, { receivers: 2, sizeBytes, rate: '20Mbit', env })
  const { sender, receivers, names } = scene
  await sender.until('progress', blasted(0.33))
  await happens(scene)
  await end([...receivers, sender])
  await stage.expectSame(scene.file, ...names)
  expect(resultOf<SendResult>(sender).receivers.map(row => row.state)).toEqual([
    'complete',
    'complete',
  ])
  for (const each of receivers)
    expect(resultOf<ReceiveResult>(each).multicastBytes).toBeGreaterThan(byMulticast * sizeBytes)
}

const concurrent = { timeout: 120_000, concurrent: true }

skipUnless(Lab.available())('a sender in the middle of its blast', concurrent, () => {
  play('that is paused for 10 s goes on', ({ stage }) =>
    incident(stage, 0.6, async ({ sender, receivers: [receiver] }) => {
      sender.kill('SIGSTOP')
      await later(receiver, 10_000)
      sender.kill('SIGCONT')
    }),
  )

  play('whose cable is out for 5 s goes on', ({ stage }) =>
    // It blasts on meanwhile, and nobody hears it: half of ten seconds.
    incident(stage, 0.3, async ({ lab, sender }) => {
      await lab.cut(0)
      await later(sender, 5000)
      await lab.plug(0)
    }),
  )

  for (const chosen of [undefined, 'eth0'])
    play(`goes on from another address, interface ${chosen ?? 'not'} chosen`, ({ stage }) => {
      const env = chosen ? { MCP2P_INTERFACE: chosen } : {}
      return incident(stage, 0.6, ({ lab }) => lab.renumber(0), env)
    })

  play('does not care what time of day it is', ({ stage }) =>
    incident(stage, 0.6, async ({ sender, receivers: [receiver] }) => {
      sender.kill('SIGUSR2')
      await later(receiver, 2000)
      sender.kill('SIGUSR2')
    }),
  )
})
