// How what is due is asked for, where the operator allows little of it.

import { describe, expect, it } from 'vitest'
import { Bitmap } from '../../../src/core/base/bitmap.js'
import { BLOCK_BYTES } from '../../../src/core/base/limits.js'
import { Prng } from '../../../src/core/base/prng.js'
import { Geometry } from '../../../src/core/meta/geometry.js'
import { Asker } from '../../../src/core/session/asker.js'
import { Assembly } from '../../../src/core/session/assembly.js'
import { LayerAsker } from '../../../src/core/session/layer-asker.js'
import { Wants } from '../../../src/core/session/wants.js'
import { Allowance } from '../../../src/core/swarm/allowance.js'
import { Swarm } from '../../../src/core/swarm/swarm.js'
import { TACTICS } from '../../../src/core/swarm/tactics.js'

const id = 'a'.repeat(64)
const second = 1e6
const geometry = new Geometry([1024 * BLOCK_BYTES], 64 * BLOCK_BYTES)
const manner = { behindLoss: undefined, sparesSeeder: false, isConfined: false }

/** Blocks in the order in which one peer that holds everything is asked for them, for so long. */
function asked(downloadBps: number, seconds: number, seed: number): number[] {
  const prng = new Prng(seed)
  const verified = new Bitmap(geometry.blockCount)
  const assembly = new Assembly({ geometry, layerMatches: () => true }, verified, 1 << 24)
  const wants = new Wants(block => assembly.isMissing(block))
  wants.everything(verified, 0)
  const common = { id, geometry, verified, metaBytes: new Uint8Array(10), connectionsWanted: 4 }
  const swarm = new Swarm({ ...common, node: 'f'.repeat(16), role: 'receiver', port: 1, prng })
  const download = new Allowance(downloadBps)
  const layers = new LayerAsker(geometry, swarm, prng)
  const asker = new Asker(geometry, assembly, swarm, wants, {
    prng,
    tactics: TACTICS,
    layers,
    download,
  })
  swarm.handle({ type: 'connected', peer: 1, host: '10.0.0.9', port: 2, outbound: false }, 0)
  const node = '1'.repeat(16)
  const hello = { id, node, port: 0, role: 'receiver', complete: true, version: 1 } as const
  swarm.handle({ type: 'message', peer: 1, message: { type: 'hello', features: [], ...hello } }, 0)
  const blocks: number[] = []
  for (let now = 0; now < seconds * second; now += 10_000) {
    asker.ask(manner, now)
    for (let out = swarm.poll(now); out; out = swarm.poll(now)) {
      if (out.type !== 'send' || out.message.type !== 'request') continue
      for (const range of out.message.ranges) {
        for (let at = 0; at < range.lengthBytes; at += BLOCK_BYTES)
          blocks.push(range.block + at / BLOCK_BYTES)
        // It comes at once, so that nothing but the limit holds the next request back.
        const data = { type: 'data', range, bytes: undefined } as const
        swarm.handle({ type: 'message', peer: 1, message: data }, now)
      }
    }
  }
  return blocks
}

describe('of a limit that allows less than a run at a time', () => {
  it('goes on where the last request ended, as each other chunk costs its layer', () => {
    for (const seed of [1, 2, 3]) {
      const blocks = asked(1e6, 4, seed)
      expect(blocks.length).toBeGreaterThan(16)
      expect(blocks.length).toBeLessThan(40)
      // Runs of 16 blocks, each begun somewhere and gone through to its end.
      const jumps = blocks.filter((block, i) => i > 0 && block !== blocks[i - 1] + 1)
      expect(jumps.length).toBeLessThanOrEqual(Math.ceil(blocks.length / 8))
    }
  })
})
