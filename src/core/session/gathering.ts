// What is whole waits a moment for its neighbours, so that they are written by one call: a call (a thread
// to wake, and to be woken by) costs more than the copy of a block. Where a blast loses something here
// and there, the blocks between are whole before the parity of their group makes up for the others; most
// calls then wrote four or five blocks, and took a tenth of a receiver's time. Nobody waits once all is
// here, or nothing more comes.

import type { Micros } from '../base/machine.js'
import type { Geometry } from '../meta/geometry.js'
import { blocksIn, type Piece } from './partial.js'

/** So many blocks are written by one call, or hardly more. */
const RUN_BLOCKS = 64
/** As few as these wait for no more: the group that the blast codes together. */
const RUN_BLOCKS_MIN = 16
/** It looks so often, and keeps a shorter run that has waited less than this. */
const GATHER_MICROS = 30_000
const PATIENCE_MICROS = 60_000
/** No more blocks than these are kept waiting. */
const WAITING_BLOCKS_MAX = 256

interface Waiting {
  readonly piece: Piece
  readonly since: Micros
}

export class Gathering {
  readonly #geometry: Geometry
  #waiting: Waiting[] = []
  #waitingBlocks = 0
  /** Blocks that came since the last look. */
  #newBlocks = 0
  /** Blocks that did not come yet; fewer when some came wrong and come again. */
  #missingBlocks: number
  /** When to look for what is to be written; `Infinity` while nothing waits. */
  deadline: Micros = Number.POSITIVE_INFINITY

  /** `missingBlocks`: how many are not on disk at the beginning. */
  constructor(geometry: Geometry, missingBlocks: number) {
    this.#geometry = geometry
    this.#missingBlocks = missingBlocks
  }

  add(pieces: readonly Piece[], now: Micros): void {
    for (const piece of pieces) {
      this.#waiting.push({ piece, since: now })
      this.#newBlocks += blocksIn(piece)
      this.#missingBlocks -= blocksIn(piece)
    }
    const isDue = this.#newBlocks >= RUN_BLOCKS || this.#missingBlocks <= 0
    this.deadline = Math.min(this.deadline, isDue ? now : now + GATHER_MICROS)
  }

  /** What is to be written now, by one call each: neighbours of one file, in their order. */
  take(now: Micros): Piece[][] {
    if (now < this.deadline) return []
    this.#waitingBlocks += this.#newBlocks
    const isLast = this.#newBlocks === 0 || this.#missingBlocks <= 0
    const takesAll = isLast || this.#waitingBlocks > WAITING_BLOCKS_MAX
    this.#newBlocks = 0
    const all = this.#waiting.sort((a, b) => a.piece.block - b.piece.block)
    this.#waiting = []
    this.#waitingBlocks = 0
    const runs: Piece[][] = []
    for (let from = 0; from < all.length; ) {
      const { to, blocks, since } = this.#run(all, from)
      const run = all.slice(from, to)
      from = to
      const isLong = blocks >= RUN_BLOCKS_MIN || this.#isWholeFile(run[0].piece.block, blocks)
      if (takesAll || isLong || now - since >= PATIENCE_MICROS) {
        runs.push(run.map(({ piece }) => piece))
      } else {
        this.#waiting.push(...run)
        this.#waitingBlocks += blocks
      }
    }
    this.deadline = this.#waitingBlocks > 0 ? now + GATHER_MICROS : Number.POSITIVE_INFINITY
    return runs
  }

  /** Where the run that begins with entry `from` ends, its blocks, and since when the first of it waits. */
  #run(all: readonly Waiting[], from: number): { to: number; blocks: number; since: Micros } {
    let { since } = all[from]
    let blocks = blocksIn(all[from].piece)
    let to = from + 1
    for (; to < all.length && blocks < RUN_BLOCKS && this.#follows(all, to); to++) {
      since = Math.min(since, all[to].since)
      blocks += blocksIn(all[to].piece)
    }
    return { to, blocks, since }
  }

  #isWholeFile(first: number, blocks: number): boolean {
    const file = this.#geometry.fileOfBlock(first)
    return blocks === this.#geometry.blocksOfFile(file)
  }

  /** Entry `i` continues the one before it in the same file. */
  #follows(all: readonly Waiting[], i: number): boolean {
    const [before, { block }] = [all[i - 1].piece, all[i].piece]
    if (block !== before.block + blocksIn(before)) return false
    return this.#geometry.fileOfBlock(block) === this.#geometry.fileOfBlock(before.block)
  }
}
