// Layers ahead of their data: a peer that is slow to answer is not asked again, as it would answer twice.

import { expect, it } from 'vitest'
import { Bitmap } from '../../../src/core/base/bitmap.js'
import { Prng } from '../../../src/core/base/prng.js'
import { Geometry } from '../../../src/core/meta/geometry.js'
import { LayerAsker } from '../../../src/core/session/layer-asker.js'
import { Swarm } from '../../../src/core/swarm/swarm.js'
import type { Message } from '../../../src/core/wire/message.js'

const id = 'a'.repeat(64)
const second = 1e6
const geometry = new Geometry([64 * 16_384], 16 * 16_384)
const hello = { type: 'hello', id, port: 0, role: 'receiver', complete: true, version: 1 } as const

function bench() {
  const verified = new Bitmap(geometry.blockCount)
  const common = { id, geometry, verified, metaBytes: new Uint8Array(10), connectionsWanted: 4 }
  const prng = new Prng(1)
  const swarm = new Swarm({ ...common, node: 'f'.repeat(16), role: 'receiver', port: 1, prng })
  const say = (peer: number, message: Message, now: number): void =>
    swarm.handle({ type: 'message', peer, message }, now)
  for (const peer of [1, 2]) {
    const host = `10.0.0.${peer}`
    swarm.handle({ type: 'connected', peer, host, port: 2, outbound: false }, 0)
    say(peer, { ...hello, node: String(peer).repeat(16), features: [] }, 0)
  }
  /** Peers that were asked for a layer since the last look, and those that were closed. */
  const look = (now: number) => {
    const asked: number[] = []
    const closed: number[] = []
    for (let out = swarm.poll(now); out; out = swarm.poll(now))
      if (out.type === 'send' && out.message.type === 'layer-request') asked.push(out.peer)
      else if (out.type === 'close') closed.push(out.peer)
    return { asked, closed }
  }
  const [one, two] = swarm.links()
  return { layers: new LayerAsker(geometry, swarm, prng), one, two, say, look }
}

it('asks once a second at most, and nobody twice before it has answered', () => {
  const { layers, one, two, say, look } = bench()
  layers.ahead(one, 0, 0)
  layers.ahead(two, 0, 0.5 * second)
  expect(look(0.5 * second).asked).toEqual([one.peer])
  // It is still about to answer.
  layers.ahead(one, 0, 2 * second)
  expect(look(2 * second).asked).toEqual([])
  layers.ahead(two, 0, 2 * second)
  expect(look(2 * second).asked).toEqual([two.peer])
  const layer = { type: 'layer', chunk: 0, leaves: new Uint8Array(32 * 16) } as const
  say(one.peer, layer, 3 * second)
  say(two.peer, layer, 3 * second)
  expect(look(3 * second).closed).toEqual([])
})

it('does not ask again at the next tick for what was asked ahead', () => {
  const { layers, one, look } = bench()
  layers.ahead(one, 1, 0)
  layers.ask([], false, 50_000)
  layers.ask([1], false, 100_000)
  expect(look(100_000).asked).toEqual([one.peer])
})
