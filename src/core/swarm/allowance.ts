// What one transfer may spend: a rate of its own, and its turns at what it shares with others.

import type { Micros } from '../base/machine.js'
import { Bucket } from './bucket.js'
import type { Commons } from './commons.js'

export class Allowance {
  readonly #own: Bucket
  readonly #commons: Commons | undefined

  /** Infinity: without a limit. */
  constructor(rateBps: number, commons?: Commons) {
    this.#own = new Bucket(rateBps, commons?.isLimited)
    this.#commons = commons
  }

  /** Never more than this, bits per second. */
  get rateBps(): number {
    return Math.min(this.#own.rateBps, this.#commons?.rateBps ?? Number.POSITIVE_INFINITY)
  }

  /** Something may be spent now. */
  affords(now: Micros): boolean {
    return this.#own.affords(now) && (this.#commons?.affords(this, now) ?? true)
  }

  /** Spends payload, or with a negative number gives it back. */
  spend(bytes: number): void {
    this.#own.spend(bytes)
    this.#commons?.spend(this, bytes)
  }

  /** So much besides is on the line; nobody's turn waits for it. */
  carried(bytes: number): void {
    this.#own.carried(bytes)
    this.#commons?.carried(bytes)
  }

  /** When whoever was refused may ask again; Infinity for whoever was not. */
  get dueAt(): Micros {
    const ownAt = this.#own.dueAt
    if (ownAt < Number.POSITIVE_INFINITY) return ownAt
    return this.#commons?.dueAt(this) ?? Number.POSITIVE_INFINITY
  }
}
