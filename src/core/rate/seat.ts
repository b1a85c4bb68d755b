// One receiver as the rate controller sees it: its latest report turned into rates and fractions,
// and the loss floor that its path has shown so far. Reports are remote, so every number is checked
// and clamped against what was really sent before it counts.

import type { Micros } from '../base/machine.js'
import type { RateReport } from './controller.js'
import type { SentHistory } from './sent.js'

const INTERVAL_MICROS_MIN = 10_000
const INTERVAL_MICROS_MAX = 60_000_000
/** From the stamping of a datagram to the arrival of a report about it, queue aside (start). */
const LAG_MICROS = 10_000
/** A report may claim so many times what was sent (drained queues, late timers) and still count. */
const PLAUSIBLE = 2.5
/** Datagrams that the floor remembers: 0.1 points of deviation at 2 % loss. */
const FLOOR_MEMORY = 20_000
const FLOOR_MEMORY_MIN = 0.5
/** Reports that the spread of losses remembers, and from when on it is more than chance. */
const SPREAD_MEMORY = 10
const SPREAD_LEAST = 2
const SPREAD_MOST = 40
/** While floors are found, more than this above the mean so far is none. */
const EARLY_EXCESS_MAX = 0.1
/** A floor above this is not believed: half of everything lost is not a path to blast on. */
const FLOOR_MAX = 0.5
/** It is heard again after so much time without trouble: at a rate cut for it, it looks well. */
const RETURN_MICROS = 5_000_000
/** With nothing expected but at least so much sent, everything was lost. */
const SILENCE_BYTES = 30_000

export class Seat {
  prefix = ''
  /** When the report came, and the end of what it is about in the sender's time. */
  at: Micros = 0
  sentUntil: Micros = 0
  intervalMicros: Micros = 0
  expected = 0
  deliveredBps = 0
  /** The same without a limit: what waited in its socket is taken faster than it came. */
  takenBps = 0
  follow = 1
  loss = 0
  kernel = 0
  /** How long datagrams waited on the way, and then in the receiver's socket. */
  queueMicros: Micros = 0
  lagMicros: Micros = 0
  /** It lagged when the interval began. */
  catchesUp = false
  /** Far worse than the median in its latest report. */
  far = false
  /** Since when it has been far worse. */
  farSince: Micros | undefined
  /** It is not heard: far worse for long enough, and not yet back for long enough. */
  out = false
  #nearSince: Micros | undefined
  #floorLost = 0
  #floorExpected = 0
  #learned = false
  /** The variance of losses, where 1 is that of datagrams that are lost one by one. */
  #spread = 1
  #spreadReports = 1

