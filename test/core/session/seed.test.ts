// When a sender ends: by its own rule, whoever comes and goes.

import { expect, it } from 'vitest'
import { Prng } from '../../../src/core/base/prng.js'
import { Geometry } from '../../../src/core/meta/geometry.js'
import { FixedRate } from '../../../src/core/rate/fixed.js'
import { Seed } from '../../../src/core/session/seed.js'
import type { Message } from '../../../src/core/wire/message.js'

const id = 'a'.repeat(64)
const second = 1e6
const geometry = new Geometry([64 * 16_384], 16 * 16_384)
const progress = {
  verifiedBytes: 0,
  resumedBytes: 0,
  multicastBytes: 0,
  peerBytes: 0,
  seederBytes: 0,
}

class Bench {
  readonly seed: Seed
  #now = 0
  #peers = 0

  constructor() {
    const options = {
      id,
      name: 'x',
      node: 'e'.repeat(16),
      session: { high: 1, low: 2 },
      port: 9990,
      geometry,
      metaBytes: new Uint8Array(100),
      metaSha256: id,
      prng: new Prng(1),
      rate: new FixedRate(1e9),
      symbolBytes: 1366,
      fec: 0,
      multicast: 'never',
      group: '239.1.1.1',
      dataPort: 6768,
      waitReceivers: undefined,
      waitMicros: 5 * second,
      lingerMicros: 30 * second,
      forever: false,
    } as const
    this.seed = new Seed(options, 0)
  }

  /** Somebody new says hello, and is gone two seconds later. */
  visit(): void {
    this.come()
    this.pass(2 * second)
    this.seed.handle({ type: 'closed', peer: this.#peers, reason: 'closed' }, this.#now)
    this.drain()
  }

  come(): void {
    const peer = ++this.#peers
    const host = `10.0.0.${1 + (peer % 250)}`
    const node = peer.toString(16).padStart(16, '0')
    const who = { id, node, port: 0, role: 'receiver', complete: false } as const
    this.seed.handle({ type: 'connected', peer, host, port: 9990, outbound: false }, this.#now)
    this.say({ type: 'hello', ...who, version: 1, features: [] })
  }

  /** The latest who came says something. */
  say(message: Message): void {
    this.seed.handle({ type: 'message', peer: this.#peers, message }, this.#now)
    this.drain()
  }

  pass(micros: number): void {
    for (const end = this.#now + micros; this.#now < end; this.drain())
      this.#now = Math.min(end, Math.max(this.#now + 1, this.seed.deadline))
  }

  get seconds(): number {
    return this.#now / second
  }

  private drain(): void {
    while (this.seed.poll(this.#now) !== undefined);
  }
}

it('strangers who say hello and go, one after the other, keep no sender that nobody needs', () => {
  const bench = new Bench()
  bench.come()
  bench.say({ type: 'complete', progress: { ...progress, verifiedBytes: 64 * 16_384 } })
  while (bench.seed.phase !== 'ended' && bench.seconds < 600) bench.visit()
  expect(bench.seconds).toBeLessThan(60)
})

it('nor make one that waits for receivers believe that they were those, and end before it must', () => {
  const bench = new Bench()
  for (let i = 0; i < 10; i++) bench.come()
  bench.pass(34 * second)
  expect(bench.seed.phase).not.toBe('ended')
  while (bench.seed.phase !== 'ended' && bench.seconds < 600) bench.visit()
  expect(bench.seconds).toBeLessThan(60)
})
