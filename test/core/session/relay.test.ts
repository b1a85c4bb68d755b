// What a relay was given is multicast, or told of: mates never wait for a blast that is too slow.

import { expect, it } from 'vitest'
import { Bitmap } from '../../../src/core/base/bitmap.js'
import { Prng } from '../../../src/core/base/prng.js'
import { Geometry, symbolBytesOf, symbolsPerBlock } from '../../../src/core/meta/geometry.js'
import { FixedRate } from '../../../src/core/rate/fixed.js'
import { Relay } from '../../../src/core/session/relay.js'
import { Link } from '../../../src/core/swarm/link.js'
import { Swarm } from '../../../src/core/swarm/swarm.js'

const MIB = 1024 * 1024

it('tells of what does not get out in time, and of nothing before', () => {
  const geometry = new Geometry([4 * MIB], MIB)
  const id = 'ab'.repeat(32)
  const metaBytes = new Uint8Array(100)
  const swarm = new Swarm({
    id,
    node: 'aa'.repeat(8),
    role: 'receiver',
    port: 1,
    geometry,
    verified: new Bitmap(geometry.blockCount),
    metaBytes,
    prng: new Prng(1),
    connectionsWanted: 1,
  })
  const options = {
    id,
    name: 'x',
    port: 1,
    geometry,
    metaBytes,
    metaSha256: id,
    group: '239.1.1.1',
    dataPort: 2,
    rate: new FixedRate(1e5),
    session: { high: 1, low: 2 },
    symbolBytes: symbolBytesOf(symbolsPerBlock(1500)),
  }
  const relay = new Relay(options, swarm)
  const relayed = (): number[] => {
    const chunks: number[] = []
    for (let out = relay.poll(); out !== undefined; out = relay.poll())
      if (out.type === 'relayed') chunks.push(out.chunk)
    return chunks
  }
  relay.begin(0)
  relay.joined(new Link(1, '10.0.0.2', true, 0), 0)
  relay.give(0, 0)
  relay.give(1, 0)
  relay.give(2, 2_000_000)
  for (let now = 0; now <= 3_000_000; now += 50_000) relay.tick(now)
  expect(relayed()).toEqual([])
  relay.tick(3_050_000)
  expect(relayed()).toEqual([0, 1])
  relay.tick(5_050_000)
  expect(relayed()).toEqual([2])
  relay.end(6_000_000)
  expect(relayed()).toEqual([])
})
