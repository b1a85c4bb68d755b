// In how many ways a datagram can be forged by one who hears the true ones: what stands in its header.

import type { Prng } from '../../src/core/base/prng.js'
import { DATAGRAM } from '../../src/core/wire/datagram.js'

/** What a forger changes of a datagram that it has heard: columns of the batch that it sends. */
export interface Lie {
  type: number
  block: number
  symbol: number
  sequence: number
  timestampMicros: number
  bytes: number
}

export type Forge = (lie: Lie, blockCount: number, prng: Prng) => void

/** Blocks that the blast will come to within some tens of milliseconds: each is touched for sure. */
const NEAR_BLOCKS = 48

const close: Forge = (lie, blockCount, prng) => {
  lie.block = Math.min(blockCount - 1, lie.block + 1 + prng.below(NEAR_BLOCKS))
  lie.symbol = prng.below(12)
  lie.sequence += prng.below(100)
}

const anywhere: Forge = (lie, blockCount, prng) => {
  lie.block = prng.below(blockCount)
  lie.symbol = prng.below(12)
  lie.sequence = Math.max(0, lie.sequence + prng.below(400) - 200)
}

/** Numbers without any sense: as if most of the blast had been lost, over a clock gone mad. */
const wild: Forge = (lie, blockCount, prng) => {
  anywhere(lie, blockCount, prng)
  lie.sequence = Math.floor(prng.unit() * 2 ** 48)
  lie.timestampMicros = prng.u32()
}

/** Always a little ahead, each time from where the last lie led. */
function creeping(): Forge {
  let lead = 0
  return (lie, blockCount, prng) => {
    lead += 60
    lie.sequence += lead
    lie.block = Math.min(blockCount - 1, lie.block + (lead >> 2))
    lie.symbol = prng.below(12)
    lie.timestampMicros = (lie.timestampMicros - 100 * lead) >>> 0
  }
}

const metas: Forge = (lie, _blockCount, prng) => {
  lie.type = DATAGRAM.meta
  lie.block = prng.below(8)
  lie.symbol = 0
}

const layers: Forge = (lie, blockCount, prng) => {
  anywhere(lie, blockCount, prng)
  lie.type = DATAGRAM.layer
  // From the first or the second datagram of a chunk's layer on, as the true ones come.
  lie.block -= lie.block % 64
  lie.symbol = 0
  lie.bytes = 32 * Math.min(42, blockCount - lie.block)
}

export const FORGERIES: Readonly<Record<string, () => Forge>> = {
  close: () => close,
  anywhere: () => anywhere,
  wild: () => wild,
  creeping,
  layers: () => layers,
  metas: () => metas,
  all: () => {
    const kinds = [close, anywhere, wild, creeping(), layers, metas]
    return (lie, blockCount, prng) => kinds[prng.below(kinds.length)](lie, blockCount, prng)
  },
}
