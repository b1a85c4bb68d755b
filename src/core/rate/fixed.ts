// `--rate`: the operator knows the line. Nothing that receivers report changes the rate; the
// breakers stay, because a blast that nobody answers must end whoever chose its speed (RFC 8085,
// section 4.1). For one-way links, where nobody can answer, they are off.

import { assert } from '../base/assert.js'
import type { Micros } from '../base/machine.js'
import { Breaker } from './breaker.js'
import type { RateController, RateReport, RateStop } from './controller.js'

export class FixedRate implements RateController {
  readonly wantsFastReports = false
  readonly #fixedBps: number
  readonly #breaker: Breaker

  /** `fixedBps`: bits per second of UDP payload. `oneWay`: reports cannot come. */
  constructor(fixedBps: number, options: { readonly oneWay?: boolean } = {}) {
    assert(fixedBps > 0 && Number.isFinite(fixedBps), 'a fixed rate is positive')
    this.#fixedBps = fixedBps
    this.#breaker = new Breaker(options.oneWay ?? false)
  }

  get rateBps(): number {
    return this.#fixedBps * this.#breaker.factor
  }

  get reason(): string {
    return this.#breaker.factor < 1 ? 'no-reports' : 'fixed'
  }

  get stopped(): RateStop | undefined {
    return this.#breaker.stopped ? 'no-reports' : undefined
  }

  get deadline(): Micros {
    return Number.POSITIVE_INFINITY
  }

  onSent(_bytes: number, now: Micros): void {
    this.#breaker.onSent(now)
  }

  onBlocked(now: Micros): void {
    this.#breaker.onSent(now)
  }

  onReport(_report: RateReport, now: Micros): void {
    this.#breaker.onReport(now)
  }

  onParity(_share: number): void {}

  onGone(_receiver: number, _now: Micros): void {}

  tick(_now: Micros): void {}
}
