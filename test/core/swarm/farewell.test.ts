// A receiver whose connection to the sender breaks in the last moment must still tell it that it is
// complete, or the sender waits for it in vain.

import { describe, expect, it } from 'vitest'
import { Bitmap } from '../../../src/core/base/bitmap.js'
import { Prng } from '../../../src/core/base/prng.js'
import { Geometry } from '../../../src/core/meta/geometry.js'
import { Swarm, type SwarmOut } from '../../../src/core/swarm/swarm.js'
import type { Hello } from '../../../src/core/wire/message.js'

const id = 'a'.repeat(64)
const seeder = { host: '10.0.0.1', port: 9990 }

function receiver() {
  const geometry = new Geometry([2 * 16_384], 1 << 20)
  const verified = new Bitmap(geometry.blockCount)
  const metaBytes = new Uint8Array(10)
  const prng = new Prng(1)
  const common = { geometry, verified, metaBytes, prng, connectionsWanted: 4 }
  const swarm = new Swarm({ ...common, id, node: 'b'.repeat(16), role: 'receiver', port: 9991 })
  const drain = (now: number) => {
    const all: SwarmOut[] = []
    for (let out = swarm.poll(now); out !== undefined; out = swarm.poll(now)) all.push(out)
    return all
  }
  const meet = (peer: number, role: Hello['role'], now: number) => {
    swarm.handle({ type: 'connected', peer, ...seeder, outbound: true }, now)
    const hello = { type: 'hello', id, node: 'c'.repeat(16), port: seeder.port, role } as const
    const message = { ...hello, complete: role === 'seeder', version: 1, features: [] }
    swarm.handle({ type: 'message', peer, message }, now)
  }
  return { swarm, verified, drain, meet }
}

describe('a receiver that lost the sender and completed', () => {
  it('dials it until it is there, and nobody else', () => {
    const { swarm, verified, drain, meet } = receiver()
    meet(1, 'seeder', 0)
    drain(0)
    swarm.handle({ type: 'closed', peer: 1, reason: 'reset' }, 1000)
    expect(swarm.owesWord).toBe(false) // it misses blocks: the book dials by itself
    verified.addRange(0, 2)
    expect(swarm.owesWord).toBe(true)
    expect(drain(2000)).toContainEqual({ type: 'dial', address: seeder })
    swarm.handle({ type: 'dial-failed', address: seeder }, 3000)
    expect(drain(4000)).not.toContainEqual({ type: 'dial', address: seeder })
    expect(swarm.deadline).toBeLessThanOrEqual(502_000)
    expect(drain(502_000)).toContainEqual({ type: 'dial', address: seeder })
    meet(2, 'seeder', 510_000)
    drain(510_000)
    expect(swarm.owesWord).toBe(false)
  })

  it('tells one who announced and was never met, but not once another sender was', () => {
    const { swarm, verified, drain, meet } = receiver()
    swarm.learn(seeder, 'announcement', 0)
    verified.addRange(0, 2)
    expect(swarm.owesWord).toBe(true)
    expect(drain(1000)).toContainEqual({ type: 'dial', address: seeder })
    meet(1, 'seeder', 2000)
    expect(swarm.owesWord).toBe(false)
    swarm.learn({ host: '10.0.0.66', port: 1 }, 'announcement', 3000)
    expect(swarm.owesWord).toBe(false)
  })

  it('dials each whom the operator named once, where it met no sender', () => {
    const { swarm, verified, drain } = receiver()
    const other = { host: '10.0.0.7', port: 9990 }
    swarm.learn(seeder, 'operator', 0)
    swarm.learn(other, 'operator', 0)
    drain(0)
    for (const address of [seeder, other]) swarm.handle({ type: 'dial-failed', address }, 1000)
    verified.addRange(0, 2)
    expect(swarm.owesWord).toBe(true)
    for (const address of [seeder, other]) {
      expect(drain(2000)).toContainEqual({ type: 'dial', address })
      expect(swarm.owesWord).toBe(true)
      swarm.handle({ type: 'dial-failed', address }, 3000)
    }
    expect(swarm.owesWord).toBe(false)
  })

  it('owes nothing to whom the operator named, once a sender was met or they are here', () => {
    const { swarm, verified, drain, meet } = receiver()
    swarm.learn(seeder, 'operator', 0)
    meet(1, 'receiver', 0)
    verified.addRange(0, 2)
    expect(drain(1000)).not.toContainEqual({ type: 'dial', address: seeder })
    expect(swarm.owesWord).toBe(false)
    swarm.learn({ host: '10.0.0.7', port: 9990 }, 'operator', 2000)
    meet(2, 'seeder', 2000)
    expect(swarm.owesWord).toBe(false)
  })

  it('does not dial once more while the one who was dialled has not answered', () => {
    const { swarm, verified, drain } = receiver()
    swarm.learn(seeder, 'announcement', 0)
    verified.addRange(0, 2)
    expect(drain(1000)).toContainEqual({ type: 'dial', address: seeder })
    swarm.handle({ type: 'connected', peer: 1, ...seeder, outbound: true }, 2000)
    expect(swarm.owesWord).toBe(true)
    expect(drain(900_000)).not.toContainEqual({ type: 'dial', address: seeder })
    expect(swarm.deadline).toBeGreaterThan(900_000)
    swarm.handle({ type: 'closed', peer: 1, reason: 'reset' }, 1_000_000)
    expect(drain(2_000_000)).toContainEqual({ type: 'dial', address: seeder })
  })

  it('owes nothing to a sender that left when it was complete, or to a peer', () => {
    const { swarm, verified, drain, meet } = receiver()
    meet(1, 'receiver', 0)
    drain(0)
    swarm.handle({ type: 'closed', peer: 1, reason: 'reset' }, 1000)
    meet(2, 'seeder', 2000)
    verified.addRange(0, 2)
    swarm.handle({ type: 'closed', peer: 2, reason: 'closed by the peer' }, 3000)
    expect(swarm.owesWord).toBe(false)
  })
})
