// The time since the rate last changed, seen from the sender: what really left, and whether the
// socket or a lack of data kept it below the rate. What a receiver says about a rate means nothing
// unless that rate was really sent.

import type { Micros } from '../base/machine.js'
import { SentHistory } from './sent.js'

const SLOT_MICROS = 20_000
const WINDOW_MICROS = 500_000
const SLOTS = WINDOW_MICROS / SLOT_MICROS
/** The socket is full when it refused in so many of the slots: a pause is not a full line. */
const FULL_SHARE = 0.7
/** And a full line is never empty: one with less of a queue is kept so by a sender that runs late. */
const FULL_QUEUE_MICROS = 500

export class Epoch {
  readonly sent = new SentHistory()
  #since: Micros = 0
  #rateBps = 0
  /** The latest slots in which the socket refused, each at its number modulo their count. */
  readonly #full = new Float64Array(SLOTS).fill(-1)

  get since(): Micros {
    return this.#since
  }

  begin(rateBps: number, now: Micros): void {
    this.#since = now
    this.#rateBps = rateBps
  }

  onBlocked(now: Micros): void {
    const slot = Math.floor(now / SLOT_MICROS)
    this.#full[slot % SLOTS] = slot
  }

  /** Mean rate that left since the epoch began, or in the last half second of it. */
  leftBps(now: Micros): number {
    return this.sent.meanBps(Math.max(this.#since, now - WINDOW_MICROS), now) ?? this.#rateBps
  }

  /**
   * Our own line is the limit: the socket stays full, datagrams wait, `queueMicros` at least, and
   * less than `share` of the rate left.
   */
  lineBound(queueMicros: Micros, now: Micros, share: number): boolean {
    return this.#isFull(queueMicros, now) && this.leftBps(now) < share * this.#rateBps
  }

  /** There was not enough to send (less than `share` of the rate), or no processor to send it. */
  idle(queueMicros: Micros, now: Micros, share: number): boolean {
    return !this.#isFull(queueMicros, now) && this.leftBps(now) < share * this.#rateBps
  }

  #isFull(queueMicros: Micros, now: Micros): boolean {
    if (queueMicros < FULL_QUEUE_MICROS) return false
    const last = Math.floor(now / SLOT_MICROS)
    const first = Math.max(Math.floor(this.#since / SLOT_MICROS), last - SLOTS)
    const refused = this.#full.filter(slot => slot >= first && slot <= last).length
    return refused / Math.max(1, last - first) >= FULL_SHARE
  }
}
