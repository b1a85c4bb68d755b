// What a peer may not do, and what it costs it: the connection, at once, and the patience with its
// address. And what a peer that only wastes time gets: nothing of anybody else's.

import { describe, expect, it } from 'vitest'
import { Bitmap } from '../../../src/core/base/bitmap.js'
import { LIMITS } from '../../../src/core/base/limits.js'
import { Prng } from '../../../src/core/base/prng.js'
import { Geometry } from '../../../src/core/meta/geometry.js'
import { Swarm, type SwarmOut } from '../../../src/core/swarm/swarm.js'
import type { Hello, Message } from '../../../src/core/wire/message.js'

const id = 'a'.repeat(64)
const block = 16_384
const second = 1e6
const geometry = new Geometry([64 * block], 16 * block)
const range = (first: number) => ({ block: first, offsetBytes: 0, lengthBytes: block })

class Bench {
  readonly swarm: Swarm
  readonly out: SwarmOut[] = []
  now = 0

  constructor(role: 'seeder' | 'receiver' = 'receiver') {
    const verified = new Bitmap(geometry.blockCount)
    if (role === 'seeder') verified.addRange(0, geometry.blockCount)
    const metaBytes = new Uint8Array(10)
    const prng = new Prng(1)
    const common = { geometry, verified, metaBytes, prng, connectionsWanted: 4 }
    this.swarm = new Swarm({ ...common, id, node: 'f'.repeat(16), role, port: 9991 })
  }

  connect(peer: number, host = '10.0.0.9'): void {
    this.swarm.handle({ type: 'connected', peer, host, port: 9990, outbound: false }, this.now)
    this.drain()
  }

  say(peer: number, message: Message): void {
    this.swarm.handle({ type: 'message', peer, message }, this.now)
    this.drain()
  }

  meet(peer: number, host?: string, role: Hello['role'] = 'receiver', complete = false): void {
    this.connect(peer, host)
    const node = peer.toString(16).padStart(16, '0')
    this.say(peer, {
      type: 'hello',
      id,
      node,
      port: 9990,
      role,
      complete,
      version: 1,
      features: [],
    })
  }

  pass(seconds: number): void {
    for (const end = this.now + seconds * second; this.now < end; this.drain())
      this.now = Math.min(end, Math.max(this.now + 1, this.swarm.deadline))
  }

  drain(): void {
    for (let out = this.swarm.poll(this.now); out; out = this.swarm.poll(this.now))
      this.out.push(out)
  }

  link(peer: number) {
    return [...this.swarm.links()].find(link => link.peer === peer)!
  }

  /** Why and how the peer was closed. */
  closing(peer: number) {
    return this.out.find(out => out.type === 'close' && out.peer === peer)
  }

  served(peer: number): number {
    return this.out.filter(out => out.type === 'serve' && out.peer === peer).length
  }
}

describe('a peer is dropped at once', () => {
  const leaves = new Uint8Array(32 * 16)
  const crimes: readonly [string, Message][] = [
    ['data nobody asked for', { type: 'data', range: range(3) }],
    ['reject of nothing', { type: 'reject', reason: 'later', ranges: [range(3)] }],
    ['a layer nobody asked for', { type: 'layer', chunk: 1, leaves }],
    ['meta nobody asked for', { type: 'meta', totalBytes: 10, offsetBytes: 0, bytes: leaves }],
    ['impossible have', { type: 'have', chunkRuns: [0, 5], partial: [] }],
    ['impossible have', { type: 'have', chunkRuns: [2, 1, 0, 1], partial: [] }],
    ['impossible have', { type: 'have', chunkRuns: [0, 1, 0, 1], partial: [] }],
    ['impossible chunk', { type: 'layer-request', chunks: [4, 1, 2] }],
    ['impossible meta request', { type: 'meta-request', offsetBytes: 11, lengthBytes: 1 }],
  ]
  for (const [reason, message] of crimes)
    it(`for ${message.type}: ${reason}`, () => {
      const bench = new Bench()
      bench.meet(1)
      bench.say(1, message)
      expect(bench.closing(1)).toEqual({ type: 'close', peer: 1, reason, abrupt: true })
      expect(bench.out.filter(out => out.type === 'serve-layer')).toEqual([])
      // It offered its address, and is not dialled there for a minute or so.
      bench.out.length = 0
      bench.pass(40)
      expect(bench.out.filter(out => out.type === 'dial')).toEqual([])
      bench.pass(60)
      expect(bench.out.filter(out => out.type === 'dial')).not.toEqual([])
    })

  it('for asking for the meta again and again', () => {
    const bench = new Bench()
    bench.meet(1)
    const whole: Message = { type: 'meta-request', offsetBytes: 0, lengthBytes: 10 }
    for (let i = 0; i < 4; i++) bench.say(1, whole)
    expect(bench.closing(1)).toBeUndefined()
    bench.say(1, whole)
    expect(bench.closing(1)).toMatchObject({ reason: 'the meta again and again', abrupt: true })
  })

  it('for something else than hello', () => {
    const bench = new Bench()
    bench.connect(1)
    bench.say(1, { type: 'keep-alive' })
    expect(bench.closing(1)).toMatchObject({ reason: 'no hello', abrupt: true })
  })

  it('for not having what it offered', () => {
    const bench = new Bench()
    bench.meet(1, undefined, 'receiver', true)
    bench.swarm.request(bench.link(1), [range(1), range(2)], 0)
    bench.say(1, { type: 'reject', reason: 'gone', ranges: [range(1)] })
    expect(bench.closing(1)).toMatchObject({ reason: 'it lacks what it offered' })
    const failed = bench.out.flatMap(out => (out.type === 'failed' ? [out.range.block] : []))
    expect(failed.sort()).toEqual([1, 2])
  })

  it('for more messages than anybody has to say', () => {
    const bench = new Bench()
    bench.meet(1)
    const report = { type: 'bye', reason: 'not yet' } as const
    for (let i = 0; i < 3600; i++) {
      bench.say(1, report)
      bench.pass(0.1)
    }
    expect(bench.closing(1)).toBeUndefined()
    for (let i = 0; i < LIMITS.messagesBurst / 10 + 1; i++) bench.say(1, report)
    expect(bench.closing(1)).toMatchObject({ reason: 'it floods us' })
  })
})

