// Networks where multicast does not work, for one receiver or for all: the swarm does it, soon, and
// a line says so and why.

import { join } from 'node:path'
import { expect } from 'vitest'
import type { ReceiveResult, SendResult } from '../../../src/engine/api.js'
import { Lab } from '../../lab/lab.js'
import { skipUnless } from '../../lab/skip.js'
import { end, eventsOf, notice, patience, play, resultOf, type Stage } from '../stage.js'
import { mebibyte, randomFile } from '../tree.js'

const sizeBytes = 16 * mebibyte
/** The promise is 3 s; the rest is what a busy machine may add. */
const soonMillis = 3000 + 2000

async function offer(stage: Stage, ...args: string[]) {
  const file = await randomFile(join(stage.folder, 'x.bin'), sizeBytes)
  const sender = stage.send([file, ...args], { host: 0 })
  const link = String((await sender.until('session')).link)
  return { file, sender, link }
}

skipUnless(Lab.available())('a network without multicast', patience, () => {
  play('for one receiver: it asks the swarm, the others hear the blast', async ({ stage }) => {
    const lab = await stage.lan({ hosts: 3, rate: '100mbit' })
    const rules = 'table ip deaf { chain in { type filter hook input priority 0; '
    await lab.run(2, ['nft', `${rules} ip daddr 224.0.0.0/4 drop; }; }`])
    const { file, sender, link } = await offer(stage, '--wait-receivers', '2', '--rate', '30Mbit')
    const hearing = stage.recv('1', [link], { host: 1 })
    const deaf = stage.recv('2', [link], { host: 2 })
    const begun = await sender.until('progress', event => event.phase === 'blasting')
    const said = await deaf.until('notice', notice('swarm-only'))
    expect(said.message).toContain('nothing arrives')
    expect(said.hint).toMatch(/./)
    expect(said.time - begun.time).toBeLessThan(soonMillis)
    await end([sender, hearing, deaf])
    await stage.expectSame(file, '1', '2')
    expect(resultOf<ReceiveResult>(deaf).multicastBytes).toBe(0)
    expect(resultOf<ReceiveResult>(hearing).multicastBytes).toBeGreaterThan(0.5 * sizeBytes)
    expect(hearing.last('notice')).toBeUndefined()
  })

  play('for the sender: no route to the group', async ({ stage }) => {
    const lab = await stage.lan({ hosts: 3, rate: '100mbit' })
    await lab.run(0, ['ip', 'route', 'del', '224.0.0.0/4', 'dev', 'eth0'])
    const { file, sender, link } = await offer(stage, '--wait-receivers', '2')
    const receivers = [1, 2].map(host => stage.recv(String(host), [link], { host }))
    const { message } = await sender.until('notice', notice('multicast-failed'))
    expect(message).toMatch(/swarm only.*ENETUNREACH/)
    for (const each of receivers) {
      const said = await each.until('notice', notice('swarm-only'))
      expect(said.time - each.startedMillis).toBeLessThan(soonMillis)
    }
    await end([sender, ...receivers])
    await stage.expectSame(file, '1', '2')
    expect(resultOf<SendResult>(sender).multicastBytes).toBe(0)
  })

  play('for everybody: a line each says why, and the blast ends within 3 s', async ({ stage }) => {
    const lab = await stage.lan({ hosts: 3, rate: '100mbit' })
    const rules = 'table ip deaf { chain in { type filter hook input priority 0; '
    for (const host of [1, 2]) {
      await lab.run(host, ['nft', `${rules} ip daddr 224.0.0.0/4 drop; }; }`])
    }
    const { file, sender, link } = await offer(stage, '--wait-receivers', '2')
    const receivers = [1, 2].map(host => stage.recv(String(host), [link], { host }))
    const said = receivers.map(each => eventsOf(each, 'notice'))
    const begun = await sender.until('progress', event => event.phase === 'blasting')
    const { time } = await sender.until('notice', notice('unheard'))
    // The promise: the machine being busy delays its beginning as much as its end.
    expect(time - begun.time).toBeLessThan(3000)
    await end([sender, ...receivers])
    await stage.expectSame(file, '1', '2')
    for (const notices of said) {
      const why = notices.filter(notice('swarm-only')).map(each => each.message)
      expect(why).toEqual([expect.stringContaining('nothing arrives')])
    }
  })
})
