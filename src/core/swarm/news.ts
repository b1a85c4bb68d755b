// What was verified since the peers were last told, and when to tell them. Every message is a packet
// to everybody, so a trickle of news waits a little longer than a flood.

import { LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'

export class News {
  readonly #chunks = new Set<number>()
  #blocks = 0
  #toldAt: Micros = Number.NEGATIVE_INFINITY
  #dueAt: Micros = Number.POSITIVE_INFINITY

  get dueAt(): Micros {
    return this.#dueAt
  }

  /** One more block of `chunk` was verified. */
  add(chunk: number, now: Micros): void {
    this.#chunks.add(chunk)
    this.#blocks++
    const flood = this.#blocks >= LIMITS.haveAtOnceBlocks
    const every = flood ? LIMITS.haveEveryMicros : LIMITS.haveTrickleMicros
    this.#dueAt = Math.min(this.#dueAt, Math.max(now, this.#toldAt + every))
  }

  /** The chunks to tell of, ascending; from now on they are told. */
  take(now: Micros): number[] {
    const chunks = [...this.#chunks].sort((a, b) => a - b)
    this.#chunks.clear()
    this.#blocks = 0
    this.#toldAt = now
    this.#dueAt = Number.POSITIVE_INFINITY
    return chunks
  }
}