describe('a peer that wastes time', () => {
  it('is asked less and less, then dropped, when it talks and answers nothing', () => {
    const bench = new Bench()
    bench.meet(1, undefined, 'receiver', true)
    let asked = 0
    for (let i = 0; i < 200 && !bench.closing(1); i++) {
      const link = bench.link(1)
      if (link.askedBytes === 0 && link.roomBytes(bench.now) > 0)
        bench.swarm.request(link, [range(asked++)], bench.now)
      bench.pass(1)
      bench.say(1, { type: 'keep-alive' })
    }
    expect(bench.closing(1)).toMatchObject({ reason: 'it answers nothing' })
    expect(asked).toBe(3)
    expect(bench.now).toBeLessThan(60 * second)
    const failed = bench.out.filter(out => out.type === 'failed')
    expect(failed).toHaveLength(3)
  })

  it('does not keep the upload slots when it does not read', () => {
    const bench = new Bench('seeder')
    for (let peer = 1; peer <= LIMITS.uploadSlots; peer++) {
      bench.meet(peer)
      bench.say(peer, { type: 'request', ranges: [range(0), range(1)] })
    }
    bench.meet(99)
    bench.say(99, { type: 'request', ranges: [range(7)] })
    expect(bench.served(1)).toBeGreaterThan(0)
    bench.pass(1)
    expect(bench.served(99)).toBe(0)
    bench.pass(1.5)
    expect(bench.served(99)).toBe(1)
  })

  it('is answered once for a range that it asks for twice', () => {
    const bench = new Bench('seeder')
    bench.swarm.slots.limit(1000, 0)
    bench.meet(1)
    bench.say(1, { type: 'request', ranges: [range(1), range(1)] })
    const rejects = bench.out.filter(out => out.type === 'send' && out.message.type === 'reject')
    expect(rejects.length + bench.served(1)).toBe(2)
  })
})

describe('one address that opens too many connections', () => {
  it('turns out those of its own that say nothing, and nobody else', () => {
    const bench = new Bench('seeder')
    bench.meet(1)
    bench.say(1, { type: 'have', chunkRuns: [0, 1], partial: [] })
    bench.meet(2, '10.0.0.8')
    for (let peer = 100; peer < 10_100; peer++) bench.connect(peer)
    expect(bench.swarm.connectionCount).toBe(LIMITS.connectionsPerAddressMax + 1)
    // A newcomer that talks is served, from there and from elsewhere.
    bench.meet(20_000)
    bench.meet(20_001, '10.0.0.7')
    for (const peer of [1, 2, 20_000, 20_001]) {
      bench.say(peer, { type: 'request', ranges: [range(2)] })
      expect(bench.served(peer), `peer ${peer}`).toBe(1)
    }
  })

  it('keeps those who are in earnest when all have greeted', () => {
    const bench = new Bench('seeder')
    bench.meet(1)
    bench.say(1, { type: 'have', chunkRuns: [0, 1], partial: [] })
    for (let peer = 100; peer < 400; peer++) bench.meet(peer)
    bench.meet(500)
    bench.say(500, { type: 'request', ranges: [range(2)] })
    for (let peer = 600; peer < 662; peer++) bench.meet(peer)
    expect(bench.closing(1)).toBeUndefined()
    expect(bench.closing(500)).toBeUndefined()
    expect(bench.swarm.connectionCount).toBe(LIMITS.connectionsPerAddressMax)
  })

  it('leaves room for others when there are many of them', () => {
    const bench = new Bench('seeder')
    const most = LIMITS.connectionsOfSenderMax
    for (let i = 0; i < most + 1000; i++) bench.connect(100 + i, `10.1.${i >> 7}.${i & 127}`)
    expect(bench.swarm.connectionCount).toBe(most)
    bench.meet(1, '10.0.0.7')
    expect(bench.closing(1)).toBeUndefined()
  })
})
