// So many bits a second, and not more: a bucket that fills at that rate and may run into debt by one
// range, which the next ones wait for. Payload travels in packets, whose headers the line carries as
// well; they are charged by half, so that neither payload nor line is further than 3 % from the limit.

import type { Micros } from '../base/machine.js'

/** Of 1448 bytes of payload 1514 are on the line, and with them what peers tell each other (measured). */
const OVERHEAD = 1514 / 1448 - 1 + 0.004
const CHARGE = 1 + OVERHEAD / 2
/** Unused, so much is kept: more than two ticks of whoever spends it. */
const KEPT_SECONDS = 0.15

export class Bucket {
  readonly rateBps: number
  readonly #bytesPerMicro: number
  #creditBytes = 0
  #at: Micros | undefined

  /** Infinity: no limit. */
  constructor(rateBps: number) {
    this.rateBps = rateBps
    this.#bytesPerMicro = rateBps / 8e6 / CHARGE
  }

  /** Something may be spent now. */
  affords(now: Micros): boolean {
    if (this.#bytesPerMicro === Number.POSITIVE_INFINITY) return true
    const earned = (now - (this.#at ?? now)) * this.#bytesPerMicro
    this.#at = now
    const most = this.#bytesPerMicro * KEPT_SECONDS * 1e6
    this.#creditBytes = Math.min(most, this.#creditBytes + earned)
    return this.#creditBytes >= 0
  }

  /** Spends, or with a negative number gives back. */
  spend(bytes: number): void {
    this.#creditBytes -= bytes
  }

  /** When a debt is paid; Infinity without a debt. */
  get dueAt(): Micros {
    if (this.#creditBytes >= 0 || this.#at === undefined) return Number.POSITIVE_INFINITY
    return this.#at + Math.ceil(-this.#creditBytes / this.#bytesPerMicro)
  }
}
