// Who is registered, for how long, by which address, and whom each is introduced to.

import { expect, it } from 'vitest'
import { LIMITS } from '../../../src/core/base/limits.js'
import { Prng } from '../../../src/core/base/prng.js'
import { Registry } from '../../../src/core/manager/registry.js'

const second = 1e6

function secrets(): () => string {
  let count = 0
  return () => `secret ${count++}`
}

function manager() {
  const registry = new Registry({ prng: new Prng(1), secret: secrets() })
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
  const registry = new Registry({ prng: new Prng(1), secret: secrets(), own })
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

it('keeps a cookie over restarts and moves of its peer, and gives it to nobody else', () => {
  const { ask, register } = manager()
  const { cookie } = register('10.0.0.1', 'a', 1)
  expect(register('10.0.0.1', 'a', 1).cookie).toBe(cookie)
  const again = { cmd: 'register', meta_hash: 'a', port: 2, cookie }
  expect(ask('10.0.0.7', 0, again)).toMatchObject({ cmd: 'registered', cookie })
  const { peers } = ask('10.0.0.3', 0, { cmd: 'request_peers', meta_hash: 'a' })
  expect(peers).toEqual([{ host: '10.0.0.7', port: 2 }])
  expect(register('10.0.0.1', 'b', 1).cookie).not.toBe(cookie)
  for (const cmd of ['keepalive', 'leave'])
    expect(ask('10.0.0.7', 0, { cmd, meta_hash: 'b', cookie })).toMatchObject({
      code: 'unknown_cookie',
    })
})

it('an entry lives for its time, and a keep-alive or progress renews it', () => {
  const { ask, register } = manager()
  const cookies = [1, 2, 3].map(port => register('10.0.0.1', 'a', port).cookie)
  ask('10.0.0.1', 20 * second, { cmd: 'keepalive', meta_hash: 'a', cookie: cookies[1] })
  const progress = { cmd: 'progress', meta_hash: 'a', verified_bytes: 1, total_bytes: 2 }
  ask('10.0.0.1', 25 * second, { ...progress, cookie: cookies[0] })
  const portsAt = (now: number) =>
    ask('10.0.0.3', now, { cmd: 'request_peers', meta_hash: 'a' })
      .peers.map((peer: { port: number }) => peer.port)
      .sort()
  expect(portsAt(29 * second)).toEqual([1, 2, 3])
  expect(portsAt(31 * second)).toEqual([1, 2])
  expect(portsAt(51 * second)).toEqual([1])
  expect(portsAt(56 * second)).toEqual([])
})

it('introduces fifty: near ones first, three in ten by lot, never the asker', () => {
  const { ask } = manager()
  const at = (host: string, port: number, location?: string) =>
    ask(host, 0, { cmd: 'register', meta_hash: 'a', port, location })
  for (let i = 0; i < 200; i++) {
    at(`10.0.1.${i}`, 1)
    at(`10.0.${2 + (i % 50)}.${i}`, 2)
    at(`10.1.${i}.1`, 3, 'dc1/rack1')
    at(`10.2.${i}.1`, 4, 'dc1/rack2')
  }
  const { cookie } = at('10.0.1.250', 5)
  const request = { cmd: 'request_peers', meta_hash: 'a' }
  const drawn = new Set<string>()
  for (let round = 0; round < 50; round++) {
    const { peers } = ask('10.0.1.250', 0, { ...request, cookie })
    expect(new Set(peers.map((peer: object) => JSON.stringify(peer))).size).toBe(50)
    const near = peers.filter(({ host }: { host: string }) => host.startsWith('10.0.1.'))
    expect(near.length).toBeGreaterThanOrEqual(35)
    expect(near.length).toBeLessThan(50)
    expect(near).not.toContainEqual({ host: '10.0.1.250', port: 5 })
    for (const { host } of peers) drawn.add(host)
    const ports = ask('10.9.9.9', 0, { ...request, location: 'dc1/rack1' }).peers.map(
      (peer: { port: number }) => peer.port,
    )
    expect(ports.filter((port: number) => port === 3).length).toBeGreaterThanOrEqual(35)
  }
  expect(drawn.size).toBeGreaterThan(500)
})

it('where a rack is small its data centre comes next', () => {
  const { ask } = manager()
  for (let i = 0; i < 100; i++) {
    const location = i < 5 ? 'dc1/rack1' : i < 40 ? 'dc1/rack2' : 'dc2/rack1'
    ask(`10.${i}.0.1`, 0, { cmd: 'register', meta_hash: 'a', port: 1 + i, location })
  }
  const request = { cmd: 'request_peers', meta_hash: 'a', location: 'dc1/rack1' }
  const ports: number[] = ask('10.200.0.1', 0, request).peers.map((p: { port: number }) => p.port)
  expect(ports.filter(port => port <= 5)).toHaveLength(5)
  expect(ports.filter(port => port <= 40).length).toBeGreaterThanOrEqual(35)
})

it('addresses of one machine or link are for those who are there', () => {
  const { ask, register } = manager()
  for (const host of ['127.0.0.1', '::1', 'fe80::1', '169.254.1.1', '10.0.0.1', '2001:db8::1'])
    register(host, 'a', 1)
  const hostsFor = (host: string) =>
    ask(host, 0, { cmd: 'request_peers', meta_hash: 'a' })
      .peers.map((peer: { host: string }) => peer.host)
      .sort()
  const wide = ['10.0.0.1', '2001:db8::1']
  expect(hostsFor('10.0.0.9')).toEqual(wide)
  expect(hostsFor('127.0.0.1')).toEqual([...wide, '127.0.0.1', '::1'].sort())
  expect(hostsFor('fe80::2')).toEqual([...wide, 'fe80::1', '169.254.1.1'].sort())
})

it('behind one translator peers get both addresses, others only the outer one', () => {
  const { ask } = manager()
  const register = (inside: string) =>
    ask('198.51.100.1', 0, { cmd: 'register', meta_hash: 'a', port: 9990, inside })
  register('192.168.0.2')
  register('192.168.0.3')
  register('8.8.8.8') // no inside address at all
  const peersOf = (host: string): { host: string }[] =>
    ask(host, 0, { cmd: 'request_peers', meta_hash: 'a' }).peers
  const inner = peersOf('198.51.100.1').map(({ host }) => host)
  expect(new Set(inner)).toEqual(new Set(['198.51.100.1', '192.168.0.2', '192.168.0.3']))
  expect(peersOf('203.0.113.9').every(({ host }) => host === '198.51.100.1')).toBe(true)
})

it('another address than the own one has to be proved by its token', () => {
  const registry = new Registry({ prng: new Prng(1), secret: secrets() })
  const say = (host: string, now: number, command: object) =>
    JSON.parse(registry.answer(JSON.stringify(command), { host, localHost: 'x', conn: 1 }, now)!)
  const claim = (host: string, now = 0) =>
    say('203.0.113.5', now, { cmd: 'register', meta_hash: 'a', port: 5, host })
  expect(claim('198.51.100.7')).toEqual({
    cmd: 'confirm',
    meta_hash: 'a',
    host: '198.51.100.7',
    port: 5,
  })
  const knock = registry.poll(0)!
  expect(knock).toMatchObject({ type: 'knock', host: '198.51.100.7', port: 5 })
  const confirm = JSON.parse(knock.type === 'knock' ? knock.line : '')
  expect(registry.members('a', 0)).toBeUndefined()
  const wrong = { code: 'unknown_token' }
  expect(say('203.0.113.5', 0, { ...confirm, token: 'guess' })).toMatchObject(wrong)
  expect(say('203.0.113.6', 0, confirm)).toMatchObject(wrong)
  expect(say('203.0.113.5', 0, confirm)).toMatchObject({ cmd: 'registered' })
  expect(registry.members('a', 0)).toMatchObject([{ host: '198.51.100.7', port: 5 }])
  expect(say('203.0.113.5', 0, confirm)).toMatchObject(wrong)
  const doors = ['127.0.0.1', '10.0.0.1', '169.254.169.254', '224.0.0.1', '::1', 'a.example']
  for (const host of doors) expect(claim(host)).toMatchObject({ code: 'bad_host' })
  for (let i = 0; i < LIMITS.managerTokensPerAddressMax; i++) claim(`198.51.100.${i}`)
  expect(claim('198.51.100.99')).toMatchObject({ code: 'busy' })
  expect(claim('198.51.100.99', 11 * second)).toMatchObject({ cmd: 'confirm' })
})

it('tells whoever waits of newcomers, at once for all that came, and of fifty at most', () => {
  const registry = new Registry({ prng: new Prng(1), secret: secrets() })
  const say = (conn: number, now: number, command: object) =>
    registry.answer(JSON.stringify(command), { host: `10.0.0.${conn}`, localHost: 'x', conn }, now)
  say(1, 0, { cmd: 'request_peers', meta_hash: 'a', watch: true })
  say(2, 0, { cmd: 'request_peers', meta_hash: 'b', watch: true })
  say(3, 0, { cmd: 'request_peers', meta_hash: 'a', watch: true })
  registry.closed(3)
  let told = 0
  let lines = 0
  for (let i = 0; i < 100; i++) {
    const now = i * 20_000
    say(9, now, { cmd: 'register', meta_hash: 'a', port: 1 + i })
    for (let out = registry.poll(now); out; out = registry.poll(now)) {
      if (out.type !== 'tell') continue
      expect(out.conn).toBe(1)
      told += JSON.parse(out.line).peers.length
      lines++
    }
  }
  expect(told).toBe(50)
  expect(lines).toBeLessThan(25)
  expect(registry.watchers).toBe(1)
})

it('while its shared store is away, what others told it lasts; what was told here does not', () => {
  const registry = new Registry({ prng: new Prng(1), secret: secrets() })
  const at = (now: number) => (registry.members('a', now) ?? []).map(({ port }) => port)
  const here = { host: '10.0.0.1', localHost: 'x' }
  registry.answer(JSON.stringify({ cmd: 'register', meta_hash: 'a', port: 1 }), here, 0)
  registry.share({ metaHash: 'a', host: '10.0.0.2', port: 2, cookie: 'b' }, 0)
  registry.hold(true)
  for (let now = 0; now <= 250 * second; now += 10 * second)
    expect(at(now)).toEqual(now <= 30 * second ? [1, 2] : [2])
  const dropped = []
  for (let out = registry.poll(251 * second); out; out = registry.poll(251 * second))
    if (out.type === 'drop') dropped.push([out.record.port, out.expired])
  expect(dropped).toEqual([[1, true]])
  expect(at(400 * second)).toEqual([])
})

it('what another manager was told is kept for the next run, and told to nobody else', () => {
  const registry = new Registry({ prng: new Prng(1), secret: secrets() })
  const outs = (now: number) => {
    const all: object[] = []
    for (let out = registry.poll(now); out; out = registry.poll(now)) all.push(out)
    return all
  }
  const record = { metaHash: 'a', host: '10.0.0.2', port: 2, cookie: 'b' }
  const shared = true as const
  registry.share(record, 0)
  expect(outs(0)).toEqual([{ type: 'keep', record, renewed: false, shared }])
  registry.share({ ...record, verifiedBytes: 1, totalBytes: 2 }, 0)
  expect(outs(0)).toMatchObject([{ type: 'keep', renewed: true, shared }])
  registry.unlearn('a', 'b')
  expect(outs(0)).toMatchObject([{ type: 'drop', expired: false, shared }])
})

it('what a former run has left lasts while the shared store is away: others may hear it', () => {
  const registry = new Registry({ prng: new Prng(1), secret: secrets() })
  registry.learn({ metaHash: 'a', host: '10.0.0.2', port: 2, cookie: 'b' }, 0)
  registry.hold(true)
  for (let now = 0; now <= 250 * second; now += 10 * second)
    expect(registry.members('a', now)).toHaveLength(1)
  registry.hold(false)
  expect(registry.members('a', 290 * second)).toBeUndefined()
})
