// Second copies of symbols. Whoever forges datagrams may be heard before the transmitter is, and the
// first write must not win: a later copy of the same symbol lies beside the block for as long as the
// block is open. Only when the block's hash is wrong are the copies tried in its place. Copies are
// rare (a repeat, a second transmitter, a forgery), so they get little: a slot of the pool a block.

import { BLOCK_BYTES, LIMITS } from '../base/limits.js'
import type { Pool } from './pool.js'

/** A copy to be exchanged with what lies at its symbol's place in the block. */
export interface Alternate {
  readonly symbol: number
  /** Where in the pool the copy lies. */
  readonly at: number
}

interface Copies {
  /** The slot; copies lie in it one behind the other, in the order of `symbols`. */
  readonly at: number
  readonly symbolBytes: number
  readonly symbols: number[]
  swaps: number
}

/**
 * Which copy is exchanged before each further try: two copies make four combinations, each of them
 * one exchange away from the one before.
 */
const SWAPS = [0, 1, 0]

export class Alternates {
  readonly #pool: Pool
  readonly #blocksMax: number
  readonly #copies = new Map<number, Copies>()

  constructor(pool: Pool) {
    this.#pool = pool
    this.#blocksMax = Math.min(LIMITS.alternateBlocksMax, pool.count >> 4)
  }

  /** Where in the pool another copy of a symbol belongs, or `undefined` when there is no room. */
  add(block: number, symbol: number, symbolBytes: number): number | undefined {
    let copies = this.#copies.get(block)
    if (copies === undefined) {
      // All copies together take so little that they never push out what is needed.
      if (this.#copies.size >= this.#blocksMax) return undefined
      const at = this.#pool.take()
      if (at === undefined) return undefined
      copies = { at, symbolBytes, symbols: [], swaps: 0 }
      this.#copies.set(block, copies)
    }
    const count = copies.symbols.length
    if (count === LIMITS.alternatesPerBlock || (count + 1) * symbolBytes > BLOCK_BYTES)
      return undefined
    copies.symbols.push(symbol)
    return copies.at + count * symbolBytes
  }

  has(block: number): boolean {
    return this.#copies.has(block)
  }

  /** The block as it is now is not as its symbols came first. */
  triedAny(block: number): boolean {
    return (this.#copies.get(block)?.swaps ?? 0) > 0
  }

  /** The exchange that makes the next combination, or `undefined` when all were tried. */
  next(block: number): Alternate | undefined {
    const copies = this.#copies.get(block)
    if (copies === undefined) return undefined
    const { at, symbolBytes, symbols, swaps } = copies
    const which = SWAPS[swaps]
    if (which === undefined || which >= symbols.length) return undefined
    // Two copies of one symbol are three combinations: the next would be the first again.
    if (swaps === 2 && symbols[0] === symbols[1]) return undefined
    copies.swaps++
    return { symbol: symbols[which], at: at + which * symbolBytes }
  }

  /** The block needs its copies no more. */
  release(block: number): void {
    const copies = this.#copies.get(block)
    if (copies === undefined) return
    this.#pool.free(copies.at)
    this.#copies.delete(block)
  }
}
