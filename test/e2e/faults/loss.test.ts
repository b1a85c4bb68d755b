// Lines that lose, in the ways that lines do: a little, a lot, in bursts, only on the way back, only
// what is TCP; frames that come twice or late; a switch that forgets who listens.

import { expect } from 'vitest'
import type { ReceiveResult } from '../../../src/engine/api.js'
import type { CliProcess } from '../../lab/cli.js'
import { Lab } from '../../lab/lab.js'
import { skipUnless } from '../../lab/skip.js'
import { blast, later } from '../lab/blast.js'
import { end, play, resultOf } from '../stage.js'
import { mebibyte } from '../tree.js'
import { carry, type Lines } from './line.js'

const all: readonly Lines[] = [
  {
    name: 'each with another trouble',
    receivers: [
      ['loss', 0.1],
      ['loss', 1],
      ['loss', 5],
      ['burst', 4],
      ['duplicate', 20],
      ['reorder', 5],
    ],
    congestion: 'bbr',
    mebibytes: 16,
  },
  {
    name: 'that lose 30 %',
    receivers: [
      ['loss', 30],
      ['loss', 30],
    ],
    congestion: 'cubic',
    mebibytes: 4,
  },
  {
    name: 'that lose what is TCP, there and back',
    receivers: [
      ['tcp', 20],
      ['tcp', 20],
    ],
    backPercent: 20,
    congestion: 'cubic',
    mebibytes: 8,
  },
]

const concurrent = { timeout: 120_000, concurrent: true }

skipUnless(Lab.available())('lines', concurrent, () => {
  for (const lines of all) play(lines.name, ({ stage }) => carry(stage, lines))

  // While nothing is heard the swarm fetches, on a busy machine more of the file than half.
  const again = { retry: 2 }
  play('by a switch that forgets who listens, even before the start', again, async ({ stage }) => {
    const sizeBytes = 20 * mebibyte
    // Memberships last some six seconds.
    const forgotten = (receivers: readonly CliProcess[]) =>
      Promise.all(receivers.map(each => later(each, 8000)))
    const scene = await blast(stage, {
      receivers: 2,
      sizeBytes,
      rate: '12Mbit',
      lab: { snooping: 'dies' },
      beforeStart: forgotten,
    })
    await end([...scene.receivers, scene.sender])
    await stage.expectSame(scene.file, ...scene.names)
    for (const each of scene.receivers)
      expect(resultOf<ReceiveResult>(each).multicastBytes).toBeGreaterThan(0.5 * sizeBytes)
  })
})
