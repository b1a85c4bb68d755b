// Pacing on an absolute schedule: credit grows with time at the rate and is spent by what is sent.
// A timer that fires late (1 ms is normal, 50 ms under load) therefore costs nothing: the next
// batch is larger. What is older than the catch-up limit is lost, so a process that slept does not
// flood the line; and one batch never exceeds a short burst, so that switches with small buffers
// keep it.

import { assert } from '../base/assert.js'
import { LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'

/** Room for one datagram of a jumbo frame, however slow the rate. */
const TRICKLE_BYTES = 9000

export class Pacer {
  #rateBps: number
  #creditBytes = 0
  #at: Micros

  constructor(rateBps: number, now: Micros) {
    assert(rateBps > 0, 'a rate is positive')
    this.#rateBps = rateBps
    this.#at = now
  }

  /** Takes effect from `now` on; credit earned at the old rate is kept. */
  setRate(rateBps: number, now: Micros): void {
    assert(rateBps > 0, 'a rate is positive')
    this.#earn(now)
    this.#rateBps = rateBps
  }

  /** Bytes that may leave in all; may be negative after a batch that was larger than allowed. */
  creditBytes(now: Micros): number {
    this.#earn(now)
    return this.#creditBytes
  }

  /**
   * Bytes of one batch: the credit, but no longer a burst than 2 ms and what a late wake-up missed:
   * on a busy machine every one may come late, and with short batches only such a process would never
   * keep its rate. Of a low rate a longer time is as small a burst.
   */
  batchBytes(now: Micros, datagramBytes: number, lateMicros = 0): number {
    const credit = this.creditBytes(now)
    const most = Math.max(this.#bytesIn(LIMITS.lateBurstMicros), LIMITS.lateBurstBytes)
    const burst = Math.min(most, this.#bytesIn(LIMITS.burstMicros + lateMicros))
    return Math.min(credit, Math.max(burst, datagramBytes))
  }

  #bytesIn(micros: Micros): number {
    return (this.#rateBps * micros) / 8e6
  }

  /** `bytes` left (after the socket took them). */
  spend(bytes: number): void {
    this.#creditBytes -= bytes
  }

  /** When the credit will reach `minBytes`; `now` when it has. */
  deadline(now: Micros, minBytes: number): Micros {
    const missing = minBytes - this.creditBytes(now)
    return missing <= 0 ? now : now + Math.ceil((missing * 8e6) / this.#rateBps)
  }

  #earn(now: Micros): void {
    if (now <= this.#at) return
    this.#creditBytes += this.#bytesIn(now - this.#at)
    this.#at = now
    const mostBytes = Math.max(
      this.#bytesIn(LIMITS.catchUpMicros),
      Math.min(this.#bytesIn(LIMITS.catchUpMicrosMax), LIMITS.lateBurstBytes),
    )
    // At a trickle the limit must still leave room for one whole datagram.
    this.#creditBytes = Math.min(this.#creditBytes, Math.max(mostBytes, TRICKLE_BYTES))
  }
}
