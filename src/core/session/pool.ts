// Positions in a pool of memory, one block each. The shell owns the bytes; this only says who has
// which place, so that a receiver's memory is bounded whatever comes.

import { BLOCK_BYTES } from '../base/limits.js'

export class Pool {
  readonly count: number
  readonly #free: Uint32Array
  #freeCount: number

  constructor(count: number) {
    this.count = count
    this.#free = new Uint32Array(count)
    this.#freeCount = count
    // Handed out from the start of the pool on, so that a small transfer touches little memory.
    for (let i = 0; i < count; i++) this.#free[i] = count - 1 - i
  }

  get busy(): number {
    return this.count - this.#freeCount
  }

  /** An eighth or less is free: time to move something out. */
  get low(): boolean {
    return this.#freeCount * 8 <= this.count
  }

  /** A byte position for one block, or `undefined` when all are taken. */
  take(): number | undefined {
    return this.#freeCount === 0 ? undefined : this.#free[--this.#freeCount] * BLOCK_BYTES
  }

  free(at: number): void {
    this.#free[this.#freeCount++] = at / BLOCK_BYTES
  }
}
