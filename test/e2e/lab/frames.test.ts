// Frames of 9000 bytes: used where they reach everybody, and nobody goes hungry where they do not -
// above all behind a switch that drops them without a word, as its port of 1500 bytes does here.

import { join } from 'node:path'
import { expect } from 'vitest'
import type { ReceiveResult, SendResult } from '../../../src/engine/api.js'
import type { CliEvent, CliProcess } from '../../lab/cli.js'
import { Lab } from '../../lab/lab.js'
import { skipUnless } from '../../lab/skip.js'
import { end, listening, notice, patience, play, resultOf, type Stage } from '../stage.js'
import { mebibyte, randomFile } from '../tree.js'

const sizeBytes = 32 * mebibyte
const jumbo = { hosts: 4, rate: '100mbit', mtuBytes: 9000, noOffload: true }
const longBytes = 8224
const shortBytes = 1398

/** Long datagrams no longer reach the host; what TCP sends does, as it finds a shorter way by itself. */
async function shorten(lab: Lab, host: number): Promise<void> {
  const table = 'add table ip short; add chain ip short in'
  const hook = '{ type filter hook prerouting priority -300; }'
  await lab.run(host, ['nft', `${table} ${hook}; add rule ip short in udp length > 1480 drop`])
}

async function offer(stage: Stage, ...args: string[]) {
  const file = await randomFile(join(stage.folder, 'x.bin'), sizeBytes)
  return { file, sender: stage.send([file, ...args], { host: 0 }) }
}

/** Some of the blast is over; what is hashed before has a progress of its own. */
const begun = (event: CliEvent): boolean =>
  event.phase === 'blasting' && Number(event.passFraction) > 0.1

const hear = (stage: Stage, hosts: readonly number[]): CliProcess[] =>
  hosts.map(host => stage.recv(String(host), [], { host }))

skipUnless(Lab.available())('long frames', patience, () => {
  play('carry it to all who take them', async ({ stage }) => {
    await stage.lan(jumbo)
    const receivers = hear(stage, [1, 2, 3])
    // Whoever still starts up says too late that long ones reach it.
    await Promise.all(receivers.map(listening))
    const { file, sender } = await offer(stage, '--wait-receivers', '3')
    await end([sender, ...receivers])
    await stage.expectSame(file, '1', '2', '3')
    expect(sender.last('progress')?.datagramBytes).toBe(longBytes)
    for (const each of receivers)
      expect(resultOf<ReceiveResult>(each).multicastBytes).toBeGreaterThan(0.95 * sizeBytes)
    expect(resultOf<SendResult>(sender).multicastBytes).toBeLessThan(1.03 * sizeBytes)
  })

  play('are not used when one of those who wait cannot have them', async ({ stage }) => {
    const lab = await stage.lan(jumbo)
    await lab.run(3, ['ip', 'link', 'set', 'eth0', 'mtu', '1500'])
    const receivers = hear(stage, [1, 2, 3])
    const { file, sender } = await offer(stage, '--wait-receivers', '3')
    const said = await sender.until('notice', notice('short-frames'))
    expect(said.message).toContain(lab.addressOf(3))
    await end([sender, ...receivers])
    await stage.expectSame(file, '1', '2', '3')
    expect(sender.last('progress')?.datagramBytes).toBe(shortBytes)
    for (const each of receivers)
      expect(resultOf<ReceiveResult>(each).multicastBytes).toBeGreaterThan(0.95 * sizeBytes)
  })

  play(
    'do not reach one that comes late: it is told, and the swarm feeds it',
    async ({ stage }) => {
      const lab = await stage.lan(jumbo)
      await lab.run(3, ['ip', 'link', 'set', 'eth0', 'mtu', '1500'])
      const receivers = hear(stage, [1, 2])
      await Promise.all(receivers.map(listening))
      const { file, sender } = await offer(stage, '--wait-receivers', '2', '--rate', '40Mbit')
      await sender.until('progress', begun)
      const [late] = hear(stage, [3])
      const said = await late.until('notice', notice('swarm-only'))
      expect(said.message).toContain('frames that are too long')
      expect(said.hint).toContain('MTU')
      await end([sender, ...receivers, late])
      await stage.expectSame(file, '1', '2', '3')
      expect(resultOf<ReceiveResult>(late).multicastBytes).toBe(0)
      expect(sender.last('progress')?.datagramBytes).toBe(longBytes)
    },
  )

  play('are given up when a switch no longer takes them', async ({ stage }) => {
    const lab = await stage.lan(jumbo)
    const receivers = hear(stage, [1, 2, 3])
    await Promise.all(receivers.map(listening))
    const { file, sender } = await offer(stage, '--wait-receivers', '3', '--rate', '30Mbit')
    await sender.until('progress', begun)
    for (const host of [1, 2, 3]) await shorten(lab, host)
    const said = await sender.until('notice', notice('short-frames'))
    expect(said.message).toContain('no longer reach')
    await end([sender, ...receivers])
    await stage.expectSame(file, '1', '2', '3')
    expect(sender.last('progress')?.datagramBytes).toBe(shortBytes)
  })
})
