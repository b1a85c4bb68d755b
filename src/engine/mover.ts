// Moves the payloads of a batch of datagrams to where their blocks lie, all in one call of the native
// part where there is one: a view of each payload would cost more than its bytes.

import { assert } from '../core/base/assert.js'
import type { NativeMemory } from '../io/native/load.js'

const MOVES = 256
/** Words of a move: from, to, bytes. */
const WORDS = 3

export class Mover {
  readonly #into: Uint8Array
  readonly #native: NativeMemory | undefined
  readonly #moves = new Int32Array(MOVES * WORDS)
  #from: Uint8Array | undefined
  #count = 0

  constructor(into: Uint8Array, native: NativeMemory | undefined) {
    this.#into = into
    this.#native = native
  }

  /** `bytes` of `from` at `at` go to `to`, with the next `flush` at the latest. */
  add(from: Uint8Array, at: number, to: number, bytes: number): void {
    if (this.#native === undefined) return this.#into.set(from.subarray(at, at + bytes), to)
    if (this.#from !== from || this.#count === MOVES) this.flush()
    this.#from = from
    const word = this.#count++ * WORDS
    this.#moves[word] = at
    this.#moves[word + 1] = to
    this.#moves[word + 2] = bytes
  }

  flush(): void {
    const count = this.#count
    this.#count = 0
    if (count === 0 || this.#native === undefined || this.#from === undefined) return
    const moved = this.#native.move(this.#from, this.#into, this.#moves, count)
    assert(moved === count, 'payloads lie in their slab and in the pool')
  }
}
