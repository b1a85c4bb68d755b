// A TCP flow with BBR (Cardwell et al., 2016; version 1, as Linux has it) in a queue that others share,
// coarse: it paces at what was delivered lately at most, in a cycle of a little more and a little less, and
// never has much more on its way than that rate fills without a queue. So it builds none, and whoever
// keeps one up beside it starves it. Its round trip is 1 ms plus the queue.

import type { Queue } from './queue.js'
import { WIRE_BYTES } from './spec.js'

const BASE_ROUND_MS = 1
const STARTUP_GAIN = 2.885
const CYCLE = [1.25, 0.75, 1, 1, 1, 1, 1, 1]
const WINDOW_GAIN = 2
/** Beyond that it may have three super-packets on their way, of about a millisecond each. */
const SUPER_PACKETS = 3
const SUPER_PACKET_MIN = 2
/** And what acknowledgements that come together seem to show. */
const GATHERED = 10
const RATE_MEMORY_ROUNDS = 10
/** Without a rise by a quarter in three rounds the line is full. */
const FULL_ROUNDS = 3
const FULL_GROWTH = 1.25

export class BbrFlow {
  delivered = 0
  #inFlight = 0
  #credit = 0
  #gain = STARTUP_GAIN
  #phase = 0
  #roundEndsMs = 0
  #roundDelivered = 0
  #roundStartMs = 0
  /** Datagrams per ms of the latest rounds. */
  readonly #rates: number[] = []
  #fullRate = 0
  #fullRounds = 0

  step(ms: number, queue: Queue, lineBytesPerMs: number): void {
    const roundTripMs = BASE_ROUND_MS + queue.bytes / lineBytesPerMs
    if (ms >= this.#roundEndsMs) this.#endRound(ms, roundTripMs)
    const rate = Math.max(1, ...this.#rates)
    const superPacket = Math.max(SUPER_PACKET_MIN, rate)
    const window = WINDOW_GAIN * rate * BASE_ROUND_MS + SUPER_PACKETS * superPacket + GATHERED
    const most = window - this.#inFlight
    this.#credit = Math.min(this.#credit + this.#gain * rate, 2 * this.#gain * rate + 1)
    const count = Math.floor(Math.min(this.#credit, most))
    if (count <= 0) return
    this.#credit -= count
    this.#inFlight += queue.push({ sender: -1, sequence: 0, count, atMicros: 0 }, WIRE_BYTES)
  }

  acknowledge(count: number): void {
    this.delivered += count
    this.#inFlight -= count
  }

  #endRound(ms: number, roundTripMs: number): void {
    const spanMs = ms - this.#roundStartMs
    const rate = spanMs > 0 ? (this.delivered - this.#roundDelivered) / spanMs : 0
    if (spanMs > 0 && rate > 0) this.#rates.push(rate)
    if (this.#rates.length > RATE_MEMORY_ROUNDS) this.#rates.shift()
    this.#roundStartMs = ms
    this.#roundDelivered = this.delivered
    this.#roundEndsMs = ms + Math.ceil(roundTripMs)
    if (this.#fullRounds < FULL_ROUNDS) {
      if (rate >= FULL_GROWTH * this.#fullRate) {
        this.#fullRate = rate
        this.#fullRounds = 0
      } else this.#fullRounds++
      return
    }
    this.#gain = CYCLE[this.#phase++ % CYCLE.length]
  }
}
