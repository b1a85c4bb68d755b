// Neighbouring blocks that the blast brought whole, one after another, as it does where little is lost.
// What has to be done for each block of its own costs more than hashing it, so they share a stretch of
// the pool and are hashed, written and verified together. As soon as one of them is not plain (its
// layer is not here, or its hash is wrong) they are blocks of their own again.

import { Bitmap } from '../base/bitmap.js'
import { BLOCK_BYTES } from '../base/limits.js'
import type { Geometry } from '../meta/geometry.js'
import { blocksIn, type Piece } from './partial.js'
import type { Pool } from './pool.js'

/** Blocks of a stretch: so many are written by one call. */
const BLOCKS_MAX = 64

interface Stretch extends Piece {
  bytes: number
}

export class Stretches {
  readonly #geometry: Geometry
  readonly #pool: Pool
  /** Whether nothing of the block was here before, and it may come by multicast. */
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
  take(first: number, count: number): number | undefined {
    if (this.#pool.low || this.#blocks.countIn(first, count) > 0) return undefined
    for (let block = first; block < first + count; block++)
      if (!this.#isNew(block)) return undefined
    const at = this.#pool.takeRun(count)
    if (at === undefined) return undefined
    this.#blocks.addRange(first, count)
    const last = this.#taken[this.#taken.length - 1]
    if (last !== undefined && this.#continues(last, first, at, count))
      last.bytes += count * BLOCK_BYTES
    else this.#taken.push({ block: first, at, bytes: count * BLOCK_BYTES })
    return at
  }

  /** The payloads have been moved: what was taken since goes to be hashed. */
  settle(): readonly Piece[] {
    const taken = this.#taken
    if (taken.length === 0) return taken
    this.#taken = []
    for (const stretch of taken) this.#all.add(stretch)
    return taken
  }

  owns(piece: Piece): boolean {
    return this.#all.has(piece)
  }

  /** It is no stretch any more; its places in the pool are the caller's. */
  leave(piece: Piece): void {
    this.#all.delete(piece)
    const end = piece.block + blocksIn(piece)
    for (let block = piece.block; block < end; block++) this.#blocks.delete(block)
  }

  #continues(last: Stretch, first: number, at: number, count: number): boolean {
    const blocks = blocksIn(last)
    return (
      last.block + blocks === first &&
      last.at + last.bytes === at &&
      blocks + count <= BLOCKS_MAX &&
      this.#geometry.chunkOfBlock(last.block) === this.#geometry.chunkOfBlock(first)
    )
  }
}
