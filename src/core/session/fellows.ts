// Other transmitters of the same transfer, as one of them hears their announcements. Those that hear
// each other begin in different places, or all would send the same.

import { LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'

/** A transmitter that did not announce itself for so long has ended. */
const FRESH_MICROS = 3 * LIMITS.announceEveryMicros

export class Fellows {
  readonly #own: string
  /** When each was last heard, by session. */
  readonly #heardAt = new Map<string, Micros>()

  /** `own`: the session of whoever asks. */
  constructor(own: string) {
    this.#own = own
  }

  heard(session: string, now: Micros): void {
    for (const [other, heardAt] of this.#heardAt)
      if (now - heardAt > FRESH_MICROS) this.#heardAt.delete(other)
    if (session !== this.#own && this.#heardAt.size < LIMITS.sessionsMax)
      this.#heardAt.set(session, now)
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
