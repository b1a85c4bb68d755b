// Blocks on their way to the disk. What comes within some milliseconds is written together:
// neighbours go in one call, because a call (a thread to wake, and to be woken by) costs more than
// the copy of a block.

import { BLOCK_BYTES } from '../core/base/limits.js'
import type { Geometry } from '../core/meta/geometry.js'
import { blocksIn, type Piece } from '../core/session/partial.js'
import type { ChunkStore } from '../ports.js'

/** So many blocks are written by one call, or hardly more. */
const RUN_BLOCKS = 64
const GATHER_MILLIS = 30

export interface WriterOptions {
  readonly geometry: Geometry
  readonly pool: Uint8Array
  readonly store: ChunkStore
  readonly onWritten: (pieces: readonly Piece[]) => void
  readonly onFailure: (error: unknown) => void
}

export class Writer {
  readonly #options: WriterOptions
  #waiting: Piece[] = []
  #waitingBlocks = 0
  #timer: NodeJS.Timeout | undefined
  /** Bytes that wait for the disk. */
  queuedBytes = 0

  constructor(options: WriterOptions) {
    this.#options = options
  }

  /** They must stay as they are in the pool until `onWritten`. */
  write(pieces: readonly Piece[]): void {
    for (const piece of pieces) {
      this.queuedBytes += piece.bytes
      this.#waitingBlocks += blocksIn(piece)
      this.#waiting.push(piece)
    }
    if (this.#waitingBlocks >= RUN_BLOCKS) this.#flush()
    else this.#timer ??= setTimeout(() => this.#flush(), GATHER_MILLIS)
  }

  #flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const waiting = this.#waiting.sort((a, b) => a.block - b.block)
    this.#waiting = []
    this.#waitingBlocks = 0
    for (let from = 0; from < waiting.length; ) {
      let to = from + 1
      let blocks = blocksIn(waiting[from])
      while (to < waiting.length && blocks < RUN_BLOCKS && this.#follows(waiting, to))
        blocks += blocksIn(waiting[to++])
      this.#put(waiting.slice(from, to))
      from = to
    }
  }

  /** Entry `i` continues the one before it in the same file. */
  #follows(waiting: readonly Piece[], i: number): boolean {
    const before = waiting[i - 1]
    if (waiting[i].block !== before.block + before.bytes / BLOCK_BYTES) return false
    const { geometry } = this.#options
    return geometry.fileOfBlock(waiting[i].block) === geometry.fileOfBlock(before.block)
  }

  #put(run: readonly Piece[]): void {
    const { geometry, store, onWritten, onFailure } = this.#options
    const { file, offset } = geometry.placeOfBlock(run[0].block)
    store.write(file, offset, this.#stretches(run)).then(() => {
      for (const { bytes } of run) this.queuedBytes -= bytes
      onWritten(run)
    }, onFailure)
  }

  /** Neighbours that are neighbours in the pool, too, are one stretch of it. */
  #stretches(run: readonly Piece[]): Uint8Array[] {
    const { pool } = this.#options
    const stretches: Uint8Array[] = []
    for (let i = 0; i < run.length; ) {
      const from = run[i].at
      let end = from
      while (i < run.length && run[i].at === end) end += run[i++].bytes
      stretches.push(pool.subarray(from, end))
    }
    return stretches
  }
}
