// Neighbouring blocks that came whole, one after another, as the blast brings them where little is lost
// and peers wherever they can. What has to be done for each block of its own costs more than hashing it,
// so they share a stretch of the pool and are hashed, written and verified together. As soon as one of
// them is not plain (its hash is wrong) they are blocks of their own again.

import { Bitmap } from '../base/bitmap.js'
import { BLOCK_BYTES } from '../base/limits.js'
import { DIGEST_BYTES } from '../base/merkle.js'
import type { Geometry } from '../meta/geometry.js'
import {
  blocksIn,
  type Giver,
  makeWhole,
  type Partial,
  type Piece,
  partialOf,
  piecesOf,
} from './partial.js'
import type { Pool } from './pool.js'

/** Blocks of a stretch: so many are written by one call. */
const BLOCKS_MAX = 64

export interface Stretch extends Piece {
  /** Pool position, or -1 once all of it is on disk. */
  at: number
  bytes: number
  /** Who sent it; undefined: the blast. */
  readonly giver: Giver | undefined
  /** The hashes of its blocks, while their layer is not here. */
  digest: Uint8Array | undefined
}

export class Stretches {
  readonly #geometry: Geometry
  readonly #pool: Pool
  /** Whether nothing of the block was here before, and it may come from anybody. */
  readonly #isNew: (block: number) => boolean
  readonly #blocks: Bitmap
  readonly #all = new Set<Piece>()
  #taken: Stretch[] = []

  constructor(geometry: Geometry, pool: Pool, isNew: (block: number) => boolean) {
    this.#geometry = geometry
    this.#pool = pool
    this.#isNew = isNew
    this.#blocks = new Bitmap(geometry.blockCount)
  }

  has(block: number): boolean {
    return this.#blocks.has(block)
  }

  /**
   * Blocks [first, first + count) of one chunk, all full and whole: where in the pool the first belongs,
   * the others behind it; `undefined` when they do not share one fate, or there is no such room.
   */
  take(first: number, count: number, giver?: Giver): number | undefined {
    if (this.#pool.low || this.#blocks.countIn(first, count) > 0) return undefined
    for (let block = first; block < first + count; block++)
      if (!this.#isNew(block)) return undefined
    const at = this.#pool.takeRun(count)
    if (at === undefined) return undefined
    this.#blocks.addRange(first, count)
    const bytes = count * BLOCK_BYTES
    const last = this.#taken[this.#taken.length - 1]
    if (last !== undefined && this.#continues(last, first, at, count, giver)) last.bytes += bytes
    else this.#taken.push({ block: first, at, bytes, giver, digest: undefined })
    return at
  }

  /** The payloads have been moved: what was taken since goes to be hashed. */
  settle(): readonly Stretch[] {
    const taken = this.#taken
    if (taken.length === 0) return taken
    this.#taken = []
    for (const stretch of taken) this.#all.add(stretch)
    return taken
  }

  owns(piece: Piece): piece is Stretch {
    return this.#all.has(piece)
  }

  /** It is no stretch any more; its places in the pool are the caller's. */
  leave(stretch: Stretch): void {
    this.#all.delete(stretch)
    const end = stretch.block + blocksIn(stretch)
    for (let block = stretch.block; block < end; block++) this.#blocks.delete(block)
  }

  /** Its blocks, each by itself: whole and about to be hashed, or on disk and claimed. */
  split(stretch: Stretch): Partial[] {
    this.leave(stretch)
    const { giver, digest } = stretch
    return piecesOf(stretch).map(({ block, at, bytes }, i) => {
      const partial = partialOf(block, at, bytes, bytes)
      makeWhole(partial, giver)
      partial.state = 'hashing'
      if (stretch.at >= 0) return partial
      const from = DIGEST_BYTES * i
      return {
        ...partial,
        at: -1,
        state: 'claimed',
        digest: digest?.slice(from, from + DIGEST_BYTES),
      }
    })
  }

  #continues(
    last: Stretch,
    first: number,
    at: number,
    count: number,
    giver: Giver | undefined,
  ): boolean {
    const blocks = blocksIn(last)
    return (
      last.giver?.peer === giver?.peer &&
      last.block + blocks === first &&
      last.at + last.bytes === at &&
      blocks + count <= BLOCKS_MAX &&
      this.#geometry.chunkOfBlock(last.block) === this.#geometry.chunkOfBlock(first)
    )
  }
}
