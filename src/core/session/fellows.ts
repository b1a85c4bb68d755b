// Other transmitters of the same transfer, as one of them hears their announcements. Those that hear
// each other begin in different places, or all would send the same.

import { LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'

/** A transmitter that did not announce itself for so long has ended. */
const FRESH_MICROS = 3 * LIMITS.announceEveryMicros

export class Fellows {
  #own: string
  readonly #former = new Set<string>()
  /** When each was last heard, by session. */
  readonly #heardAt = new Map<string, Micros>()

  /** `own`: the session of whoever asks. */
  constructor(own: string) {
    this.#own = own
  }

  /** We go on as another session, and our last announcement of the old one may still be heard. */
  rename(own: string): void {
    this.#heardAt.delete(own)
    this.#former.add(this.#own)
    this.#own = own
  }

  heard(session: string, now: Micros): void {
    for (const [other, heardAt] of this.#heardAt)
      if (now - heardAt > FRESH_MICROS) this.#heardAt.delete(other)
    if (session === this.#own || this.#former.has(session)) return
    if (this.#heardAt.size < LIMITS.sessionsMax) this.#heardAt.set(session, now)
  }

  /** Where among all blocks a pass of ours should begin, 0…1. */
  startFraction(now: Micros): number {
    let count = 1
    let rank = 0
    for (const [session, heardAt] of this.#heardAt) {
      if (now - heardAt > FRESH_MICROS) continue
      count++
      if (session < this.#own) rank++
    }
    return rank / count
  }
}
