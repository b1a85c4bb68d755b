// The heard of a blast: what every receiver last measured, boiled down to one verdict. A verdict is
// the word of a quantile, never of the worst: with four receivers or more the worst tenth (at least
// one) is not heard, and one that loses 10 points more than the median is not heard at all, because
// its trouble is its own and slowing everybody would not end it. Receivers behind one address
// prefix count as one group in that median, so a crowd behind a thin trunk cannot speak for the
// others.
//
// Loss has two parts. Drops at the receiver's own socket say that its CPU is too slow: they always
// mean "too fast". The rest is compared with the receiver's floor, the loss that its path shows at
// rates that make no queue.

import type { Micros } from '../base/machine.js'
import type { RateReport } from './controller.js'
import { type Seat, takeReport } from './seat.js'
import type { SentHistory } from './sent.js'

/** Loss beyond the median by so much, or a queue longer by so much, is a receiver's own trouble. */
const FAR_LOSS = 0.1
const FAR_QUEUE_MICROS = 25_000
/** Reports come one by one: a change for all looks like one receiver's trouble for so long. */
const FAR_INTERVALS = 1.2
/** A lag longer by so much is one too, but only when it stays: processes have to wait at times. */
const FAR_LAG_MICROS = 100_000
const LAG_PATIENCE_MICROS = 1_000_000
/** The lag of the worst counts by so much beside the one of the middle. */
const WORST_SHARE = 0.5
/** And no more than this, and so many times the lag of the next. */
const ALONE_MICROS = 8_000
const BORNE = 4
/** A receiver that was silent for so many of its own intervals is not waited for. */
const SILENT_INTERVALS = 3
const SILENT_MICROS = 400_000
/** Reports this short come from the sample that answers fast while the rate ramps. */
const FAST_INTERVAL_MICROS = 250_000
const FAST_QUORUM = 6
const FAST_PREFIXES = 4

/** What the quantile says about the current rate. Fractions are of the datagrams expected. */
export interface Verdict {
  /** Share of the receivers that answer whose report covers enough of the time since `newEpoch`. */
  readonly heardShare: number
  /** When the oldest of the reports behind it came. */
  readonly oldestAt: Micros
  /** How long the rate was in force before the latest of their intervals began. */
  readonly settledMicros: Micros
  /** Loss on the network, without drops at receivers' sockets. */
  readonly loss: number
  /** Loss above the floor, and the floor itself. */
  readonly excess: number
  readonly floor: number
  /** Standard deviation of the excess if only chance is at work. */
  readonly sigma: number
  readonly queueMicros: Micros
  /** The least of it at any receiver: no more waits on our own line. */
  readonly ownQueueMicros: Micros
  /** Rate delivered ÷ (1 − floor): what the path carries if it is full. */
  readonly capBps: number
  /** Rate that arrived, lost datagrams included, ÷ rate sent; below 1 while a queue grows. */
  readonly follow: number
  /** Every reader lost everything: a broken path, not a full one. */
  readonly dark: boolean
}

/**
 * How the receivers keep up with what arrives. One that lags a little waits for its turn; but where hosts
 * share processors, one that is left behind is the first of many.
 */
export interface Strain {
  /** Mean share of datagrams dropped at their sockets, and how long others waited there. */
  readonly dropped: number
  readonly lagMicros: Micros
  readonly takenBps: number
}

export class Panel {
  readonly #sent: SentHistory
  readonly #seats = new Map<number, Seat>()
  #epoch: Micros = 0

  constructor(sent: SentHistory) {
    this.#sent = sent
  }

