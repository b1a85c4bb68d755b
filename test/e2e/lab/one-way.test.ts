// One-way links: a carousel with parity over lines that lose 3 %, and receivers that could not say a
// word if they tried. What left their interfaces is counted: reports of group membership, no more.

import { join } from 'node:path'
import { expect } from 'vitest'
import type { ReceiveResult, SendResult } from '../../../src/engine/api.js'
import { Lab } from '../../lab/lab.js'
import { skipUnless } from '../../lab/skip.js'
import { blasted, end, listening, patience, play, resultOf } from '../stage.js'
import { mebibyte, randomFile } from '../tree.js'

const sizeBytes = 12 * mebibyte
const lossPercent = 3
const rateBps = 40e6
/** With parity, layers and headers. */
const passMillis = (1.15 * sizeBytes * 8000) / rateBps

/** Nothing leaves the host but IGMP; both are counted. */
async function mute(lab: Lab, host: number): Promise<void> {
  const chain =
    'type filter hook output priority 0; oifname != eth0 accept; ip protocol igmp counter name joins accept;'
  const rules = `counter joins {}; counter other {}; chain out { ${chain} counter name other drop; }`
  await lab.run(host, ['nft', `table ip mute { ${rules}; }`])
}

async function counted(lab: Lab, host: number, name: string): Promise<number> {
  const text = await lab.run(host, ['nft', 'list', 'counter', 'ip', 'mute', name])
  return Number(/packets (\d+)/.exec(text)?.[1])
}

async function sentPackets(lab: Lab, host: number): Promise<number> {
  return (await lab.stats())[host].txPackets
}

skipUnless(Lab.available())('one-way links', patience, () => {
  play('bring it whole to who cannot say a word, early or late', async ({ stage }) => {
    const lab = await stage.lan({ hosts: 4, rate: '100mbit', lossPercent, noOffload: true })
    const mutes = [1, 2]
    for (const host of mutes) await mute(lab, host)
    const before = await Promise.all(mutes.map(host => sentPackets(lab, host)))
    const file = await randomFile(join(stage.folder, 'x.bin'), sizeBytes)
    const early = stage.recv('1', ['--one-way'], { host: 1 })
    await listening(early)
    const carousel = [file, '--carousel', '--fec', '10%', '--rate', `${rateBps / 1e6}Mbit`]
    const sender = stage.send(carousel, { host: 0 })
    await sender.until('progress', blasted(0.4))
    const late = stage.recv('2', ['--one-way'], { host: 2 })
    const ordinary = stage.recv('3', [], { host: 3 })
    await end([early, late])
    const known = await late.until('session')
    const whole = await late.until('complete')
    // A pass from where it came in; a burst of loss on a busy machine may cost part of another.
    expect(whole.time - known.time).toBeLessThan(2 * passMillis + 1000)
    await end([ordinary])
    sender.kill('SIGINT')
    await end([sender])
    await stage.expectSame(file, '1', '2', '3')
    for (const [i, host] of mutes.entries()) {
      // A report of membership may leave between the two looks: the device's first.
      const sent = (await sentPackets(lab, host)) - before[i]
      expect(sent).toBeGreaterThan(0)
      expect(sent).toBeLessThanOrEqual(await counted(lab, host, 'joins'))
      expect(await counted(lab, host, 'other')).toBe(0)
    }
    for (const each of [early, late])
      expect(resultOf<ReceiveResult>(each).multicastBytes).toBe(sizeBytes)
    const { receivers, complete } = resultOf<SendResult>(sender)
    expect(receivers.map(({ host, state }) => `${host} ${state}`)).toEqual([
      `${lab.addressOf(3)} complete`,
    ])
    expect(complete).toBe(true)
  })

  play('need nobody: so many passes, and a good end', async ({ stage }) => {
    await stage.lan({ hosts: 2, rate: '100mbit' })
    const file = await randomFile(join(stage.folder, 'x.bin'), mebibyte)
    const sender = stage.send([file, '--carousel', '--passes', '3', '--rate', '40Mbit'], {
      host: 0,
    })
    await end([sender])
    expect(resultOf<SendResult>(sender)).toMatchObject({ passes: 3, receivers: [], complete: true })
  })
})
