// A peer that comes again from another address while the old connection still seems to stand.

import { expect, it } from 'vitest'
import { Bitmap } from '../../../src/core/base/bitmap.js'
import { LIMITS } from '../../../src/core/base/limits.js'
import { Prng } from '../../../src/core/base/prng.js'
import type { Geometry } from '../../../src/core/meta/geometry.js'
import { Swarm, type SwarmOut } from '../../../src/core/swarm/swarm.js'

const geometry = { blockCount: 8, chunkCount: 1 } as Geometry

/** Who of two connections to one node is closed when the second one greets at `secondAt`. */
function closedOf(secondAt: number): number[] {
  const swarm = new Swarm({
    id: 'a',
    node: 'ours',
    role: 'receiver',
    port: 1,
    geometry,
    verified: new Bitmap(8),
    metaBytes: new Uint8Array(0),
    prng: new Prng(1),
    connectionsWanted: 2,
  })
  const greet = (peer: number, host: string, outbound: boolean, now: number) => {
    swarm.handle({ type: 'connected', peer, host, port: 1, outbound }, now)
    const hello = { type: 'hello', id: 'a', node: 'zeta', port: 1, role: 'receiver' } as const
    const message = { ...hello, complete: false, version: 1, features: [] }
    swarm.handle({ type: 'message', peer, message }, now)
  }
  // Ours is the lower name, so of two living connections the one that we made is kept.
  greet(1, '10.0.0.1', true, 0)
  greet(2, '10.0.0.9', false, secondAt)
  const closed: number[] = []
  for (let out: SwarmOut | undefined = swarm.poll(secondAt); out; out = swarm.poll(secondAt))
    if (out.type === 'close') closed.push(out.peer)
  return closed
}

it('takes the place of a connection that has been silent for long', () => {
  expect(closedOf(1000)).toEqual([2])
  expect(closedOf(2 * LIMITS.keepAliveMicros + 1)).toEqual([1])
})
