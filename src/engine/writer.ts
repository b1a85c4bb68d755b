// Blocks on their way to the disk. What comes within some milliseconds is written together:
// neighbours go in one call, because a call (a thread to wake, and to be woken by) costs more than
// the copy of a block.

import { BLOCK_BYTES } from '../core/base/limits.js'
import type { Geometry } from '../core/meta/geometry.js'
import type { ChunkStore } from '../ports.js'

interface Waiting {
  readonly block: number
  readonly bytes: Uint8Array
}

/** Blocks written by one call. */
const RUN_BLOCKS = 64
const GATHER_MILLIS = 30

export interface WriterOptions {
  readonly geometry: Geometry
  readonly store: ChunkStore
  readonly onWritten: (blocks: readonly number[]) => void
  readonly onFailure: (error: unknown) => void
}

export class Writer {
  readonly #options: WriterOptions
  #waiting: Waiting[] = []
  #timer: NodeJS.Timeout | undefined
  /** Bytes that wait for the disk. */
  queuedBytes = 0

  constructor(options: WriterOptions) {
    this.#options = options
  }

  /** `bytes` must stay as they are until `onWritten`. */
  write(block: number, bytes: Uint8Array): void {
    this.queuedBytes += bytes.length
    this.#waiting.push({ block, bytes })
    if (this.#waiting.length === RUN_BLOCKS) this.#flush()
    else this.#timer ??= setTimeout(() => this.#flush(), GATHER_MILLIS)
  }

  #flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const waiting = this.#waiting.sort((a, b) => a.block - b.block)
    this.#waiting = []
    for (let from = 0; from < waiting.length; ) {
      let to = from + 1
      while (to < waiting.length && to - from < RUN_BLOCKS && this.#follows(waiting, to)) to++
      this.#put(waiting.slice(from, to))
      from = to
    }
  }

  /** Entry `i` continues the one before it in the same file. */
  #follows(waiting: readonly Waiting[], i: number): boolean {
    const before = waiting[i - 1]
    if (waiting[i].block !== before.block + 1 || before.bytes.length !== BLOCK_BYTES) return false
    const { geometry } = this.#options
    return geometry.fileOfBlock(waiting[i].block) === geometry.fileOfBlock(before.block)
  }

  #put(run: readonly Waiting[]): void {
    const { geometry, store, onWritten, onFailure } = this.#options
    const { file, offset } = geometry.placeOfBlock(run[0].block)
    const parts = run.map(({ bytes }) => bytes)
    store.write(file, offset, parts).then(() => {
      for (const { bytes } of run) this.queuedBytes -= bytes.length
      onWritten(run.map(({ block }) => block))
    }, onFailure)
  }
}
