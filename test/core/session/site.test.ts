import { expect, it } from 'vitest'
import { Bitmap } from '../../../src/core/base/bitmap.js'
import { Prng } from '../../../src/core/base/prng.js'
import { Geometry } from '../../../src/core/meta/geometry.js'
import { Site } from '../../../src/core/session/site.js'
import { Wants } from '../../../src/core/session/wants.js'
import { Swarm } from '../../../src/core/swarm/swarm.js'
import type { Announce } from '../../../src/core/wire/announce.js'

const MIB = 1024 * 1024

it('of a crowd that has just heard a sender few tell it to one who has not', () => {
  const geometry = new Geometry([MIB], MIB)
  const verified = new Bitmap(geometry.blockCount)
  const prng = new Prng(1)
  const announce = { role: 'seeder' } as Announce
  const asker = { node: 'ff'.repeat(8), port: 9990, hears: false, able: false, relays: false }
  let early = 0
  for (let i = 0; i < 1000; i++) {
    const node = prng.u32().toString(16).padStart(8, '0').repeat(2)
    const options = { id: 'x', node, role: 'receiver', port: 9990, geometry, verified } as const
    const swarm = new Swarm({
      ...options,
      metaBytes: new Uint8Array(1),
      prng,
      connectionsWanted: 20,
    })
    const here = { node, port: 9990, geometry, verified, relay: undefined }
    const site = new Site(here, swarm, new Wants(() => true), 0)
    site.begin(prng, 0)
    site.announced('10.0.0.1', { high: 1, low: 1 }, announce, 100)
    site.queried('10.0.0.2', { ...asker, bps: 0, only: false }, 1_000)
    expect(site.queryAt).toBeLessThanOrEqual(501_000)
    if (site.queryAt <= 20_000) early++
  }
  // One of them would do, and who hears an answer gives none.
  expect(early).toBeGreaterThan(0)
  expect(early).toBeLessThan(100)
})
