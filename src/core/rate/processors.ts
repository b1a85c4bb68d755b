// What the receivers' processors take. Where they are the limit, datagrams wait in the receivers' sockets,
// or are dropped there when those are full; the line may well be free. Such a limit moves with everything
// else that the machines do, so it is no part of the model of the path but a ceiling beside it, as the one
// of the disks is: lowered while receivers lag, raised while they do not, the faster the longer that lasts.
// A process that waits some milliseconds for its turn is no limit: sockets hold more than that.

import type { Micros } from '../base/machine.js'
import type { Strain } from './panel.js'

/** Who lags less keeps up. */
const LAG_LOW_MICROS = 5_000
/** Who lags more does not: so many bits wait, within these times. */
const LAG_HIGH_BITS = 10e6
const LAG_HIGH_MICROS_MIN = 28_000
const LAG_HIGH_MICROS_MAX = 100_000
/** What waits is worked off by sending less, hardly anything when so much waits. */
const WAITING_BITS = 32e6
const WAITING_MICROS_MIN = 100_000
const WAITING_MICROS_MAX = 400_000
/** This share of the rate goes on all the same. */
const TRICKLE = 0.2
/** Share of datagrams dropped at receivers' sockets that means "too fast". */
const DROPS = 0.003
/** With so much dropped they did not run at all; how fast they are it does not tell. */
const DROPS_STOPPED = 0.3
/** Of what they take while they lag, which is all that they can, so much is sent next. */
const TAKEN = 0.92
const TAKEN_SMALL = 0.97
/** Weight of the latest round in that. */
const LATEST = 0.4
/** What a second of trouble leaves of the rate at least: a process may just not have run. */
const LEFT_MIN = 0.7
const LEFT_MAX = 1.5
const TROUBLE_MICROS = 1_000_000
/** A round: what was changed shows in reports. */
const ROUND_MICROS = 100_000
/** Between the two lags it sinks by so much each round, so that no lag stays. */
const SINK = 0.015
/** Steps up: the first, by how much they grow, and the longest. */
const STEP_MIN = 0.006
const STEP_GROWTH = 1.6
const STEP_MAX = 0.06
/** And while less than this share of what is wanted is sent. */
const STEP_FAR = 0.15
const FAR = 0.6
/** But not near the rate that was too much lately: who runs into the same limit again swings about it. */
const NEAR = 0.95
const LATELY_MICROS = 2_500_000
/** Where sockets drop before anybody lags, they are small, and nothing warns: so steps up wait. */
const DROPPED_MICROS = 4_000_000
/** What was never sent was never taken: so far above what is sent it may be. */
const ROOM = 1.2

export class Processors {
  readonly #leastBps: number
  #bps = Number.POSITIVE_INFINITY
  #lagMicros: Micros = 0
  #step = STEP_MIN
  #at: Micros = 0
  #growAt: Micros = 0
  /** The trouble that is on: since when, at which rate it began, and what they take in it. */
  #since: Micros | undefined
  #beforeBps = 0
  #takesBps = 0
  /** The latest trouble: how long ago, and what was sent when it began. */
  #troubleAt: Micros = Number.NEGATIVE_INFINITY
  #troubleBps = 0

  /** `leastBps`: so much they are sent in any case. */
  constructor(leastBps = 0) {
    this.#leastBps = leastBps
  }

  /** More the receivers' processors do not take. */
  get ceilingBps(): number {
    if (!Number.isFinite(this.#bps)) return this.#bps
    const most = microsOf(WAITING_BITS, this.#bps, WAITING_MICROS_MIN, WAITING_MICROS_MAX)
    return Math.max(this.#leastBps, this.#bps * Math.max(TRICKLE, 1 - this.#lagMicros / most))
  }

  /** They are about to be the limit. */
  get isStrained(): boolean {
    return this.#lagMicros > LAG_LOW_MICROS
  }

  /** `sentBps` left in the latest round; without this limit it would be sent at `wantedBps`. */
  judge(strain: Strain, sentBps: number, wantedBps: number, now: Micros): void {
    const { lagMicros, dropped } = strain
    this.#lagMicros = lagMicros
    if (now < this.#at) return
    this.#at = now + ROUND_MICROS
    const most = microsOf(LAG_HIGH_BITS, sentBps, LAG_HIGH_MICROS_MIN, LAG_HIGH_MICROS_MAX)
    if (dropped > DROPS || lagMicros > most) return this.#suffer(strain, sentBps, now)
    this.#since = undefined
    if (lagMicros > LAG_LOW_MICROS) {
      this.#step = STEP_MIN
      this.#bps *= 1 - SINK
    } else if (now >= this.#growAt && this.#bps <= ROOM * sentBps) {
      const isFar = this.#bps < FAR * wantedBps && !this.#isNearTrouble(now)
      this.#bps *= 1 + (isFar ? Math.max(STEP_FAR, this.#step) : this.#step)
      this.#step = Math.min(STEP_MAX, STEP_GROWTH * this.#step)
    }
  }

  #isNearTrouble(now: Micros): boolean {
    return now - this.#troubleAt < LATELY_MICROS && this.#bps > NEAR * this.#troubleBps
  }

  #suffer({ lagMicros, dropped, takenBps }: Strain, sentBps: number, now: Micros): void {
    if (this.#since === undefined || now - this.#since > TROUBLE_MICROS) {
      if (this.#since === undefined) {
        this.#takesBps = takenBps
        this.#troubleBps = sentBps
      }
      this.#since = now
      this.#beforeBps = Number.isFinite(this.#bps) ? this.#bps : sentBps
    }
    this.#takesBps += LATEST * (takenBps - this.#takesBps)
    const isBehind = lagMicros > LAG_LOW_MICROS
    const taken = isBehind ? TAKEN : TAKEN_SMALL
    const leftBps = Math.max(LEFT_MIN * this.#beforeBps, taken * this.#takesBps)
    this.#bps = Math.min(LEFT_MAX * this.#beforeBps, leftBps)
    this.#step = STEP_MIN
    this.#troubleAt = now
    if (!isBehind && dropped < DROPS_STOPPED) this.#growAt = now + DROPPED_MICROS
  }
}

/** The time in which so many bits come, within limits: sockets hold bytes, not time. */
function microsOf(bits: number, bps: number, least: Micros, most: Micros): Micros {
  return Math.min(most, Math.max(least, (bits * 1e6) / bps))
}
