// The fuse of a blast (RFC 8085, section 4.1): without any report for 4 s the rate is halved, and
// again every 4 s; after 15 s it blows for good. Only time that this process was awake counts:
// after a suspended laptop or a stopped process, silence is the sleeper's own.

import { LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'

/** A gap between two calls longer than this is our own sleep, not the receivers' silence. */
const ASLEEP_MICROS = 2_000_000

export class Breaker {
  readonly #off: boolean
  /** When somebody last answered; moved forward by our own sleep. Undefined: nothing sent yet. */
  #heard: Micros | undefined
  #awake: Micros | undefined
  #stopped = false

  constructor(off: boolean) {
    this.#off = off
  }

  /** What the rate must be multiplied with: 1, then 1/2, 1/4, … */
  get factor(): number {
    if (this.#off || this.#heard === undefined || this.#awake === undefined) return 1
    return 0.5 ** Math.floor((this.#awake - this.#heard) / LIMITS.breakerHalveMicros)
  }

  get stopped(): boolean {
    return this.#stopped
  }

  /** The next time at which something changes, never further than our own sleep is told apart. */
  get deadline(): Micros {
    if (this.#off || this.#stopped || this.#heard === undefined || this.#awake === undefined) {
      return Number.POSITIVE_INFINITY
    }
    return this.#awake + ASLEEP_MICROS / 4
  }

  onSent(now: Micros): void {
    this.#heard ??= now
    this.tick(now)
  }

  onReport(now: Micros): void {
    this.tick(now)
    if (this.#heard !== undefined) this.#heard = now
  }

  tick(now: Micros): void {
    if (this.#heard === undefined) return
    const gap = now - (this.#awake ?? now)
    if (gap > ASLEEP_MICROS) this.#heard += gap
    this.#awake = Math.max(this.#awake ?? now, now)
    if (!this.#off && now - this.#heard >= LIMITS.breakerStopMicros) this.#stopped = true
  }
}
