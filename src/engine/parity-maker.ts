// The rows of parity of a group of blocks, made from the chunks in memory when they are due, some at a
// time: to go through the group once costs as much as to code a few rows.

import { BLOCK_BYTES } from '../core/base/limits.js'
import { PARITY_MAX, ReedSolomon } from '../core/fec/reed-solomon.js'
import type { MetaTree } from '../core/meta/tree.js'
import { Groups } from '../core/multicast/groups.js'
import { fecKernel } from '../io/native/fec.js'
import type { Chunks } from './chunks.js'

const ROWS = 8

/** Symbols of a group that lie in one chunk. */
interface Stretch {
  readonly columns: number[]
  readonly at: number[]
  readonly bytes: number[]
}

export class ParityMaker {
  readonly #tree: MetaTree
  readonly #chunks: Chunks
  readonly #groups: Groups
  #code: ReedSolomon | undefined
  readonly #slab: Uint8Array
  /** The rows that lie in the slab: ROWS of this group, from this one on. */
  #group = -1
  #first = 0

  constructor(tree: MetaTree, chunks: Chunks, symbolBytes: number) {
    this.#tree = tree
    this.#chunks = chunks
    this.#groups = new Groups(tree.geometry, symbolBytes)
    this.#slab = new Uint8Array(ROWS * symbolBytes)
  }

  get symbolBytes(): number {
    return this.#groups.symbolBytes
  }

  /** A row of the group that begins with this block; valid until the next call. */
  row(firstBlock: number, row: number): Uint8Array {
    const group = this.#groups.of(firstBlock)
    const first = row - (row % ROWS)
    if (row === first || group !== this.#group || first !== this.#first) this.#make(group, first)
    const at = (row - first) * this.#groups.symbolBytes
    return this.#slab.subarray(at, at + this.#groups.symbolBytes)
  }

  #make(group: number, first: number): void {
    const { symbolBytes } = this.#groups
    this.#group = group
    this.#first = first
    this.#slab.fill(0)
    this.#code ??= new ReedSolomon(fecKernel())
    const count = Math.min(ROWS, PARITY_MAX - first)
    const rows = Array.from({ length: count }, (_, i) => first + i)
    const parity = { slab: this.#slab, at: rows.map((_, i) => i * symbolBytes) }
    for (const [chunk, { columns, at, bytes }] of this.#stretches(group)) {
      const slab = this.#chunks.get(chunk)!.bytes
      this.#code.encode(columns, { slab, at, bytes }, rows, parity, symbolBytes)
    }
  }

  #stretches(group: number): Map<number, Stretch> {
    const { geometry } = this.#tree
    const stretches = new Map<number, Stretch>()
    this.#groups.symbols(group, (column, block, symbol, bytes) => {
      const chunk = geometry.chunkOfBlock(block)
      const stretch = stretches.get(chunk) ?? { columns: [], at: [], bytes: [] }
      stretches.set(chunk, stretch)
      const inChunk = block - geometry.firstBlockOfChunk(chunk)
      stretch.columns.push(column)
      stretch.at.push(inChunk * BLOCK_BYTES + symbol * this.#groups.symbolBytes)
      stretch.bytes.push(bytes)
    })
    return stretches
  }
}
