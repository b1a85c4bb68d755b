// The swarm on its own, without multicast: the sender's line carries each byte about once, and the
// receivers' lines are full. What each of them gets is in the outcome's laws; here are the figures.

import { describe, expect, it } from 'vitest'
import { SCENARIOS, type Scenario } from './scenarios.js'
import type { Tree } from './topology.js'
import { World } from './world.js'

const MIB = 1024 * 1024

describe('the swarm on its own', () => {
  it('brings 128 MiB to eight on 100 Mbit/s in 13.5 s, and the sender sends 1.15 times that', () => {
    for (const seed of [1, 2, 3]) {
      const sizeBytes = 128 * MIB
      const world = new World({ scenario: SCENARIOS.swarm, receivers: 8, sizeBytes, seed })
      const { problems, lastSeconds, overhead } = world.run()
      expect(problems).toEqual([])
      expect(lastSeconds).toBeLessThan(13.5)
      expect(overhead).toBeLessThan(1.15)
    }
  }, 60_000)

  it('brings 256 MB to fifteen within 1.2 times what a chain of chunks would need', () => {
    const [sizeBytes, chunkBytes, bytesPerSecond, receivers] = [256e6, 262_144, 12.5e6, 15]
    const chain = (chunkBytes * (sizeBytes / chunkBytes + receivers - 1)) / bytesPerSecond
    const world = new World({ scenario: SCENARIOS.swarm, receivers, sizeBytes, seed: 1 })
    const { problems, lastSeconds } = world.run()
    expect(problems).toEqual([])
    expect(lastSeconds).toBeLessThan(1.2 * chain)
  }, 60_000)

  it.each([2, 5])(
    'brings each byte once to each of %i sites, and hardly more than once from the sender',
    sites => {
      for (const seed of [1, 2]) {
        const tree: Tree = { sites, site: { mbps: 50, delayMillis: 1 } }
        const scenario: Scenario = { about: 'sites', tree, multicast: 'off', timesMax: 60 }
        const sizeBytes = 64 * MIB
        const receivers = sites === 2 ? 16 : 20
        const world = new World({ scenario, receivers, sizeBytes, seed, lineBps: 1e9 })
        const { problems, lastSeconds, overhead } = world.run()
        expect(problems).toEqual([])
        const { places, backbone } = world.network
        const far = places.filter(({ parent }) => parent === backbone).slice(1)
        for (const { down } of far) expect(down.link.countedBytes / sizeBytes).toBeLessThan(1.1)
        expect(overhead).toBeLessThan(1.3)
        expect(lastSeconds).toBeLessThan(1.6 * ((sizeBytes * 8) / 50e6))
      }
    },
    60_000,
  )
})
