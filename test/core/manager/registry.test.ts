// One address cannot fill the manager, and what it left there does not stay.

import { expect, it } from 'vitest'
import { LIMITS } from '../../../src/core/base/limits.js'
import { Prng } from '../../../src/core/base/prng.js'
import { Registry } from '../../../src/core/manager/registry.js'

const second = 1e6

function manager() {
  const registry = new Registry(new Prng(1))
  const ask = (host: string, now: number, command: object) =>
    JSON.parse(registry.answer(JSON.stringify(command), { host, localHost: 'x' }, now)!)
  const register = (host: string, meta_hash: string, port: number, now = 0) =>
    ask(host, now, { cmd: 'register', meta_hash, port })
  return { ask, register }
}

it('an address has so many entries, others are not kept out', () => {
  const { ask, register } = manager()
  for (let i = 0; i < 5000; i++) register('10.0.0.1', `junk ${i % 2000}`, 1 + i)
  expect(register('10.0.0.1', 'more', 1)).toMatchObject({ cmd: 'error', code: 'full' })
  expect(register('10.0.0.2', 'a', 7)).toMatchObject({ cmd: 'registered' })
  const { peers } = ask('10.0.0.3', 0, { cmd: 'request_peers', meta_hash: 'a' })
  expect(peers).toEqual([{ host: '10.0.0.2', port: 7 }])
})

it('entries that are not kept alive give way to new ones, and so do their swarms', () => {
  const { ask, register } = manager()
  const hosts = Math.ceil(LIMITS.managerSwarmsMax / LIMITS.managerEntriesPerAddressMax)
  for (let i = 0; i < LIMITS.managerSwarmsMax; i++)
    register(`10.0.0.${1 + (i % hosts)}`, `junk ${i}`, 1)
  expect(register('10.0.1.1', 'a', 7)).toMatchObject({ code: 'full' })
  expect(register('10.0.1.1', 'a', 7, 40 * second)).toMatchObject({ cmd: 'registered' })
  expect(register('10.0.0.1', 'b', 7, 40 * second)).toMatchObject({ cmd: 'registered' })
  const { cookie } = register('10.0.1.2', 'a', 8, 40 * second)
  ask('10.0.1.2', 40 * second, { cmd: 'leave', meta_hash: 'a', cookie })
  const { peers } = ask('10.0.0.3', 40 * second, { cmd: 'request_peers', meta_hash: 'a' })
  expect(peers).toEqual([{ host: '10.0.1.1', port: 7 }])
})

it('lists what is here, the own transfer first, and nothing that has expired', () => {
  const own = { metaHash: 'c', port: 9 }
  const registry = new Registry(new Prng(1), own)
  const ask = (now: number, command: object) =>
    JSON.parse(registry.answer(JSON.stringify(command), { host: 'h', localHost: 'x' }, now)!)
  ask(0, { cmd: 'register', meta_hash: 'a', port: 1 })
  ask(25 * second, { cmd: 'register', meta_hash: 'b', port: 2 })
  const swarms = (now: number) => ask(now, { cmd: 'list' }).swarms
  const mine = { meta_hash: 'c', peers: 1 }
  expect(swarms(26 * second)).toEqual([
    mine,
    ...['a', 'b'].map(meta_hash => ({ meta_hash, peers: 1 })),
  ])
  expect(swarms(40 * second)).toEqual([mine, { meta_hash: 'b', peers: 1 }])
  for (let i = 0; i < 300; i++) ask(50 * second, { cmd: 'register', meta_hash: `m${i}`, port: 1 })
  expect(swarms(50 * second)).toHaveLength(LIMITS.managerListMax)
})
