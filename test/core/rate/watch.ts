// Reads figures off a running link: rates over windows, the time to a rate, losses by kind.

import type { Link } from './link.js'
import { PAYLOAD_BYTES } from './spec.js'

export interface Sums {
  readonly sent: number
  /** Per receiver: datagrams dropped at the switch port and at its socket. */
  readonly port: number[]
  readonly kernel: number[]
}

export class Watch {
  readonly link: Link
  readonly #sums: Sums[] = []
  readonly #sender: number

  constructor(link: Link, sender = 0) {
    this.link = link
    this.#sender = sender
  }

  /** Lets the link run and remembers where it was every 10 ms. */
  run(millis: number): this {
    this.link.run(millis, ms => {
      if (ms % 10 !== 0) return
      this.#sums.push({
        sent: this.link.senders[this.#sender].sequence,
        port: this.link.receivers.map(r => r.port.dropped),
        kernel: this.link.receivers.map(r => r.kernelDropped),
      })
    })
    return this
  }

  /** Mean payload rate sent between two times in ms. */
  bps(from: number, to: number): number {
    const datagrams = this.#at(to).sent - this.#at(from).sent
    return (datagrams * PAYLOAD_BYTES * 8e3) / (to - from)
  }

  /** First ms from `from` on after which the last 100 ms had at least this rate. */
  reaches(bps: number, from = 0): number {
    for (let ms = from + 100; ms <= this.link.ms - 10; ms += 10) {
      if (this.bps(ms - 100, ms) >= bps) return ms - from
    }
    return Number.POSITIVE_INFINITY
  }

  /** First ms from `from` on after which the last 100 ms had at most this rate. */
  falls(bps: number, from: number): number {
    for (let ms = from + 100; ms <= this.link.ms - 10; ms += 10) {
      if (this.bps(ms - 100, ms) <= bps) return ms - from
    }
    return Number.POSITIVE_INFINITY
  }

  /** Share of what was sent between two times that the given receiver's port or socket dropped. */
  overflow(from: number, to: number, receiver = 0): number {
    const [a, b] = [this.#at(from), this.#at(to)]
    const dropped = b.port[receiver] - a.port[receiver] + (b.kernel[receiver] - a.kernel[receiver])
    return dropped / Math.max(1, b.sent - a.sent)
  }

  #at(ms: number): Sums {
    return this.#sums[Math.min(this.#sums.length - 1, Math.floor(ms / 10))]
  }
}

/** `count` receivers alike. */
export function alike<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i))
}
