// The time since the rate last changed, seen from the sender: what really left, and whether the
// socket or a lack of data kept it below the rate. What a receiver says about a rate means nothing
// unless that rate was really sent.

import type { Micros } from '../base/machine.js'
import { SentHistory } from './sent.js'

const SLOT_MICROS = 20_000
const WINDOW_MICROS = 1_000_000
/** The socket is full when it refused in so many of the slots: a pause is not a full line. */
const FULL_SHARE = 0.7

export class Epoch {
  readonly sent = new SentHistory()
  #since: Micros = 0
  #rateBps = 0
  #fullSlots = 0
  #lastSlot = -1

  get since(): Micros {
    return this.#since
  }

  begin(rateBps: number, now: Micros): void {
    this.#since = now
    this.#rateBps = rateBps
    this.#fullSlots = 0
    this.#lastSlot = -1
  }

  onBlocked(now: Micros): void {
    const slot = Math.floor(now / SLOT_MICROS)
    if (slot !== this.#lastSlot) this.#fullSlots++
    this.#lastSlot = slot
  }

  /** Mean rate that left since the epoch began, or in the last second of it. */
  leftBps(now: Micros): number {
    return this.sent.meanBps(Math.max(this.#since, now - WINDOW_MICROS), now) ?? this.#rateBps
  }

  /** Our own line is the limit: the socket stays full and less than `share` of the rate left. */
  lineBound(now: Micros, share: number): boolean {
    return this.#full(now) && this.leftBps(now) < share * this.#rateBps
  }

  /** There was not enough to send (less than `share` of the rate), and not because of the line. */
  idle(now: Micros, share: number): boolean {
    return !this.#full(now) && this.leftBps(now) < share * this.#rateBps
  }

  #full(now: Micros): boolean {
    const slots = Math.max(1, Math.floor((now - this.#since) / SLOT_MICROS))
    return this.#fullSlots / slots >= FULL_SHARE
  }
}
