// How long datagrams queued on their way, from one-way delays between clocks that do not agree: only
// the rise over the least delay known means anything. The least is taken over the last half minute,
// so that a drift of the clocks does not look like a queue (as LEDBAT, RFC 6817 §4.2, keeps its base
// delay in buckets). A delay is a difference of 32-bit clocks and so wraps: all are taken as near to
// the first one, because two hosts' clocks may be just the half of 71 minutes apart.

import type { Micros } from '../base/machine.js'
import { Middle } from './middle.js'

const BUCKET_MICROS = 15_000_000
/** No switch queues for longer. */
const FAR_MICROS = 1_000_000
/** One datagram of so many tells what is usual. */
const EVERY = 8

export class DelayFloor {
  readonly #usual = new Middle()
  #count = 0
  #first: number | undefined
  #bucketAt: Micros = Number.NEGATIVE_INFINITY
  #older = Number.POSITIVE_INFINITY
  #newer = Number.POSITIVE_INFINITY
  #interval = Number.POSITIVE_INFINITY

  /**
   * A one-way delay, or rather difference of clocks, of which only the lowest 32 bits count; `times`
   * datagrams tell of it.
   */
  sample(differenceMicros: number, times: number, now: Micros): void {
    this.#first ??= differenceMicros
    const delayMicros = this.#first + ((differenceMicros - this.#first) | 0)
    const told = Math.ceil((this.#count + times) / EVERY) - Math.ceil(this.#count / EVERY)
    this.#count += times
    if (told > 0) this.#usual.add(delayMicros, told)
    if (Math.abs(delayMicros - this.#usual.recent) > FAR_MICROS) return
    if (now - this.#bucketAt > BUCKET_MICROS) {
      this.#older = this.#newer
      this.#newer = Number.POSITIVE_INFINITY
      this.#bucketAt = now
    }
    if (delayMicros < this.#newer) this.#newer = delayMicros
    if (delayMicros < this.#interval) this.#interval = delayMicros
  }

  /** The least delay since the last call, over the floor; 0 when nothing came. */
  take(_now: Micros): number {
    const least = this.#interval
    this.#interval = Number.POSITIVE_INFINITY
    if (least === Number.POSITIVE_INFINITY) return 0
    return Math.max(0, least - Math.min(this.#older, this.#newer))
  }
}
