// Who may relay is the operator's to say: nobody, only some, and nobody at all for a sender that wants
// no multicast.

import { join } from 'node:path'
import { expect } from 'vitest'
import { Lab } from '../../lab/lab.js'
import { skipUnless } from '../../lab/skip.js'
import { end, listening, play, resultOf, type Stage } from '../stage.js'
import { mebibyte, randomFile } from '../tree.js'

interface Result {
  readonly multicastBytes: number
}

const sizeBytes = 24 * mebibyte

/**
 * Transfers to some hosts, each with options of its own; which share of the file each heard. That there
 * is one where somebody relays follows from the options, how large it is from the machine's speed.
 */
async function heardBy(
  stage: Stage,
  lab: Lab,
  receivers: readonly { host: number; options: readonly string[] }[],
  sending: readonly string[] = [],
): Promise<number[]> {
  const file = await randomFile(join(stage.folder, 'x.bin'), sizeBytes)
  const meta = await stage.meta(file)
  const from = ['--peer', `${lab.addressOf(0)}:${stage.peerPort}`]
  const all = receivers.map(({ host, options }) =>
    stage.recv(String(host), [meta, ...from, ...options], { host }),
  )
  await Promise.all(all.map(listening))
  const waits = ['--wait-receivers', String(all.length), '--linger', '5s']
  const sender = stage.send([meta, ...waits, ...sending], { host: 0 })
  await end([...all, sender])
  await stage.expectSame(file, ...receivers.map(({ host }) => String(host)))
  return all.map(each => resultOf<Result>(each).multicastBytes / sizeBytes)
}

skipUnless(Lab.available())('who relays', { timeout: 120_000 }, () => {
  // Host i is in subnet i mod 2: the sender is host 0, and hosts 1, 3 and 5 do not hear it.
  const subnets = { hosts: 6, subnets: 2, wanRate: '50mbit', snooping: 'on' } as const

  play('is only who has --relay-only', async ({ stage }) => {
    const lab = await stage.lan(subnets)
    const [only, ...others] = await heardBy(stage, lab, [
      { host: 1, options: ['--relay-only'] },
      { host: 3, options: [] },
      { host: 5, options: [] },
    ])
    // Until the others know it they choose among themselves: it may have heard a chunk or two of them.
    expect(only).toBeLessThan(Math.max(0.2, (others[0] + others[1]) / 2))
    expect(others[0] + others[1]).toBeGreaterThan(0)
  })

  play('is nobody who has --no-relay', async ({ stage }) => {
    const lab = await stage.lan(subnets)
    const [never, ...others] = await heardBy(stage, lab, [
      { host: 1, options: [] },
      { host: 3, options: ['--no-relay'] },
      { host: 5, options: ['--no-relay'] },
    ])
    expect(never).toBe(0)
    expect(others[0] + others[1]).toBeGreaterThan(0)
  })

  play('is nobody where all have --no-relay', async ({ stage }) => {
    const lab = await stage.lan(subnets)
    const options = ['--no-relay']
    const all = [1, 3, 5].map(host => ({ host, options }))
    expect(await heardBy(stage, lab, all)).toEqual([0, 0, 0])
  })

  play('is nobody where the sender has --no-multicast', async ({ stage }) => {
    const lab = await stage.lan({ hosts: 4 })
    const all = [1, 2, 3].map(host => ({ host, options: [] }))
    expect(await heardBy(stage, lab, all, ['--no-multicast'])).toEqual([0, 0, 0])
  })
})
