// Positions in a pool of memory, one block each. The shell owns the bytes; this only says who has
// which place, so that a receiver's memory is bounded whatever comes. The first that are free are
// handed out: a small transfer touches little memory, and what comes in pieces fills the gaps that it
// left, so that there is room for many blocks in a row.

import { Bitmap } from '../base/bitmap.js'
import { BLOCK_BYTES } from '../base/limits.js'

export class Pool {
  readonly count: number
  readonly #taken: Bitmap
  /** No place before this one is free. */
  #from = 0

  constructor(count: number) {
    this.count = count
    this.#taken = new Bitmap(count)
  }

  get busy(): number {
    return this.#taken.count
  }

  /** An eighth or less is free: time to move something out. */
  get low(): boolean {
    return (this.count - this.busy) * 8 <= this.count
  }

  /** A byte position for one block, or `undefined` when all are taken. */
  take(): number | undefined {
    return this.takeRun(1)
  }

  /** A byte position for `count` blocks in a row, or `undefined` when nowhere are so many free. */
  takeRun(count: number): number | undefined {
    this.#from = this.#nextFree(this.#from)
    for (let first = this.#from; first + count <= this.count; ) {
      const other = this.#taken.nextSet(first, first + count)
      if (other >= 0) {
        first = this.#nextFree(other)
        continue
      }
      this.#taken.addRange(first, count)
      return first * BLOCK_BYTES
    }
    return undefined
  }

  freeRun(at: number, count: number): void {
    const first = at / BLOCK_BYTES
    for (let i = first; i < first + count; i++) this.#taken.delete(i)
    this.#from = Math.min(this.#from, first)
  }

  free(at: number): void {
    this.freeRun(at, 1)
  }

  #nextFree(from: number): number {
    const free = this.#taken.nextClear(from)
    return free < 0 ? this.count : free
  }
}
