// What one receiver counts of one run, as iperf counts it: only what arrived is transfer, a number
// that never came is lost, one that came late is out of order and not lost. Jitter is that of
// RFC 1889 §6.3.1. Unlike iperf it knows a copy from a late one, as far back as its window goes.

import type { Micros } from '../base/machine.js'

/** Numbers behind the highest in which a copy is known as one. */
const WINDOW = 2 ** 20

/** Counts of a whole run, or of one interval of it. */
export interface Figures {
  readonly received: number
  readonly receivedBytes: number
  /** Numbers that the sender gave out. */
  readonly total: number
  readonly lost: number
  readonly outOfOrder: number
  readonly duplicates: number
  readonly jitterMicros: number
  /** From the first arrival of the run. */
  readonly startMicros: Micros
  readonly endMicros: Micros
}

interface Counts {
  received: number
  receivedBytes: number
  outOfOrder: number
  duplicates: number
  /** Numbers that were given out, so far as we know, from the first that counts. */
  total: number
}

const nothing = (): Counts => ({
  received: 0,
  receivedBytes: 0,
  outOfOrder: 0,
  duplicates: 0,
  total: 0,
})

export class Tally {
  readonly #first: number
  readonly #seen = new Uint32Array(WINDOW / 32)
  readonly #counts = nothing()
  /** One more than the highest number that came. */
  #next = 0
  #before = nothing()
  #jitterMicros = 0
  #transitMicros: number | undefined
  #firstAt: Micros | undefined
  #lastAt: Micros = 0
  #intervalAt: Micros = 0

  /** Numbers below `first` are not counted: who joins late has not lost them. */
  constructor(first: number) {
    this.#first = first
  }

  /** When the first one arrived. */
  get firstAt(): Micros | undefined {
    return this.#firstAt
  }

  get lastAt(): Micros {
    return this.#lastAt
  }

  get isWhole(): boolean {
    return this.#counts.received === this.#counts.total
  }

  take(sequence: number, lengthBytes: number, sentMicros: number, arrivedAt: Micros): void {
    const number = sequence - this.#first
    if (number < 0) return
    const counts = this.#counts
    if (this.#firstAt === undefined) this.#firstAt = arrivedAt
    if (arrivedAt > this.#lastAt) this.#lastAt = arrivedAt
    if (number >= this.#next) this.#forward(number)
    else if (!this.#isNew(number)) {
      counts.duplicates++
      return
    } else counts.outOfOrder++
    this.#seen[(number % WINDOW) >>> 5] |= 1 << (number & 31)
    counts.received++
    counts.receivedBytes += lengthBytes
    // Clocks differ by a constant that falls out; 32 bits of them are enough for the difference.
    const transit = (arrivedAt - sentMicros) | 0
    if (this.#transitMicros !== undefined) {
      const change = Math.abs((transit - this.#transitMicros) | 0)
      this.#jitterMicros += (change - this.#jitterMicros) / 16
    }
    this.#transitMicros = transit
  }

  /** So many were sent: the end of the run counts, too. */
  expect(sent: number): void {
    if (sent - this.#first > this.#counts.total) this.#counts.total = sent - this.#first
  }

  whole(): Figures {
    const end = this.#firstAt === undefined ? 0 : this.#lastAt - this.#firstAt
    return this.#figures(this.#counts, 0, end)
  }

  /** What came since the last call, up to `end` after the first arrival. */
  interval(end: Micros): Figures {
    const { received, receivedBytes, outOfOrder, duplicates, total } = this.#counts
    const before = this.#before
    const since = {
      received: received - before.received,
      receivedBytes: receivedBytes - before.receivedBytes,
      outOfOrder: outOfOrder - before.outOfOrder,
      duplicates: duplicates - before.duplicates,
      total: total - before.total,
    }
    const start = this.#intervalAt
    this.#before = { received, receivedBytes, outOfOrder, duplicates, total }
    this.#intervalAt = end
    return this.#figures(since, start, end)
  }

  #figures(counts: Counts, startMicros: Micros, endMicros: Micros): Figures {
    return {
      ...counts,
      // A late one makes up for a loss of an earlier interval.
      lost: Math.max(0, counts.total - counts.received),
      jitterMicros: this.#jitterMicros,
      startMicros,
      endMicros,
    }
  }

  /** The window moves on; what it leaves behind is forgotten. */
  #forward(number: number): void {
    if (number - this.#next >= WINDOW) this.#seen.fill(0)
    else
      for (let each = this.#next; each <= number; each++)
        this.#seen[(each % WINDOW) >>> 5] &= ~(1 << (each & 31))
    this.#next = number + 1
    this.#counts.total = Math.max(this.#counts.total, this.#next)
  }

  /** One that is older than the window is taken for a copy. */
  #isNew(number: number): boolean {
    if (number < this.#next - WINDOW) return false
    return (this.#seen[(number % WINDOW) >>> 5] & (1 << (number & 31))) === 0
  }
}
