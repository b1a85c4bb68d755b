// What was verified since the peers were last told, and when to tell them. Every message is a packet
// to everybody. In a swarm others wait for it: they hear of it soon, of a trickle a little later than
// of a flood. While all hear a blast most have it as well, and who missed it needs to hear of it from
// one of them: the more peers there are, the more rarely each of them tells, so that the first word
// comes about as soon as before, and no two tell in step.

import { LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'
import type { Prng } from '../base/prng.js'

export class News {
  readonly #prng: Prng
  readonly #leastMicros: Micros
  readonly #chunks = new Set<number>()
  #blocks = 0
  #toldAt: Micros = Number.NEGATIVE_INFINITY
  #dueAt: Micros = Number.POSITIVE_INFINITY

  /** `leastMicros`: so rarely at least. */
  constructor(prng: Prng, leastMicros: Micros = 0) {
    this.#prng = prng
    this.#leastMicros = leastMicros
  }

  get dueAt(): Micros {
    return this.#dueAt
  }

  /** `blocks` more of `chunk` were verified; most peers have them too, if all have `heard` them. */
  add(chunk: number, blocks: number, heard: boolean, peers: number, now: Micros): void {
    this.#chunks.add(chunk)
    this.#blocks += blocks
    if (heard && this.#dueAt < Number.POSITIVE_INFINITY) return
    // A blast begins for all at once: who has told nothing yet begins anywhere, and none in step.
    if (heard && this.#toldAt === Number.NEGATIVE_INFINITY)
      this.#toldAt = now - this.#prng.unit() * this.#heardEvery(peers)
    const wanted = heard ? this.#heardEvery(peers) : this.#every
    const every = Math.max(this.#leastMicros, wanted)
    this.#dueAt = Math.min(this.#dueAt, Math.max(now, this.#toldAt + every))
  }

  /** Nobody hears a blast any more: all wait for what there is to tell. */
  hurry(now: Micros): void {
    if (this.#dueAt < Number.POSITIVE_INFINITY)
      this.#dueAt = Math.min(this.#dueAt, Math.max(now, this.#toldAt + this.#every))
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

  get #every(): Micros {
    const flood = this.#blocks >= LIMITS.haveAtOnceBlocks
    return flood ? LIMITS.haveEveryMicros : LIMITS.haveTrickleMicros
  }

  #heardEvery(peers: number): Micros {
    const wanted = peers * LIMITS.haveHeardPerPeerMicros
    const every = Math.min(LIMITS.haveHeardMaxMicros, Math.max(LIMITS.haveTrickleMicros, wanted))
    return every * (0.75 + 0.5 * this.#prng.unit())
  }
}
