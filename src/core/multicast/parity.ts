// Parity in a pass: after the last block of a group, when all of the group went by, its rows follow.
// They are made of what was sent, so the chunks of a group are kept until its rows are out.

import { assert } from '../base/assert.js'
import { PARITY_MAX } from '../fec/reed-solomon.js'
import type { Groups } from './groups.js'

export class Parity {
  readonly #groups: Groups
  readonly #rowsFor: (columns: number) => number
  #group = -1
  #sentBlocks = 0
  #spent: number[] = []
  #row = 0
  #pending = false
  #rows = 0

  constructor(groups: Groups, rowsFor: (columns: number) => number) {
    this.#groups = groups
    this.#rowsFor = rowsFor
  }

  /** Rows of the group wait to be sent. */
  get pending(): boolean {
    return this.#pending
  }

  get firstBlock(): number {
    return this.#groups.first(this.#group)
  }

  /** The next block begins; returns chunks that are no longer needed. */
  enter(block: number): readonly number[] {
    const group = this.#groups.of(block)
    if (group === this.#group) return []
    const free = this.leave()
    this.#group = group
    const rows = Math.ceil(this.#rowsFor(this.#groups.columns(group)))
    this.#rows = Math.max(0, Math.min(PARITY_MAX, rows))
    return free
  }

  /** A block of the group is out. */
  sent(): void {
    this.#sentBlocks++
    const blocks = this.#groups.end(this.#group) - this.firstBlock
    this.#pending = this.#rows > 0 && this.#sentBlocks === blocks
  }

  /** The next row to send. */
  next(): number {
    assert(this.#pending, 'rows wait to be sent')
    const row = this.#row++
    this.#pending = this.#row < this.#rows
    return row
  }

  /** All of the chunk was sent; returns what is no longer needed: it, unless parity is made of it. */
  spend(chunk: number): readonly number[] {
    if (this.#rows === 0) return [chunk]
    this.#spent.push(chunk)
    return []
  }

  /** The group is over; returns the chunks that were kept for it. */
  leave(): readonly number[] {
    const free = this.#spent
    this.#spent = []
    this.#group = -1
    this.#sentBlocks = 0
    this.#row = 0
    this.#pending = false
    this.#rows = 0
    return free
  }
}
