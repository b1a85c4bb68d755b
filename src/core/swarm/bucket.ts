// So many bits a second, and not more: a bucket that fills at that rate and may run into debt by one
// range, which the next ones wait for. What else the line carries, what peers tell each other and the
// headers of every packet, cannot wait: it is paid for when it is known, and payload has the rest.

import type { Micros } from '../base/machine.js'

/**
 * What the line carries of a limit, headers and all. Payload is 4.6 % less of it: so neither is further
 * than 3 % from the limit while there is little to tell.
 */
const LINE = 1.024
/** Unused, so much is kept: whoever spends it may come a little late, or has to wait for his turn. */
const KEPT_SECONDS = 0.05
const KEPT_FOR_TURN_SECONDS = 0.15
/** So much is owed at most for what was carried. */
const OWED_SECONDS = 1

export class Bucket {
  readonly rateBps: number
  readonly #bytesPerMicro: number
  readonly #keptBytes: number
  #creditBytes = 0
  /** What was carried and is not paid yet. */
  #owedBytes = 0
  #at: Micros | undefined

  /** Infinity: no limit. */
  constructor(rateBps: number, hasTurns = false) {
    this.rateBps = rateBps
    this.#bytesPerMicro = (LINE * rateBps) / 8e6
    this.#keptBytes = this.#bytesPerMicro * 1e6 * (hasTurns ? KEPT_FOR_TURN_SECONDS : KEPT_SECONDS)
  }

  /** Something may be spent now. */
  affords(now: Micros): boolean {
    if (this.#bytesPerMicro === Number.POSITIVE_INFINITY) return true
    const earned = (now - (this.#at ?? now)) * this.#bytesPerMicro
    this.#at = now
    // However much is carried, half of the rate is left for payload.
    const paid = Math.min(this.#owedBytes, earned / 2)
    const most = OWED_SECONDS * this.#bytesPerMicro * 1e6
    this.#owedBytes = Math.min(this.#owedBytes - paid, most)
    this.#creditBytes = Math.min(this.#keptBytes, this.#creditBytes + earned - paid)
    return this.#creditBytes >= 0
  }

  /** Spends so much payload, or with a negative number gives it back. */
  spend(bytes: number): void {
    this.#creditBytes -= bytes
  }

  /** The line carries so much besides. */
  carried(bytes: number): void {
    this.#owedBytes += bytes
  }

  /** When a debt is paid; Infinity without a debt. */
  get dueAt(): Micros {
    if (this.#creditBytes >= 0 || this.#at === undefined) return Number.POSITIVE_INFINITY
    return this.#at + Math.ceil(-this.#creditBytes / this.#bytesPerMicro)
  }
}