  get floor(): number {
    if (this.#floorExpected === 0) return 0
    return Math.min(FLOOR_MAX, this.#floorLost / this.#floorExpected)
  }

  /** Notes whether it is far worse than the median, and puts it outside after `patience`. */
  mark(far: boolean, now: Micros, patience: Micros): void {
    this.far = far
    this.#nearSince = far ? undefined : (this.#nearSince ?? now)
    if (far) this.farSince ??= now
    else if (!this.out || now - (this.#nearSince ?? now) >= RETURN_MICROS) {
      this.farSince = undefined
      this.out = false
    }
    if (far && now - (this.farSince ?? now) >= patience) this.out = true
  }

  /**
   * Standard deviation of (loss − floor) if only chance is at work, of this seat's sample. Where
   * datagrams are lost several at a time, as those of one super-packet or of one fade are, chance
   * is at work with fewer and larger pieces (overdispersion; McCullagh and Nelder, 1989).
   */
  get sigma(): number {
    return this.#single * Math.sqrt(this.#spread < SPREAD_LEAST ? 1 : this.#spread)
  }

  /** The same where each is lost by itself. */
  get #single(): number {
    const floor = this.floor
    const share = Math.max(floor, 1 / this.expected) * (1 - floor)
    const known = this.#floorExpected === 0 ? this.expected : this.#floorExpected
    return Math.sqrt(share * (1 / this.expected + 1 / known))
  }

  /**
   * The latest report becomes part of the floor, once. A clearly lower loss replaces it; a clearly
   * higher one does not: the verdict was about others, and only a test can raise a floor at once.
   * `isEarly`: little is known of it yet, and what is may be chance: the floor is the mean.
   */
  learn(isEarly = false): void {
    if (this.#learned || this.far || this.expected === 0) return
    const excess = this.loss - this.floor
    const most = isEarly ? EARLY_EXCESS_MAX : Math.max(0.02, 4 * this.sigma)
    if (this.#floorExpected > 0 && excess > most) return
    this.#learned = true
    this.#disperse()
    if (!isEarly && excess < -4 * this.sigma) this.#forget()
    const keep = Math.max(FLOOR_MEMORY_MIN, 1 - this.expected / FLOOR_MEMORY)
    this.#floorLost = this.#floorLost * keep + this.loss * this.expected
    this.#floorExpected = this.#floorExpected * keep + this.expected
  }

  /** The loss of the latest report is proven to be the path's own: it is the floor. */
  prove(): void {
    if (Math.abs(this.loss - this.floor) > 3 * this.sigma && !this.far) {
      if (!this.#learned) this.#disperse()
      this.#forget()
    }
    this.learn()
  }

  #disperse(): void {
    if (this.#floorExpected === 0) return
    const seen = Math.min(SPREAD_MOST, ((this.loss - this.floor) / this.#single) ** 2)
    this.#spreadReports = Math.min(SPREAD_MEMORY, this.#spreadReports + 1)
    this.#spread += (seen - this.#spread) / this.#spreadReports
  }

  #forget(): void {
    this.#floorLost = 0
    this.#floorExpected = 0
  }

  /** A report without a usable measurement: it is life, nothing else. */
  blank(now: Micros, intervalMicros: Micros): void {
    this.at = now
    this.intervalMicros = intervalMicros
    this.expected = 0
  }

  take(report: RateReport, sentBps: number | undefined, now: Micros): void {
    const { expected, intervalMicros } = this
    const received = Math.min(report.received, expected)
    const lost = expected - received
    const drops = Math.min(report.kernelDrops, lost)
    const meanBytes = report.received > 0 ? report.receivedBytes / report.received : 0
    this.at = now
    this.kernel = drops / expected
    this.loss = (lost - drops) / expected
    this.takenBps = (received * meanBytes * 8e6) / intervalMicros
    this.deliveredBps = this.catchesUp ? Math.min(this.takenBps, sentBps ?? 0) : this.takenBps
    const offeredBps = (expected * meanBytes * 8e6) / intervalMicros
    this.follow = sentBps === undefined || sentBps <= 0 ? 1 : offeredBps / sentBps
    this.#learned = false
  }
}

/**
 * Turns a report into (a new or the same) seat. Undefined when its numbers are nonsense. What it
 * claims beyond what was sent (the sequence jumps after an outage) is life but no measurement.
 */
export function takeReport(
  known: Seat | undefined,
  report: RateReport,
  sent: SentHistory,
  now: Micros,
): Seat | undefined {
  const intervalMicros = report.toMicros - report.fromMicros
  const numbers = [report.expected, report.received, report.receivedBytes, report.kernelDrops]
  if (!numbers.every(n => Number.isFinite(n) && n >= 0)) return undefined
  if (!Number.isFinite(report.queueMicros) || !Number.isFinite(report.lagMicros)) return undefined
  if (!(intervalMicros >= INTERVAL_MICROS_MIN && intervalMicros <= INTERVAL_MICROS_MAX)) {
    return undefined
  }
  const seat = known ?? new Seat()
  seat.prefix = report.prefix
  seat.intervalMicros = intervalMicros
  seat.catchesUp = seat.lagMicros > LAG_MICROS
  seat.lagMicros = Math.max(0, report.lagMicros)
  seat.queueMicros = Math.max(0, report.queueMicros)
  const lateMicros = seat.queueMicros + seat.lagMicros
  seat.sentUntil = now - LAG_MICROS - Math.min(lateMicros, intervalMicros)
  const sentBps = sent.meanBps(seat.sentUntil - intervalMicros, seat.sentUntil)
  const sentBytes = ((sentBps ?? 0) * intervalMicros) / 8e6
  const meanBytes = report.received > 0 ? report.receivedBytes / report.received : 0
  if (report.expected === 0 || report.received === 0) {
    seat.blank(now, intervalMicros)
    // Who was behind has not looked since: all of it waits in its socket.
    if (sentBytes >= SILENCE_BYTES && !seat.catchesUp) {
      seat.expected = Math.max(report.expected, 1)
      seat.take({ ...report, received: 0, kernelDrops: 0 }, sentBps, now)
    }
    return seat
  }
  if (sentBps !== undefined && report.expected * meanBytes > PLAUSIBLE * sentBytes + 20_000) {
    seat.blank(now, intervalMicros)
    return seat
  }
  seat.expected = report.expected
  seat.take(report, sentBps, now)
  return seat
}
