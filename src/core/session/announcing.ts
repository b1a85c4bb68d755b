// When a transmitter announces itself: three times as it begins, since for somebody who did not hear
// the only one all would wait, then at regular times, and soon after somebody has asked.

import { LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'

/** Between the first announcement and the second, and that and the third. */
const FIRST_GAPS_MICROS = [100_000, 200_000]

export class Announcing {
  readonly #everyMicros: Micros
  /** When it is due. */
  at: Micros = Number.POSITIVE_INFINITY
  #saidAt: Micros = Number.NEGATIVE_INFINITY
  #times = 0
  #datagrams = 0

  constructor(everyMicros: Micros = LIMITS.announceEveryMicros) {
    this.#everyMicros = everyMicros
  }

  /** There is something to announce from now on. */
  begin(now: Micros): void {
    this.at = now
    this.#times = 0
  }

  /** At once, unless that would be too often. */
  soon(now: Micros): void {
    const soon = Math.max(now, this.#saidAt + LIMITS.announceOnQueryEveryMicros)
    this.at = Math.min(this.at, soon)
  }

  /** It is announced now. */
  said(now: Micros): void {
    this.at =
      now +
      Math.min(FIRST_GAPS_MICROS[this.#times++] ?? Number.POSITIVE_INFINITY, this.#everyMicros)
    this.#saidAt = now
  }

  /** The number of the next datagram with an announcement. */
  nextSequence(): number {
    return this.#datagrams++
  }
}
