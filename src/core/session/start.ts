// When a sender begins: as soon as so many receivers are there, or after a while with whoever is there
// by then. A carousel needs nobody. It never needs an exact count.

import type { Micros } from '../base/machine.js'
import type { Frames } from './frames.js'
import type { Receivers } from './receivers.js'

export interface StartOptions {
  readonly waitReceivers: number | undefined
  /** Infinity: wait for `waitReceivers` for ever. */
  readonly waitMicros: Micros
  /** It may begin with nobody there. */
  readonly alone: boolean
  readonly frames: Frames
}

/** How long a newcomer may take to say what it misses before the start. */
const TELL_MICROS = 250_000

export class StartCondition {
  readonly #options: StartOptions
  readonly #receivers: Receivers
  readonly #since: Micros

  constructor(options: StartOptions, receivers: Receivers, now: Micros) {
    this.#options = options
    this.#receivers = receivers
    this.#since = now
  }

  holds(now: Micros): boolean {
    const open = [...this.#receivers.open()]
    const { waitReceivers, alone } = this.#options
    const enough = waitReceivers !== undefined && open.length >= waitReceivers
    const waited = (alone || open.length > 0) && !this.#waits(now)
    // What nobody misses is not sent: those who came just now are about to say it.
    const told = open.every(r => r.missing !== undefined || now - r.firstAt > TELL_MICROS)
    return (enough || waited) && told && this.#options.frames.settled(open, now)
  }

  /** Those who came are done or gone, but the operator waits for more. */
  expectsMore(now: Micros): boolean {
    return this.#waits(now) && this.#receivers.size < (this.#options.waitReceivers ?? Infinity)
  }

  #waits(now: Micros): boolean {
    return now - this.#since < this.#options.waitMicros
  }
}
