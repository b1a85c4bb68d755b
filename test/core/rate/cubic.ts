// A greedy TCP flow with CUBIC's window (RFC 9438) in a queue that others share, coarse but hungry:
// it grows until the queue drops, backs off to 0.7, and grows again. Its round trip is 1 ms plus
// the queue.

import type { Queue } from './queue.js'
import { WIRE_BYTES } from './spec.js'

export class CubicFlow {
  delivered = 0
  #window = 10
  #most = 10
  #inFlight = 0
  #backedOffMs = 0
  #slowStart = true

  /** The system of its own host lets no more than `most` be under way in the host's own queue. */
  constructor(readonly most = Number.POSITIVE_INFINITY) {}

  step(ms: number, queue: Queue, lineBytesPerMs: number): void {
    const roundTripMs = 1 + queue.bytes / lineBytesPerMs
    if (this.#slowStart) this.#window += this.#window / roundTripMs
    else {
      const t = (ms - this.#backedOffMs) / 1000
      const k = Math.cbrt((this.#most * 0.3) / 0.4)
      const cubic = 0.4 * (t - k) ** 3 + this.#most
      // The TCP-friendly region: at least what Reno would have.
      const reno = this.#most * 0.7 + (0.53 * (ms - this.#backedOffMs)) / roundTripMs
      this.#window = Math.max(2, cubic, reno)
    }
    const count = Math.floor(Math.min(this.#window, this.most) - this.#inFlight)
    if (count <= 0) return
    const taken = queue.push({ sender: -1, sequence: 0, count, atMicros: 0 }, WIRE_BYTES)
    this.#inFlight += taken
    if (taken < count && ms - this.#backedOffMs > roundTripMs) {
      this.#most = this.#window
      this.#window *= 0.7
      this.#backedOffMs = ms
      this.#slowStart = false
    }
  }

  acknowledge(count: number): void {
    this.delivered += count
    this.#inFlight -= count
  }
}
