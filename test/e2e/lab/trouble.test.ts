// Receivers in trouble on a LAN of namespaces: one comes late, one hears nothing for a while, one
// loses its cable. They complete, and so do the others.

import { join } from 'node:path'
import { expect } from 'vitest'
import type { ReceiveResult, SendResult } from '../../../src/engine/api.js'
import type { CliProcess } from '../../lab/cli.js'
import { Lab } from '../../lab/lab.js'
import { skipUnless } from '../../lab/skip.js'
import { blasted, end, listening, patience, play, resultOf, type Stage } from '../stage.js'
import { mebibyte, randomFile } from '../tree.js'

const sizeBytes = 20 * mebibyte

/** A blast from host 0 to hosts 1…`count`, slow enough for mischief; resolves when it has begun. */
async function blast(stage: Stage, count: number) {
  const lab = await stage.lan({ hosts: 4, rate: '100mbit' })
  const file = await randomFile(join(stage.folder, 'x.bin'), sizeBytes)
  const meta = await stage.meta(file)
  const receive = (host: number) => stage.recv(String(host), [meta], { host })
  const receivers: CliProcess[] = []
  for (let host = 1; host <= count; host++) receivers.push(receive(host))
  await Promise.all(receivers.map(listening))
  const args = [meta, '--wait-receivers', String(count), '--rate', '40Mbit']
  const sender = stage.send(args, { host: 0 })
  return { lab, file, receive, receivers, sender }
}

/** Resolves when `millis` have passed on the clock of a process that reports regularly. */
async function later(player: CliProcess, millis: number): Promise<void> {
  const from = Date.now()
  await player.until('progress', event => event.time >= from + millis)
}

skipUnless(Lab.available())('a receiver in trouble', patience, () => {
  play('that comes at half of the blast completes, as the others do', async ({ stage }) => {
    const { file, receive, receivers, sender } = await blast(stage, 2)
    await sender.until('progress', blasted(0.5))
    const late = receive(3)
    await end([...receivers, late, sender])
    await stage.expectSame(file, '1', '2', '3')
    const { multicastBytes, peerBytes } = resultOf<ReceiveResult>(late)
    expect(multicastBytes).toBeGreaterThan(0)
    expect(peerBytes).toBeGreaterThan(0)
    for (const each of receivers)
      expect(resultOf<ReceiveResult>(each).multicastBytes).toBeGreaterThan(0.9 * sizeBytes)
  })

  play('that hears nothing at all for 2 s completes, as the others do', async ({ stage }) => {
    const { lab, file, receivers, sender } = await blast(stage, 3)
    await sender.until('progress', blasted(0.2))
    await lab.loss(100, 3)
    await later(sender, 2000)
    await lab.loss(0, 3)
    await end([...receivers, sender])
    await stage.expectSame(file, '1', '2', '3')
    const [one, two, deaf] = receivers.map(each => resultOf<ReceiveResult>(each))
    expect(one.multicastBytes).toBeGreaterThan(0.9 * sizeBytes)
    expect(two.multicastBytes).toBeGreaterThan(0.9 * sizeBytes)
    expect(deaf.multicastBytes + deaf.peerBytes + deaf.seederBytes).toBe(sizeBytes)
    expect(resultOf<SendResult>(sender).receivers.map(row => row.state)).toEqual(
      Array(3).fill('complete'),
    )
  })

  play('whose cable is out for 3 s goes on when it is back', async ({ stage }) => {
    const { lab, file, receivers, sender } = await blast(stage, 3)
    await sender.until('progress', blasted(0.2))
    await lab.cut(3)
    await later(sender, 3000)
    await lab.plug(3)
    await end([...receivers, sender])
    await stage.expectSame(file, '1', '2', '3')
    expect(resultOf<ReceiveResult>(receivers[2]).multicastBytes).toBeGreaterThan(0)
  })
})
