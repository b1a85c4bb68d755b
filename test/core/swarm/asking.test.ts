// What is asked of a peer is owed by it, and by nobody once it is gone or was given up.

import { expect, it } from 'vitest'
import { Bitmap } from '../../../src/core/base/bitmap.js'
import { Prng } from '../../../src/core/base/prng.js'
import { Geometry } from '../../../src/core/meta/geometry.js'
import type { Link } from '../../../src/core/swarm/link.js'
import { isNote, Swarm, type SwarmNote } from '../../../src/core/swarm/swarm.js'

const id = 'a'.repeat(64)
const range = { block: 0, offsetBytes: 0, lengthBytes: 16_384 }
const data = { type: 'data', range, bytes: new Uint8Array(16_384) } as const

/** A receiver that has met a seeder. */
function met() {
  const geometry = new Geometry([2 * 16_384], 1 << 20)
  const verified = new Bitmap(geometry.blockCount)
  const common = { geometry, verified, metaBytes: new Uint8Array(10), prng: new Prng(1) }
  const who = { id, node: 'b'.repeat(16), role: 'receiver', port: 9991 } as const
  const swarm = new Swarm({ ...common, ...who, connectionsWanted: 4 })
  const notes = (now: number): SwarmNote[] => {
    const all: SwarmNote[] = []
    for (let out = swarm.poll(now); out !== undefined; out = swarm.poll(now))
      if (isNote(out)) all.push(out)
    return all
  }
  swarm.handle({ type: 'connected', peer: 1, host: '10.0.0.1', port: 9990, outbound: true }, 0)
  const hello = { type: 'hello', id, node: 'c'.repeat(16), port: 9990, role: 'seeder' } as const
  const message = { ...hello, complete: true, version: 1, features: [] }
  swarm.handle({ type: 'message', peer: 1, message }, 0)
  notes(0)
  const [link] = swarm.links()
  return { swarm, link: link as Link, notes }
}

it('fails at once what is asked of a peer that went right behind its data', () => {
  const { swarm, link, notes } = met()
  swarm.request(link, [range], 1000)
  swarm.handle({ type: 'message', peer: 1, message: data }, 2000)
  swarm.handle({ type: 'closed', peer: 1, reason: 'reset' }, 2000)
  const arrived = swarm.poll(2000)
  for (let out = arrived; out?.type !== 'arrived'; out = swarm.poll(2000)) expect(out).toBeDefined()
  swarm.request(link, [{ ...range, block: 1 }], 2000)
  const failed = notes(2000).filter(note => note.type === 'failed')
  expect(failed).toMatchObject([{ range: { block: 1 }, reason: 'closed' }])
})

it('says of an answer whether it had been given up', () => {
  const { swarm, link, notes } = met()
  const arrives = (now: number) => {
    swarm.handle({ type: 'message', peer: 1, message: data }, now)
    return notes(now)
  }
  swarm.request(link, [range], 1000)
  expect(arrives(2000)).toMatchObject([{ type: 'arrived', isLate: false }])
  swarm.request(link, [range], 3000)
  swarm.cancel(link, range, 4000)
  expect(arrives(5000)).toMatchObject([{ type: 'arrived', isLate: true }])
})
