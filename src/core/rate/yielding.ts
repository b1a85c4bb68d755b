// Whose queue is it? A queue of ours drains when we send less. One that stays after three drains is
// kept up by others, usually a TCP that fills whatever it is given; yielding to it again and again
// would end with nothing. So it gets a fixed share, and its delay is not listened to for a while. But
// only when it has a good part of the line already: whoever wants a tenth and no more is made room for
// by the drains themselves, and would have no use for half of it.

import type { Micros } from '../base/machine.js'
import { TUNING } from './tuning.js'

const DRAINS = 3
/** The queue counts as unchanged above this share of what it was at first. */
const STAYED = 0.6
/** While we keep more than this share of the path, its others are few. */
const KEPT = 0.85
/** Less than this share of our own line is no noise. */
const TAKEN = 0.93
const TAKEN_AGAIN_MICROS = 1_000_000

export class Yielding {
  #drains = 0
  #at: Micros = Number.NEGATIVE_INFINITY
  #pathBps = 0
  #queueMicros: Micros = 0
  #takenAt: Micros = Number.NEGATIVE_INFINITY
  #until: Micros = Number.NEGATIVE_INFINITY
  #leastUntil: Micros = Number.NEGATIVE_INFINITY

  /** The path before the first of these drains. */
  get pathBps(): number {
    return this.#pathBps
  }

  /** How many drains in a row have found a queue again. */
  get drains(): number {
    return this.#drains
  }

  sharing(now: Micros): boolean {
    return now < this.#until
  }

  /**
   * Called for each round that found too much delay, and in which `capBps` came through; true when
   * sharing begins.
   */
  isForeign(queueMicros: Micros, capBps: number, pathBps: number, now: Micros): boolean {
    if (now - this.#at > TUNING.delayMemoryMicros) {
      this.#drains = 0
      this.#pathBps = pathBps
      this.#queueMicros = queueMicros
    }
    this.#drains++
    this.#at = now
    if (this.#drains < DRAINS || queueMicros < this.#queueMicros * STAYED) return false
    if (capBps > KEPT * this.#pathBps) return false
    this.#begin(now)
    return true
  }

  /**
   * So little of what our own line carried is left to us that others must have come to it; perhaps,
   * because once may be a process that had to wait.
   */
  isTaken(leftBps: number, pathBps: number, now: Micros): 'yes' | 'perhaps' | 'no' {
    if (leftBps > TAKEN * pathBps) return 'no'
    const isAgain = now - this.#takenAt <= TAKEN_AGAIN_MICROS
    this.#takenAt = now
    if (isAgain) this.#begin(now)
    return isAgain ? 'yes' : 'perhaps'
  }

  /** Whoever has the rest needs some time to fill it. */
  mayEnd(now: Micros): boolean {
    return now >= this.#leastUntil
  }

  end(): void {
    this.#until = Number.NEGATIVE_INFINITY
  }

  #begin(now: Micros): void {
    this.#drains = 0
    this.#until = now + TUNING.shareMicros
    this.#leastUntil = now + TUNING.shareLeastMicros
  }
}
