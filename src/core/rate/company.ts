// Several transmitters of one transfer on one line. Each would find its own part by delay and loss,
// but unfairly: whoever came first keeps the most. So receivers report beside each session what they
// heard of the others, and everyone keeps to its share: an equal part of what the line brings in
// all, or what the others leave of it where they want less (max-min fairness). What arrives cannot
// be forged as an announcement can, it never exceeds the line, and the median receiver is believed.

import type { Micros } from '../base/machine.js'
import type { RateReport } from './controller.js'

/** So much is heard before it is judged: shorter intervals are noise. */
const SAMPLE_MICROS = 500_000
/** A receiver that has not reported for so long says nothing about now. */
const FRESH_MICROS = 3_000_000
/** The line is the most that came in this time, so a share that is left free is found again. */
const LINE_MEMORY_MICROS = 10_000_000
/** A line that brings less than this share of what it brought has room. */
const FULL = 0.93
/** Others who leave room for so long do not want it; they do when they grow by so much. */
const CONTENT_MICROS = 3_000_000
const CONTENT_GROWTH = 1.1
/** Room is looked for by a long step, and not more often than this. */
const SEARCH_EVERY_MICROS = 2_000_000

interface Ears {
  micros: Micros
  ownBytes: number
  othersBytes: number
  at: Micros
  count: number
  ownBps: number
  othersBps: number
}

const DEAF: Ears = {
  micros: 0,
  ownBytes: 0,
  othersBytes: 0,
  at: 0,
  count: 0,
  ownBps: 0,
  othersBps: 0,
}

export class Company {
  readonly #ears = new Map<number, Ears>()
  #lineBps = 0
  #lineAt: Micros = 0
  #ownBps = 0
  #othersBps = 0
  /** The others take no more than this, whatever is left to them. */
  #contentBps = Number.POSITIVE_INFINITY
  #roomSince: Micros = 0
  #searchAt: Micros = 0
  #ceilingBps = Number.POSITIVE_INFINITY

  /** The most that is ours, in bits per second; Infinity while nobody else is heard. */
  get ceilingBps(): number {
    return this.#ceilingBps
  }

  /** Some of our share lies idle, because others gave way or ended: true once, then not for 2 s. */
  seesRoom(now: Micros): boolean {
    if (this.#lineBps === 0 || now - this.#lineAt > LINE_MEMORY_MICROS) return false
    const ours = Math.min(this.#ceilingBps, this.#lineBps - this.#othersBps)
    if (this.#ownBps > FULL * ours || now < this.#searchAt) return false
    this.#searchAt = now + SEARCH_EVERY_MICROS
    return true
  }

  onReport(report: RateReport, now: Micros): void {
    const { receiver, fromMicros, toMicros, receivedBytes, othersCount, othersBytes } = report
    const ears = this.#ears.get(receiver)
    if (ears === undefined) {
      if (othersCount > 0) this.#ears.set(receiver, { ...DEAF, at: now })
      return
    }
    ears.micros += toMicros - fromMicros
    ears.ownBytes += receivedBytes
    ears.othersBytes += othersBytes
    if (ears.micros < SAMPLE_MICROS) return
    ears.at = now
    ears.count = othersCount
    ears.ownBps = (ears.ownBytes * 8e6) / ears.micros
    ears.othersBps = (ears.othersBytes * 8e6) / ears.micros
    ears.micros = 0
    ears.ownBytes = 0
    ears.othersBytes = 0
    this.#share(now)
  }

  onGone(receiver: number): void {
    this.#ears.delete(receiver)
  }

  #share(now: Micros): void {
    const fresh = [...this.#ears.values()].filter(ears => now - ears.at < FRESH_MICROS)
    const count = median(fresh.map(ears => ears.count))
    this.#ownBps = median(fresh.map(ears => ears.ownBps))
    this.#othersBps = median(fresh.map(ears => ears.othersBps))
    if (count === 0) {
      this.#ceilingBps = Number.POSITIVE_INFINITY
      this.#contentBps = Number.POSITIVE_INFINITY
      return
    }
    if (this.#ceilingBps === Number.POSITIVE_INFINITY) this.#roomSince = now
    const lineBps = this.#ownBps + this.#othersBps
    if (lineBps >= this.#lineBps || now - this.#lineAt > LINE_MEMORY_MICROS) {
      this.#lineBps = lineBps
      this.#lineAt = now
    }
    if (lineBps > FULL * this.#lineBps) this.#roomSince = now
    else if (now - this.#roomSince > CONTENT_MICROS) this.#contentBps = this.#othersBps
    if (this.#othersBps > CONTENT_GROWTH * this.#contentBps)
      this.#contentBps = Number.POSITIVE_INFINITY
    const fairBps = (this.#lineBps * count) / (1 + count)
    this.#ceilingBps = this.#lineBps - Math.min(fairBps, this.#contentBps)
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0
}
