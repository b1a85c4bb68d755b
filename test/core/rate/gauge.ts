// What a receiver's application measures and reports, by its own clock: an arbitrary offset, a
// drift of up to 50 ppm, and timers that fire late when its event loop pauses.

import type { Prng } from '../../../src/core/base/prng.js'
import type { RateReport } from '../../../src/core/rate/controller.js'
import type { Run } from './queue.js'
import { PAYLOAD_BYTES, type ReceiverSpec } from './spec.js'

const BASE_MICROS = 10_000_000

export class Gauge {
  kernelDrops = 0
  received = 0
  #intervalReceived = 0
  #highest = -1
  #reportedHighest: number | undefined
  #least = Number.POSITIVE_INFINITY
  #lag = Number.POSITIVE_INFINITY
  #bases: [number, number] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  #baseSince = 0
  #from: number | undefined
  #awake = 0
  #tookAt = Number.NEGATIVE_INFINITY
  #othersReceived: number | undefined
  readonly #phase: number
  readonly #drift: number
  readonly #offset: number

  constructor(
    readonly spec: ReceiverSpec,
    readonly index: number,
    luck: Prng,
  ) {
    this.#phase = luck.below(100_000)
    this.#drift = 1 + (luck.unit() - 0.5) * 1e-4
    this.#offset = luck.below(1_000_000_000)
  }

  /** Datagrams reach the application; some of the run may be missing, its end counts as seen. */
  take(run: Run, now: number): void {
    this.received += run.count
    this.#intervalReceived += run.count
    this.#tookAt = now
    this.#reportedHighest ??= run.sequence - 1
    this.#highest = Math.max(this.#highest, run.sequence + run.count - 1)
    const arrived = run.arrivedMicros ?? now
    this.#lag = Math.min(this.#lag, now - arrived)
    const delay = this.#clock(arrived) - run.atMicros
    this.#least = Math.min(this.#least, delay)
    if (now - this.#baseSince > BASE_MICROS) {
      this.#bases = [this.#bases[1], Number.POSITIVE_INFINITY]
      this.#baseSince = now
    }
    this.#bases[1] = Math.min(this.#bases[1], delay)
  }

  /** Called in every step in which the event loop runs. */
  step(now: number): void {
    this.#awake = now
  }

  /** `others`: what hears the other sessions here, if this receiver tells of them. */
  report(now: number, everyMicros: number, others: readonly Gauge[]): RateReport | undefined {
    if (this.#from === undefined) this.#from = now - this.#phase
    if (now - this.#from < everyMicros || this.#awake !== now) return undefined
    const lie = this.spec.lie
    const expected = this.#highest - (this.#reportedHighest ?? this.#highest)
    const received = Math.min(expected, this.#intervalReceived)
    const least = Math.min(...this.#bases)
    const othersCount = others.filter(other => now - other.#tookAt < 1_000_000).length
    const told = lie === 'all-lost' ? 0 : lie === 'none-lost' ? expected : received
    const report: RateReport = {
      receiver: this.index,
      prefix: this.spec.prefix ?? '10.0.0.0/24',
      fromMicros: this.#clock(this.#from),
      toMicros: this.#clock(now),
      expected,
      received: told,
      receivedBytes: told * PAYLOAD_BYTES,
      kernelDrops: lie === undefined ? this.kernelDrops : 0,
      queueMicros: this.#least === Number.POSITIVE_INFINITY ? 0 : this.#least - least,
      lagMicros: Number.isFinite(this.#lag) ? this.#lag : 0,
      diskQueueBytes: 0,
      othersCount,
      othersBytes: this.#othersBytes(others),
    }
    this.#reportedHighest = this.#highest
    this.#intervalReceived = 0
    this.#least = Number.POSITIVE_INFINITY
    this.#lag = Number.POSITIVE_INFINITY
    this.kernelDrops = 0
    this.#from = now
    return report
  }

  #othersBytes(others: readonly Gauge[]): number {
    const received = others.reduce((sum, other) => sum + other.received, 0)
    const bytes = (received - (this.#othersReceived ?? received)) * PAYLOAD_BYTES
    this.#othersReceived = received
    return bytes
  }

  #clock(now: number): number {
    return now * this.#drift + this.#offset
  }
}