  /** Takes a report; false when its content is nonsense and was ignored. */
  onReport(report: RateReport, now: Micros): boolean {
    const seat = takeReport(this.#seats.get(report.receiver), report, this.#sent, now)
    if (seat === undefined) return false
    this.#seats.set(report.receiver, seat)
    return true
  }

  onGone(receiver: number): void {
    this.#seats.delete(receiver)
  }

  /** The rate changed: older measurements no longer speak about it. */
  newEpoch(now: Micros): void {
    this.#epoch = now
  }

  /** How many were far worse than the rest when last judged. */
  get far(): number {
    let count = 0
    for (const seat of this.#seats.values()) if (seat.out) count++
    return count
  }

  /** Since when a receiver has been far worse than the rest, and thus not heard; or undefined. */
  outsideSince(receiver: number): Micros | undefined {
    const seat = this.#seats.get(receiver)
    return seat?.out === true ? seat.farSince : undefined
  }

  /**
   * The verdict over the latest report of each receiver of which at least the share `cover` was
   * sent since `newEpoch`. `patience` is how long a receiver must be far worse before it is not
   * heard. Undefined when there is nobody to hear.
   */
  judge(now: Micros, cover: number, patience: Micros): Verdict | undefined {
    const covered = (seat: Seat) => this.#coverage(seat) >= cover
    // Compared are those who report alike: a short interval shows more of a jolt than a long one.
    const outside = this.#awake(now).filter(seat => seat.out)
    this.#markFar([...new Set([...this.#pool(now), ...outside])].filter(covered), now, patience)
    const pool = this.#pool(now)
    const heard = pool.filter(seat => covered(seat) && !(patience === 0 && seat.far))
    const skip = this.#unheard(heard.length, now)
    if (heard.length <= skip) return undefined
    const high = (of: (seat: Seat) => number) =>
      ranked(
        heard.map(seat => -of(seat)),
        skip,
        -1,
      )
    const low = (of: (seat: Seat) => number) => ranked(heard.map(of), skip, 1)
    return {
      heardShare: pool.filter(covered).length / pool.length,
      oldestAt: Math.min(...heard.map(seat => seat.at)),
      settledMicros: Math.min(
        ...heard.map(seat => seat.sentUntil - seat.intervalMicros - this.#epoch),
      ),
      loss: high(seat => seat.loss),
      excess: high(seat => seat.loss - seat.floor),
      floor: high(seat => seat.floor),
      sigma: median(heard.map(seat => seat.sigma)),
      queueMicros: high(seat => seat.queueMicros),
      ownQueueMicros: Math.min(...heard.map(seat => seat.queueMicros)),
      capBps: low(seat => seat.deliveredBps / (1 - seat.floor)),
      follow: low(seat => seat.follow),
      dark: heard.every(seat => seat.loss > 0.95),
    }
  }

  /** Undefined when there is nobody to hear. */
  strain(now: Micros): Strain | undefined {
    const heard = this.#awake(now).filter(seat => !seat.out)
    if (heard.length === 0) return undefined
    const skip = heard.length >= 4 ? Math.max(1, Math.floor(heard.length / 10)) : 0
    const sorted = (of: (seat: Seat) => number) => heard.map(of).sort((a, b) => b - a)
    const drops = sorted(seat => seat.kernel).slice(skip)
    const lags = sorted(seat => seat.lagMicros)
    // A few must not hold back all: their word counts as far as the next one's bears it out.
    const borne = skip === 0 ? lags[0] : Math.min(lags[0], ALONE_MICROS + BORNE * lags[skip])
    return {
      dropped: drops.reduce((sum, share) => sum + share, 0) / drops.length,
      lagMicros: Math.max(median(lags), WORST_SHARE * borne),
      takenBps: median(heard.map(seat => seat.takenBps)),
    }
  }

  /** The latest reports were made without congestion: their loss is what the path loses anyway. */
  learnFloors(now: Micros, isEarly = false): void {
    for (const seat of this.#awake(now)) seat.learn(isEarly)
  }

  /** The loss of the latest reports is proven to be the path's own, all of it. */
  proveFloors(now: Micros): void {
    for (const seat of this.#awake(now)) seat.prove()
  }

  /** How many of the worst among so many are not heard: the rest may have nothing to say just now. */
  #unheard(count: number, now: Micros): number {
    const inside = this.#alive(now).filter(seat => !seat.out).length
    const isEnough = inside >= 4 && (count >= 4 || inside >= 2 * count)
    return isEnough ? Math.max(1, Math.floor(count / 10)) : 0
  }

  #alive(now: Micros): Seat[] {
    return [...this.#seats.values()].filter(seat => {
      const limit = Math.max(SILENT_INTERVALS * seat.intervalMicros, SILENT_MICROS)
      return now - seat.at <= limit
    })
  }

  /** Those who answer now. */
  #awake(now: Micros): Seat[] {
    return this.#alive(now).filter(seat => seat.expected > 0)
  }

  /** Those to wait for: not those outside, and only the fast sample if it can speak for all. */
  #pool(now: Micros): Seat[] {
    const awake = this.#awake(now)
    const inside = awake.filter(seat => !seat.out)
    if (inside.length === 0) return awake
    const fast = inside.filter(seat => seat.intervalMicros <= FAST_INTERVAL_MICROS)
    if (fast.length < Math.min(FAST_QUORUM, inside.length * 0.7)) return inside
    const prefixes = (seats: Seat[]) => new Set(seats.map(seat => seat.prefix)).size
    return prefixes(fast) >= Math.min(FAST_PREFIXES, prefixes(inside)) ? fast : inside
  }

  #coverage(seat: Seat): number {
    return (seat.sentUntil - this.#epoch) / seat.intervalMicros
  }

  #markFar(seats: Seat[], now: Micros, patience: Micros): void {
    const groups = new Map<string, Seat[]>()
    for (const seat of seats) {
      const group = groups.get(seat.prefix)
      if (group === undefined) groups.set(seat.prefix, [seat])
      else group.push(seat)
    }
    const reference = (of: (seat: Seat) => number) =>
      median([...groups.values()].map(group => median(group.map(of))))
    const loss = reference(seat => seat.loss)
    const drops = reference(seat => seat.kernel)
    const queue = reference(seat => seat.queueMicros)
    const lag = reference(seat => seat.lagMicros)
    for (const seat of seats) {
      const path = seat.loss - loss > FAR_LOSS || seat.queueMicros - queue > FAR_QUEUE_MICROS
      const host = seat.kernel - drops > FAR_LOSS || seat.lagMicros - lag > FAR_LAG_MICROS
      const least = path ? patience : Math.max(patience, LAG_PATIENCE_MICROS)
      seat.mark(path || host, now, Math.max(least, FAR_INTERVALS * seat.intervalMicros))
    }
  }
}

/** The value of rank `skip` in ascending order, times `sign`. */
function ranked(values: number[], skip: number, sign: number): number {
  values.sort((a, b) => a - b)
  return values[skip] * sign
}

function median(values: number[]): number {
  values.sort((a, b) => a - b)
  const half = values.length >> 1
  return values.length % 2 === 1 ? values[half] : (values[half - 1] + values[half]) / 2
}
