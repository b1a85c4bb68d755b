// A peer and its manager in virtual time: registered, kept alive, and found again after the manager
// was away, whatever it forgot.

import { expect, it } from 'vitest'
import { LIMITS } from '../../../src/core/base/limits.js'
import { Prng } from '../../../src/core/base/prng.js'
import { Membership, type MembershipOut } from '../../../src/core/manager/membership.js'
import { Registry } from '../../../src/core/manager/registry.js'

const second = 1e6

class World {
  now = 0
  isUp = true
  isConnected = false
  readonly seen: MembershipOut[] = []
  registry = this.makeRegistry()
  readonly membership = new Membership({
    metaHash: 'a',
    port: 9,
    location: 'dc/rack',
    prng: new Prng(1),
  })
  readonly #asker = { host: '10.0.0.1', localHost: '10.0.0.9', conn: 1 }

  makeRegistry(own?: { metaHash: string; port: number }): Registry {
    let count = 0
    return new Registry({ prng: new Prng(2), secret: () => `s${this.now}.${count++}`, own })
  }

  pass(micros: number): void {
    for (const end = this.now + micros; ; ) {
      this.#drain()
      const next = Math.min(this.membership.deadline, this.registry.deadline)
      if (next > end) {
        this.now = end
        return
      }
      this.now = Math.max(this.now, next)
    }
  }

  kill(): void {
    this.isUp = false
    if (this.isConnected) this.#feed({ type: 'closed' })
    this.isConnected = false
  }

  get members(): number {
    return this.registry.members('a', this.now)?.length ?? 0
  }

  types(): string[] {
    return this.seen.map(({ type }) => type)
  }

  #feed(input: Parameters<Membership['handle']>[0]): void {
    this.membership.handle(input, this.now)
  }

  #drain(): void {
    for (let out = this.membership.poll(this.now); out; out = this.membership.poll(this.now)) {
      if (out.type !== 'dial' && out.type !== 'say') this.seen.push(out)
      if (out.type === 'dial') {
        this.isConnected = this.isUp
        this.#feed(this.isUp ? { type: 'connected', localHost: '10.0.0.1' } : { type: 'closed' })
      } else if (out.type === 'say' && this.isConnected) {
        const line = this.registry.answer(out.line, this.#asker, this.now)
        if (line !== undefined) this.#feed({ type: 'line', line })
      } else if (out.type === 'close') this.isConnected = false
    }
    for (let out = this.registry.poll(this.now); out; out = this.registry.poll(this.now))
      if (out.type === 'tell') this.#feed({ type: 'line', line: out.line })
  }
}

it('stays registered for as long as it lives, and is gone when it has left', () => {
  const world = new World()
  for (let i = 0; i < 100; i++) {
    world.pass(7 * second)
    expect(world.members).toBe(1)
    world.membership.handle({ type: 'progress', verifiedBytes: i, totalBytes: 99 }, world.now)
  }
  world.pass(0)
  expect(world.registry.summaries(world.now)).toMatchObject([{ complete: 1, verifiedBytes: 99 }])
  world.membership.handle({ type: 'leave' }, world.now)
  world.pass(0)
  expect(world.members).toBe(0)
  expect(world.types()).not.toContain('lost')
})

it('is told of a newcomer on its own connection, without asking', () => {
  const world = new World()
  world.pass(second)
  const register = JSON.stringify({ cmd: 'register', meta_hash: 'a', port: 7 })
  world.registry.answer(register, { host: '10.0.0.2', localHost: '', conn: 2 }, world.now)
  const before = world.now
  world.pass(0.2 * second)
  expect(world.seen.at(-1)).toEqual({ type: 'peers', peers: [{ host: '10.0.0.2', port: 7 }] })
  expect(world.now - before).toBeLessThan(second)
})

it('comes back to a manager that was away and has forgotten everything, and says both', () => {
  const world = new World()
  world.pass(second)
  for (const seconds of [0, 3, 300]) {
    world.kill()
    world.registry = world.makeRegistry()
    world.pass(seconds * second)
    world.isUp = true
    world.pass(12 * second)
    expect(world.members).toBe(1)
  }
  const said = world.types().filter(type => type === 'lost' || type === 'found')
  expect(said).toEqual(['lost', 'found', 'lost', 'found', 'lost', 'found'])
})

it('says once that there is nobody, and finds a manager that comes late', () => {
  const world = new World()
  world.isUp = false
  world.pass(60 * second)
  expect(world.types()).toEqual(['lost'])
  world.isUp = true
  world.pass(12 * second)
  expect(world.members).toBe(1)
  expect(world.types()).toContain('found')
})

it("keeps no connection to a sender's own registry, and is no stranger there", () => {
  const world = new World()
  world.registry = world.makeRegistry({ metaHash: 'a', port: 3 })
  const { answer } = world.registry
  world.registry.answer = (line, { conn: _, ...asker }, now) =>
    answer.call(world.registry, line, asker, now)
  for (let i = 0; i < 10; i++) {
    world.pass((LIMITS.managerTtlSeconds / 2) * second)
    expect(world.members).toBe(1)
    expect(world.isConnected).toBe(false)
  }
  expect(world.types()).not.toContain('lost')
})
