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

  /** A byte position for `count` blocks in a row, or `undefined` when those next to be given are none. */
  takeRun(count: number): number | undefined {
    const top = this.#freeCount - 1
    if (count > this.#freeCount) return undefined
    for (let i = 1; i < count; i++)
      if (this.#free[top - i] !== this.#free[top] + i) return undefined
    this.#freeCount -= count
    return this.#free[top] * BLOCK_BYTES
  }

  /** The last first: so the next blocks lie in their order. */
  freeRun(at: number, count: number): void {
    for (let i = count - 1; i >= 0; i--) this.free(at + i * BLOCK_BYTES)
  }

  free(at: number): void {
    this.#free[this.#freeCount++] = at / BLOCK_BYTES
  }
}
