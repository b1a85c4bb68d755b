// How much each file still misses, so that one is finished as soon as its last block is verified.

import type { Bitmap } from '../base/bitmap.js'
import type { Geometry } from '../meta/geometry.js'

export class Files {
  readonly #geometry: Geometry
  /** Blocks missing per file. */
  readonly #left: Uint32Array
  /** Those that have all their data but did not get it from us. */
  readonly whole: number[] = []
  #unfinished = 0

  /** `finished`: those that already stand under their final names. */
  constructor(geometry: Geometry, verified: Bitmap, finished: ReadonlySet<number>) {
    this.#geometry = geometry
    this.#left = new Uint32Array(geometry.fileCount)
    for (let file = 0; file < geometry.fileCount; file++) {
      const blocks = geometry.blocksOfFile(file)
      if (blocks === 0 || finished.has(file)) continue
      this.#unfinished++
      this.#left[file] = blocks - verified.countIn(geometry.firstBlockOfFile(file), blocks)
      if (this.#left[file] === 0) this.whole.push(file)
    }
  }

  get allFinished(): boolean {
    return this.#unfinished === 0
  }

  /** Blocks of one file are verified, `block` and those behind it; the file that they made whole, if any. */
  verified(block: number, count: number): number | undefined {
    const file = this.#geometry.fileOfBlock(block)
    this.#left[file] -= count
    return this.#left[file] === 0 ? file : undefined
  }

  finished(): void {
    this.#unfinished--
  }
}
