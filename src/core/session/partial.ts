// A block under construction: which of its symbols are here, where they lie, and whom they came from.

import { type Geometry, symbolsInBlock } from '../meta/geometry.js'
import type { Range } from '../wire/message.js'

export const ORIGINS = ['multicast', 'peer', 'seeder'] as const
export type Origin = (typeof ORIGINS)[number]

/** `held`: hashed, but there are other copies of its symbols and no layer yet to choose by. */
type State = 'open' | 'spilling' | 'hashing' | 'held' | 'writing'

export interface Partial {
  readonly block: number
  /** Pool position, or -1 while all of it is on disk. */
  at: number
  symbolBytes: number
  /** Bit per symbol in the pool, and per symbol spilled to disk. */
  mask: number
  spilled: number
  /** Those of both that came from peers. */
  fromPeers: number
  state: State
  digest: Uint8Array | undefined
  /** The layer has confirmed its digest. */
  isRight: boolean
  readonly bytesBy: Record<Origin, number>
  /** The peer that sent all of it. */
  giver: number | undefined
}

/** A block on disk whose layer is not known yet. */
export interface Claimed {
  readonly digest: Uint8Array
  readonly bytesBy: Record<Origin, number>
  readonly giver: number | undefined
}

export function partialOf(block: number, at: number, symbolBytes: number): Partial {
  const bytesBy = { multicast: 0, peer: 0, seeder: 0 }
  return {
    block,
    at,
    symbolBytes,
    mask: 0,
    spilled: 0,
    fromPeers: 0,
    state: 'open',
    digest: undefined,
    isRight: false,
    bytesBy,
    giver: undefined,
  }
}

/** Runs of symbols in `mask` as byte ranges of the block. */
export function runsOf(geometry: Geometry, partial: Partial, mask: number): Range[] {
  const { block, symbolBytes } = partial
  const blockBytes = geometry.bytesOfBlock(block)
  const count = symbolsInBlock(blockBytes, symbolBytes)
  const runs: Range[] = []
  for (let i = 0; i < count; i++) {
    if ((mask & (1 << i)) === 0) continue
    const first = i
    while (i + 1 < count && (mask & (1 << (i + 1))) !== 0) i++
    const offsetBytes = first * symbolBytes
    const end = Math.min(blockBytes, (i + 1) * symbolBytes)
    runs.push({ block, offsetBytes, lengthBytes: end - offsetBytes })
  }
  return runs
}

/** Most blocks come by the blast alone. */
const BY_MULTICAST: readonly Origin[] = ['multicast']

export function originsOf({ multicast, peer, seeder }: Record<Origin, number>): readonly Origin[] {
  if (peer === 0 && seeder === 0) return BY_MULTICAST
  return ORIGINS.filter((_, i) => [multicast, peer, seeder][i] > 0)
}

/** The lowest `count` bits, up to 32, as an unsigned number. */
export function fullMask(count: number): number {
  return count >= 32 ? 0xffff_ffff : ((1 << count) - 1) >>> 0
}
