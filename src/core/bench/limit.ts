// Finds a path's limit: the highest rate that every receiver hears with less loss than allowed. A
// short blast fills the narrowest queue, and what arrives then comes at the path's own rate; a second
// one measures that exactly; then probes below it prove or halve it. Told how each went, it says what
// to try next.

import type { Micros } from '../base/machine.js'

/** Loss below which a rate counts as carried. */
export const LIMIT_LOSS = 0.001

const BLAST_MICROS = 200_000
const OVERLOAD_MICROS = 700_000
/** So much of what a blast measures is sure: it is short. */
const BLAST_TRUST = 0.97
/** So long that what a switch's bucket of tokens lets through beyond its rate is below a hundredth. */
const PROBE_MICROS = 2_800_000
/** More than the path seems to carry, so that its queue is full. */
const OVERLOAD = 1.1
/** Just below the path's rate: queues do not grow, and clocks differ a little. */
const BELOW = 0.997
/** Slower at arrival by more than this, a probe still filled a queue. */
const DRAINED = 0.993
/** Good and bad this near to each other are the answer. */
const NEAR = 1.005
/** As long as nothing was bad, the next one is so much more. */
const MORE = 1.02
/** So often the sender may be slower than asked, because others use its machine, too. */
const SHORT_MAX = 3
/** As long as nothing was good, the next one is so much less, its square after that, and so on. */
const DOWN = 0.9
/** Asking for figures and waiting for them, beside the probe itself. */
const GATHER_MICROS = 500_000
/** Less than this share of the first guess is not looked for. */
const FLOOR = 1 / 64

export interface Probe {
  /** Infinite: as fast as it goes. */
  readonly rateBps: number
  readonly micros: Micros
}

/** How a probe went: what left, and the figures of the receiver that did worst. */
export interface ProbeOutcome {
  readonly sentBps: number
  readonly lossFraction: number
  /** From the first arrival to the last. */
  readonly arrivalBps: number
}

export interface Limit {
  /** 0: every rate that was tried lost too much. */
  readonly rateBps: number
  readonly lossFraction: number
  readonly probes: number
}

export class LimitFinder {
  readonly #until: Micros
  #phase: 'blast' | 'overload' | 'probe' = 'blast'
  #next: Probe | undefined = { rateBps: Infinity, micros: BLAST_MICROS }
  #guessBps = 0
  /** The fastest that anything arrived at every receiver; of the short blast a little less. */
  #provenBps = 0
  #good: { readonly rateBps: number; readonly lossFraction: number } | undefined
  #badBps = Infinity
  #leastLoss = 1
  #probes = 0
  /** Good ones for which the sender was too slow. */
  #short = 0
  /** Probes in a row that were bad. */
  #bad = 0

  /** No probe is begun that would end after `until`. */
  constructor(until: Micros) {
    this.#until = until
  }

  /** The next probe, or undefined when there is nothing more to learn, or no time for it. */
  next(now: Micros): Probe | undefined {
    const probe = this.#next
    if (probe === undefined || now + probe.micros + GATHER_MICROS > this.#until) return undefined
    return probe
  }

  learn(outcome: ProbeOutcome): void {
    this.#probes++
    this.#leastLoss = Math.min(this.#leastLoss, outcome.lossFraction)
    if (this.#phase === 'blast') return this.#afterBlast(outcome)
    this.#provenBps = Math.max(this.#provenBps, outcome.arrivalBps)
    if (this.#phase === 'overload') this.#afterOverload(outcome)
    else this.#afterProbe(outcome)
  }

  get limit(): Limit {
    const probes = this.#probes
    if (this.#good) return { ...this.#good, probes }
    return { rateBps: 0, lossFraction: this.#leastLoss, probes }
  }

  #afterBlast(outcome: ProbeOutcome): void {
    this.#guessBps = Math.min(outcome.sentBps, outcome.arrivalBps)
    this.#provenBps = BLAST_TRUST * this.#guessBps
    if (this.#guessBps <= 0) this.#next = undefined
    else if (this.#isCarried(outcome)) {
      // The sender is the narrowest part, or a short blast fits the queues: a longer one tells.
      this.#phase = 'probe'
      this.#next = { rateBps: Infinity, micros: PROBE_MICROS }
    } else {
      this.#phase = 'overload'
      this.#next = { rateBps: OVERLOAD * this.#guessBps, micros: OVERLOAD_MICROS }
    }
  }

  #afterOverload(outcome: ProbeOutcome): void {
    this.#phase = 'probe'
    this.#guessBps = Math.min(outcome.sentBps, outcome.arrivalBps)
    if (!this.#isCarried(outcome)) this.#badBps = outcome.sentBps
    this.#try(BELOW * this.#guessBps)
  }

  #afterProbe(outcome: ProbeOutcome): void {
    const { sentBps, lossFraction, arrivalBps } = outcome
    const good = this.#good?.rateBps ?? 0
    if (this.#isCarried(outcome)) {
      const rateBps = Math.min(sentBps, this.#provenBps)
      if (rateBps > good) this.#good = { rateBps, lossFraction }
      // What falls short of what was asked, again and again, is the sender's own limit.
      if (NEAR * sentBps < (this.#next?.rateBps ?? 0)) this.#short++
      if (this.#short === SHORT_MAX) this.#next = undefined
      else this.#above(Math.max(good, rateBps))
      return
    }
    this.#badBps = Math.min(this.#badBps, sentBps)
    if (this.#good) return this.#above(this.#good.rateBps)
    // It carries what arrived at most; less and less is tried where even this is not near.
    const down = Math.min(DOWN ** ++this.#bad * this.#badBps, BELOW * arrivalBps)
    if (down < FLOOR * this.#guessBps) this.#next = undefined
    else this.#try(down)
  }

  /** Half-way between what is known to be carried and what is known not to be. */
  #above(goodBps: number): void {
    if (this.#badBps === Infinity) this.#try(MORE * goodBps)
    else if (this.#badBps < NEAR * goodBps) this.#next = undefined
    else this.#try(Math.sqrt(goodBps * this.#badBps))
  }

  #try(rateBps: number): void {
    this.#next = { rateBps, micros: PROBE_MICROS }
  }

  /** What arrived slower than it left fills a queue, or met a busy machine: known to be faster. */
  #isCarried({ sentBps, lossFraction, arrivalBps }: ProbeOutcome): boolean {
    const isDrained = arrivalBps >= DRAINED * sentBps || sentBps <= this.#provenBps
    return lossFraction < LIMIT_LOSS && isDrained
  }
}
