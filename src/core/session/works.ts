// What blocks under construction want done, in an order that may be carried out one by one. Whole blocks
// are not handed out one at a time: all those of a turn are hashed together, and written together.

import type { Range } from '../wire/message.js'
import {
  BY_MULTICAST,
  blocksIn,
  type Origin,
  originsOf,
  type Partial,
  type Piece,
} from './partial.js'
import type { Recover } from './recovery.js'
import type { Stretch } from './stretches.js'

/** Blocks [block, block + count), all from the same. */
export interface Verified {
  readonly block: number
  readonly count: number
  readonly bytes: number
  readonly origins: readonly Origin[]
}

export type AssemblyOut =
  /** Read these parts of a block from the disk into the pool, then `filled`. */
  | { type: 'fill'; block: number; at: number; spilled: readonly Range[] }
  /** Exchange `bytes` at pool positions `at` and `spare`; a `verify` of the block follows. */
  | { type: 'swap'; at: number; spare: number; bytes: number }
  /** Make the missing symbols from those that are here and the rows; `verify` of their blocks follow. */
  | Recover
  /** Hash these, then `hashed`. */
  | { type: 'verify'; pieces: readonly Piece[] }
  /** Write these from the pool, then `written`, of all of them or of some at a time. */
  | { type: 'write'; pieces: readonly Piece[] }
  /** Write these parts of an unfinished block from the pool, then `spilled`. */
  | { type: 'spill'; block: number; at: number; parts: readonly Range[] }
  | { type: 'verified'; blocks: readonly Verified[] }
  /** The block's hash is wrong: it must come again, whole, from one peer; `giver` sent all of it. */
  | { type: 'mismatch'; block: number; origins: readonly Origin[]; giver: number | undefined }

export class Works {
  readonly #singly: AssemblyOut[] = []
  #toHash: Piece[] = []
  #toWrite: Piece[] = []
  #verified: Verified[] = []

  /** What concerns one block; it comes before all hashing. */
  add(out: AssemblyOut): void {
    this.#singly.push(out)
  }

  hash(piece: Piece): void {
    this.#toHash.push(piece)
  }

  write(piece: Piece): void {
    this.#toWrite.push(piece)
  }

  tell(partial: Partial): void {
    const { block, bytes } = partial
    this.#verified.push({ block, count: 1, bytes, origins: originsOf(partial) })
  }

  tellStretch(stretch: Stretch): void {
    const { block, bytes, giver } = stretch
    const origins = giver === undefined ? BY_MULTICAST : [giver.origin]
    this.#verified.push({ block, count: blocksIn(stretch), bytes, origins })
  }

  poll(): AssemblyOut | undefined {
    if (this.#singly.length > 0) return this.#singly.shift()
    if (this.#toHash.length > 0) {
      const pieces = this.#toHash
      this.#toHash = []
      return { type: 'verify', pieces }
    }
    if (this.#toWrite.length > 0) {
      const pieces = this.#toWrite
      this.#toWrite = []
      return { type: 'write', pieces }
    }
    if (this.#verified.length === 0) return undefined
    const blocks = this.#verified
    this.#verified = []
    return { type: 'verified', blocks }
  }
}
