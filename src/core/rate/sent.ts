// What left, and when: a ring of small time buckets, so that a report about "the last 100 ms" can
// be compared with what was really sent then, not with the rate that was wished for.

import type { Micros } from '../base/machine.js'

const BUCKET_MICROS = 10_000
const BUCKETS = 512

export class SentHistory {
  readonly #bytes = new Float64Array(BUCKETS)
  #first: number | undefined
  #last = 0
  #total = 0

  /** Bytes since the beginning. */
  get totalBytes(): number {
    return this.#total
  }

  add(bytes: number, now: Micros): void {
    const bucket = Math.floor(now / BUCKET_MICROS)
    if (this.#first === undefined) {
      this.#first = bucket
      this.#last = bucket
    }
    if (bucket - this.#last >= BUCKETS) this.#bytes.fill(0)
    else for (let b = this.#last + 1; b <= bucket; b++) this.#bytes[b % BUCKETS] = 0
    this.#last = Math.max(this.#last, bucket)
    this.#bytes[this.#last % BUCKETS] += bytes
    this.#total += bytes
  }

  /**
   * Mean rate in bits per second between two times, buckets at the edges counted in proportion.
   * Undefined when the window is empty or older than what is remembered (5 s).
   */
  meanBps(from: Micros, to: Micros): number | undefined {
    if (this.#first === undefined || to <= from) return undefined
    const oldest = Math.max(this.#first, this.#last - BUCKETS + 1)
    if (Math.floor(from / BUCKET_MICROS) < oldest - 1) return undefined
    let bytes = 0
    const end = Math.min(Math.floor(to / BUCKET_MICROS), this.#last)
    for (let b = Math.max(oldest, Math.floor(from / BUCKET_MICROS)); b <= end; b++) {
      const start = b * BUCKET_MICROS
      const inside = Math.min(to, start + BUCKET_MICROS) - Math.max(from, start)
      if (inside > 0) bytes += (this.#bytes[b % BUCKETS] * inside) / BUCKET_MICROS
    }
    return (bytes * 8e6) / (to - from)
  }
}
