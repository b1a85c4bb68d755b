// What may be asked of peers now, and what has been asked. A block is due when the plan allows it and
// nobody was asked for it; it comes back when its answers are in and it is still not whole.

import type { Bitmap } from '../base/bitmap.js'
import type { Micros } from '../base/machine.js'
import { RangeSet } from '../base/ranges.js'

/** What is spared comes when others of its group have; so long that is awaited. */
const SPARED_MICROS = 1_500_000

export class Wants {
  readonly due = new RangeSet()
  /** What of `due` is so for so long that even a transmitter that blasts may be asked. */
  readonly overdue = new RangeSet()
  /** What a relay is to fetch from outside. */
  readonly outer = new RangeSet()
  /** Whether a missing block is the relay's to fetch. */
  isDuty: (block: number) => boolean = () => false
  /** Blocks asked for: how many answers are owed, and since when. */
  readonly #pending = new Map<number, { answers: number; since: Micros }>()
  readonly isMissing: (block: number) => boolean
  /** Blocks that are missing, and will be restored when others of their group are here; since when. */
  readonly #spared = new Map<number, Micros>()
  readonly #recent: { at: Micros; first: number; count: number }[] = []

  constructor(isMissing: (block: number) => boolean) {
    this.isMissing = isMissing
  }

  get pendingCount(): number {
    return this.#pending.size
  }

  /** Somebody owes an answer for this block. */
  isPending(block: number): boolean {
    return this.#pending.has(block)
  }

  /** Everything that is missing may be asked for. */
  everything(verified: Bitmap, now: Micros): void {
    for (let first = verified.nextClear(0); first >= 0; ) {
      const next = verified.nextSet(first)
      const end = next < 0 ? verified.size : next
      this.pass(first, end - first, now)
      first = next < 0 ? -1 : verified.nextClear(end)
    }
  }

  /** Nothing may be asked for any more, but for what `pass` says from now on. */
  nothing(): void {
    this.due.clear()
    this.overdue.clear()
    this.#recent.length = 0
  }

  /** The blast has passed these blocks: what is missing of them, and not asked for yet, is due. */
  passed(first: number, count: number, now: Micros): void {
    const end = first + count
    for (let block = first; block < end; block++) {
      if (!this.isMissing(block)) continue
      const from = block
      while (block < end && this.isMissing(block)) block++
      this.pass(from, block - from, now)
    }
  }

  /** All of these blocks are missing; those not asked for yet are due. */
  pass(first: number, count: number, now: Micros): void {
    this.due.add(first, count)
    for (const block of this.#pending.keys())
      if (block >= first && block < first + count) this.due.delete(block, 1)
    this.#recent.push({ at: now, first, count })
  }

  /** These blocks need not be asked for, for a while. */
  spare(blocks: readonly number[], now: Micros): void {
    for (const block of blocks) {
      this.settled(block)
      this.#spared.delete(block)
      this.#spared.set(block, now)
    }
  }

  /** Moves what has been due for long enough to `overdue`, and what was spared in vain to `due`. */
  age(patienceMicros: Micros, now: Micros): void {
    const isOver = this.due.total === 0 && this.#pending.size === 0
    for (const [block, since] of this.#spared) {
      if (!isOver && now - since < SPARED_MICROS) break
      this.#spared.delete(block)
      if (this.isMissing(block)) this.again(block)
    }
    while (this.#recent.length > 0 && now - this.#recent[0].at >= patienceMicros) {
      const { first, count } = this.#recent.shift()!
      this.overdue.add(first, count)
      for (const gap of this.due.complementIn(first, count))
        this.overdue.delete(gap.first, gap.count)
    }
  }

  /** One more answer is owed for this block. */
  asked(block: number, now: Micros): void {
    this.settled(block)
    const pending = this.#pending.get(block)
    if (pending) pending.answers++
    else this.#pending.set(block, { answers: 1, since: now })
  }

  /** An answer came, or will not come; true when the block is due again. */
  answered(block: number): boolean {
    const pending = this.#pending.get(block)
    if (pending === undefined) return false
    if (--pending.answers > 0) return false
    this.#pending.delete(block)
    if (!this.isMissing(block)) return false
    this.#again(block)
    return true
  }

  /** The block is whole and right, or on its way: nobody else need be asked. */
  settled(block: number, count = 1): void {
    this.due.delete(block, count)
    this.overdue.delete(block, count)
    this.outer.delete(block, count)
  }

  /** The block was wrong, or its data got lost here: it is due at once, from anybody. */
  again(block: number): void {
    if (!this.#pending.has(block)) this.#again(block)
  }

  #again(block: number): void {
    this.due.add(block, 1)
    this.overdue.add(block, 1)
    if (this.isDuty(block)) this.outer.add(block, 1)
  }

  /** Blocks asked for that have been owed since before `since`, for the endgame. */
  *owedSince(since: Micros): Iterable<number> {
    for (const [block, pending] of this.#pending)
      if (pending.since <= since && this.isMissing(block)) yield block
  }
}
