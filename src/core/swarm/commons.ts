// One bucket for several who spend, each in its own time: whoever waits and has had least is next.
// Who comes anew, or back, begins where the others are, so that no past is made up for.

import type { Micros } from '../base/machine.js'
import { Bucket } from './bucket.js'

/** Whoever has not asked for so long does not wait any more. */
const PATIENCE_MICROS = 100_000
/** When it is another's turn, so soon is it worth asking again. */
const TURN_MICROS = 5000

interface Part {
  /** What it has had, as if it had been here from the start. */
  spentBytes: number
  /** When it was refused last; undefined when it was not since it last spent. */
  refusedAt: Micros | undefined
}

export class Commons {
  readonly #bucket: Bucket
  readonly #waiting = new Map<object, Part>()
  readonly #parts = new WeakMap<object, Part>()
  /** What the one had had who was served last. */
  #levelBytes = 0

  constructor(rateBps: number) {
    this.#bucket = new Bucket(rateBps)
  }

  get rateBps(): number {
    return this.#bucket.rateBps
  }

  get isLimited(): boolean {
    return this.rateBps < Number.POSITIVE_INFINITY
  }

  /** It is `who`'s turn, and something may be spent. */
  affords(who: object, now: Micros): boolean {
    if (!this.isLimited) return true
    const part = this.#partOf(who)
    if (!this.#waiting.has(who)) part.spentBytes = Math.max(part.spentBytes, this.#levelBytes)
    if (this.#bucket.affords(now) && this.#isNext(who, part, now)) {
      this.#waiting.delete(who)
      return true
    }
    part.refusedAt = now
    this.#waiting.set(who, part)
    return false
  }

  spend(who: object, bytes: number): void {
    if (!this.isLimited) return
    this.#bucket.spend(bytes)
    const part = this.#partOf(who)
    this.#levelBytes = Math.max(this.#levelBytes, part.spentBytes)
    part.spentBytes += bytes
  }

  carried(bytes: number): void {
    this.#bucket.carried(bytes)
  }

  /** When it is worth asking again; Infinity for whoever was not refused. */
  dueAt(who: object): Micros {
    const refusedAt = this.#waiting.get(who)?.refusedAt
    if (refusedAt === undefined) return Number.POSITIVE_INFINITY
    const { dueAt } = this.#bucket
    return dueAt === Number.POSITIVE_INFINITY ? refusedAt + TURN_MICROS : dueAt
  }

  #isNext(who: object, part: Part, now: Micros): boolean {
    for (const [other, { spentBytes, refusedAt = 0 }] of this.#waiting) {
      if (now - refusedAt > PATIENCE_MICROS) this.#waiting.delete(other)
      else if (other !== who && spentBytes < part.spentBytes) return false
    }
    return true
  }

  #partOf(who: object): Part {
    let part = this.#parts.get(who)
    if (part === undefined) {
      part = { spentBytes: this.#levelBytes, refusedAt: undefined }
      this.#parts.set(who, part)
    }
    return part
  }
}
