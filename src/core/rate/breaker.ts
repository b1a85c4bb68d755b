// The fuse of a blast (RFC 8085, section 4.1): without any report for 4 s the rate is halved, and
// again every 4 s; after 15 s it blows for good. Only time in which something was sent counts: when
// nothing is, between passes or in a process that sleeps, nobody has anything to report.

import { LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'

/** Nothing sent for longer than this is a pause. */
const PAUSE_MICROS = 2_000_000

export class Breaker {
  readonly #off: boolean
  /** When somebody last answered; moved forward by pauses. Undefined: nothing sent yet. */
  #heard: Micros | undefined
  #sentAt: Micros = 0
  #stopped = false

  constructor(off: boolean) {
    this.#off = off
  }

  /** What the rate must be multiplied with: 1, then 1/2, 1/4, … */
  get factor(): number {
    return this.#off ? 1 : 0.5 ** Math.floor(this.#silentMicros / LIMITS.breakerHalveMicros)
  }

  get stopped(): boolean {
    return this.#stopped
  }

  get #silentMicros(): number {
    return this.#heard === undefined ? 0 : Math.max(0, this.#sentAt - this.#heard)
  }

  /** Something left, or would have, had the device taken it. */
  onSent(now: Micros): void {
    this.#heard ??= now
    const gap = now - this.#sentAt
    if (gap > PAUSE_MICROS) this.#heard = Math.min(now, this.#heard + gap)
    this.#sentAt = now
    if (!this.#off && this.#silentMicros >= LIMITS.breakerStopMicros) this.#stopped = true
  }

  onReport(now: Micros): void {
    if (this.#heard !== undefined) this.#heard = now
  }
}
