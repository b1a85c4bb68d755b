// A receiver that loses far more of a blast than the others will not be waited for, and what its line
// wastes on datagrams it loses anyway is better spent on the swarm. So the transmitter, which alone
// can compare, advises it to leave the group, and it leaves: it says why, lives on the swarm, and
// tries the group once more later. Where the flood goes on all the same (a switch that does not
// snoop), leaving has won nothing, so it comes back and keeps what it hears. It never loses what it
// has.

import type { Micros } from '../base/machine.js'

/** More than the others lose, by so much, for so long. */
const LOSS_BEYOND = 0.15
const PATIENCE_MICROS = 5_000_000
/** A report says nothing about now when it is older. */
const RECENT_MICROS = 2_500_000
/** Fewer datagrams are no sample. */
const EXPECTED_MIN = 20

/** The transmitter's side: who loses far more than the lower half of the others. */
export class Laggards {
  readonly #seats = new Map<number, { loss: number; at: Micros; farSince: Micros | undefined }>()

  /** What receiver `index` lost of the latest interval, drops at its own socket included. */
  onReport(index: number, expected: number, received: number, now: Micros): void {
    if (expected < EXPECTED_MIN) return
    const loss = Math.min(1, Math.max(0, 1 - received / expected))
    const seat = this.#seats.get(index)
    if (seat === undefined) this.#seats.set(index, { loss, at: now, farSince: undefined })
    else {
      seat.loss = loss
      seat.at = now
      // Who loses little is far from nobody: among thousands only a few need the comparison.
      const far = loss > LOSS_BEYOND && loss - this.#usual(now) > LOSS_BEYOND
      seat.farSince = far ? (seat.farSince ?? now) : undefined
    }
  }

  onGone(index: number): void {
    this.#seats.delete(index)
  }

  /** The loss of a receiver that should leave the group; undefined when it should not. */
  advice(index: number, now: Micros): number | undefined {
    const seat = this.#seats.get(index)
    if (seat?.farSince === undefined || now - seat.at > RECENT_MICROS) return undefined
    return now - seat.farSince >= PATIENCE_MICROS ? seat.loss : undefined
  }

  /** What a receiver in the better half loses; nobody is far from it who is alone. */
  #usual(now: Micros): number {
    const losses = [...this.#seats.values()]
      .filter(seat => now - seat.at <= RECENT_MICROS)
      .map(seat => seat.loss)
      .sort((a, b) => a - b)
    return losses[(losses.length - 1) >> 1] ?? 0
  }
}

/** It is tried again after so long, once. */
const RETURN_MICROS = 60_000_000
/** After leaving, what the line still carries is counted for so long. */
const SETTLE_MICROS = 1_000_000
const LOOK_MICROS = 2_000_000
/** Of what the line carries, more than this share is neither ours nor little. */
const FLOOD_SHARE = 0.5
const FLOOD_BPS = 500_000

interface Count {
  readonly at: Micros
  readonly lineBytes: number
  readonly peerBytes: number
}

/** The receiver's side. */
export class Demotion {
  #leftAt: Micros | undefined
  #loss = 0
  #times = 0
  #first: Count | undefined
  #flooded = false

  /** Why the group was left, while it is. */
  get why(): string | undefined {
    if (this.#leftAt === undefined) return undefined
    return `this host loses ${Math.round(this.#loss * 100)} % of the blast, far more than the others`
  }

  /** The transmitter's advice; true when the group is to be left now. */
  advised(loss: number | undefined, now: Micros): boolean {
    if (loss === undefined || this.#leftAt !== undefined || this.#flooded || this.#times >= 2)
      return false
    this.#leftAt = now
    this.#loss = loss
    this.#times++
    this.#first = undefined
    return true
  }

  /** Bytes that our lines carried towards us so far, where that is known, and those of peers. */
  onLoad(lineBytes: number | undefined, peerBytes: number, now: Micros): void {
    if (this.#leftAt === undefined || lineBytes === undefined) return
    if (now - this.#leftAt < SETTLE_MICROS) return
    this.#first ??= { at: now, lineBytes, peerBytes }
    const spanMicros = now - this.#first.at
    if (spanMicros < LOOK_MICROS || this.#times === 0) return
    const line = lineBytes - this.#first.lineBytes
    const foreign = line - 1.2 * (peerBytes - this.#first.peerBytes)
    const flood = (foreign * 8e6) / spanMicros > FLOOD_BPS && foreign > FLOOD_SHARE * line
    this.#first = { at: now, lineBytes, peerBytes }
    if (flood) this.#flooded = true
  }

  /** True once when the group should be joined again. */
  returns(now: Micros): boolean {
    if (this.#leftAt === undefined) return false
    const again = this.#times < 2 && now - this.#leftAt >= RETURN_MICROS
    if (!again && !this.#flooded) return false
    this.#leftAt = undefined
    return true
  }
}
