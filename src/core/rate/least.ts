// The least rate that an operator wants to multicast at: a path that stays below it for some seconds
// ends the multicast.

import type { Micros } from '../base/machine.js'
import { TUNING } from './tuning.js'

export class Least {
  readonly #minBps: number
  #since: Micros | undefined
  #isMissed = false

  /** Without a rate there is nothing to miss. */
  constructor(minBps = 0) {
    this.#minBps = minBps
  }

  /** Once and for all. */
  get isMissed(): boolean {
    return this.#isMissed
  }

  judge(bps: number, now: Micros): void {
    if (bps >= this.#minBps) this.#since = undefined
    else this.#since ??= now
    this.#isMissed ||= now - (this.#since ?? now) >= TUNING.belowMinMicros
  }
}
