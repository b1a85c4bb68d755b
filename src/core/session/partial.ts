// A block under construction: which of its symbols are here, where they lie, and whom they came from.

import { BLOCK_BYTES } from '../base/limits.js'
import { symbolsInBlock } from '../meta/geometry.js'
import type { Range } from '../wire/message.js'

export const ORIGINS = ['multicast', 'peer', 'seeder'] as const
export type Origin = (typeof ORIGINS)[number]

/**
 * `held`: hashed, but there are other copies of its symbols and no layer yet to choose by. `claimed`: on
 * disk, but its layer is not known yet.
 */
type State = 'open' | 'spilling' | 'hashing' | 'held' | 'writing' | 'claimed'

/** A block that lies whole in the pool, from position `at` on, or several full ones in a row. */
export interface Piece {
  readonly block: number
  readonly at: number
  readonly bytes: number
}

/** How many blocks a piece is. */
export function blocksIn({ bytes }: Piece): number {
  return Math.ceil(bytes / BLOCK_BYTES)
}

/** Each block of a piece by itself. */
export function piecesOf(piece: Piece): Piece[] {
  return Array.from({ length: blocksIn(piece) }, (_, i) => {
    const from = i * BLOCK_BYTES
    const bytes = Math.min(BLOCK_BYTES, piece.bytes - from)
    return { block: piece.block + i, at: piece.at + from, bytes }
  })
}

export interface Partial extends Piece {
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
  /** Bytes that did not come by multicast. */
  peerBytes: number
  seederBytes: number
  /** The peer that sent all of it. */
  giver: number | undefined
}

export function partialOf(block: number, at: number, bytes: number, symbolBytes: number): Partial {
  return {
    block,
    at,
    bytes,
    symbolBytes,
    mask: 0,
    spilled: 0,
    fromPeers: 0,
    state: 'open',
    digest: undefined,
    isRight: false,
    peerBytes: 0,
    seederBytes: 0,
    giver: undefined,
  }
}

/** The peer that all bytes of something came from, and that is to blame for them. */
export interface Giver {
  readonly origin: Exclude<Origin, 'multicast'>
  readonly peer: number
}

/** Nothing of a block under construction came from a peer. */
export function isBlasted(partial: Partial | undefined): boolean {
  return partial === undefined || (partial.fromPeers === 0 && partial.giver === undefined)
}

/** All symbols of it are here, from the blast or from one peer. */
export function makeWhole(partial: Partial, giver: Giver | undefined): void {
  partial.mask = fullMask(symbolsInBlock(partial.bytes, partial.symbolBytes))
  partial.peerBytes = giver?.origin === 'peer' ? partial.bytes : 0
  partial.seederBytes = giver?.origin === 'seeder' ? partial.bytes : 0
  partial.giver = giver?.peer
}

/** Runs of symbols in `mask` as byte ranges of the block. */
export function runsOf({ block, bytes, symbolBytes }: Partial, mask: number): Range[] {
  const count = symbolsInBlock(bytes, symbolBytes)
  const runs: Range[] = []
  for (let i = 0; i < count; i++) {
    if ((mask & (1 << i)) === 0) continue
    const first = i
    while (i + 1 < count && (mask & (1 << (i + 1))) !== 0) i++
    const offsetBytes = first * symbolBytes
    const end = Math.min(bytes, (i + 1) * symbolBytes)
    runs.push({ block, offsetBytes, lengthBytes: end - offsetBytes })
  }
  return runs
}

/** Most blocks come by the blast alone. */
export const BY_MULTICAST: readonly Origin[] = ['multicast']

export function originsOf({ bytes, peerBytes, seederBytes }: Partial): readonly Origin[] {
  if (peerBytes === 0 && seederBytes === 0) return BY_MULTICAST
  const by = [bytes - peerBytes - seederBytes, peerBytes, seederBytes]
  return ORIGINS.filter((_, i) => by[i] > 0)
}

/** The lowest `count` bits, up to 32, as an unsigned number. */
export function fullMask(count: number): number {
  return count >= 32 ? 0xffff_ffff : ((1 << count) - 1) >>> 0
}
