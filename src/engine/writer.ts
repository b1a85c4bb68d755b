// Blocks on their way to the disk, gathered so that neighbours go in one call.

import type { Geometry } from '../core/meta/geometry.js'
import { Gathering } from '../core/session/gathering.js'
import type { Piece } from '../core/session/partial.js'
import type { ChunkStore } from '../ports.js'
import { nowMicros } from './drive.js'

export interface WriterOptions {
  readonly geometry: Geometry
  /** How many blocks are not on disk yet. */
  readonly missingBlocks: number
  readonly pool: Uint8Array
  readonly store: ChunkStore
  readonly onWritten: (pieces: readonly Piece[]) => void
  readonly onFailure: (error: unknown) => void
}

export class Writer {
  readonly #options: WriterOptions
  readonly #gathering: Gathering
  #timer: NodeJS.Timeout | undefined
  /** Bytes that wait for the disk. */
  queuedBytes = 0

  constructor(options: WriterOptions) {
    this.#options = options
    this.#gathering = new Gathering(options.geometry, options.missingBlocks)
  }

  /** They must stay as they are in the pool until `onWritten`. */
  write(pieces: readonly Piece[]): void {
    this.#gathering.add(pieces, nowMicros())
    this.#look()
  }

  #look(): void {
    for (const run of this.#gathering.take(nowMicros())) this.#put(run)
    const { deadline } = this.#gathering
    if (deadline === Number.POSITIVE_INFINITY) return
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined
        this.#look()
      },
      Math.ceil((deadline - nowMicros()) / 1000),
    )
  }

  #put(run: readonly Piece[]): void {
    const { geometry, store, onWritten, onFailure } = this.#options
    const { file, offset } = geometry.placeOfBlock(run[0].block)
    // What waits for its neighbours waits for no disk.
    for (const { bytes } of run) this.queuedBytes += bytes
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
