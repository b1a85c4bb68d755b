// Groups of blocks that share parity: consecutive blocks in global order, aligned, across chunks and
// files. A group's columns are the symbols that are really in it, in order.

import { BLOCK_BYTES } from '../base/limits.js'
import { DATA_MAX } from '../fec/reed-solomon.js'
import { type Geometry, symbolsInBlock } from '../meta/geometry.js'

export const BLOCKS_MAX = 16

export class Groups {
  readonly symbolBytes: number
  /** Blocks of a group; the last one may have fewer. */
  readonly blocks: number
  readonly #geometry: Geometry

  constructor(geometry: Geometry, symbolBytes: number) {
    this.#geometry = geometry
    this.symbolBytes = symbolBytes
    const symbols = symbolsInBlock(BLOCK_BYTES, symbolBytes)
    this.blocks = Math.min(BLOCKS_MAX, Math.floor(DATA_MAX / symbols))
  }

  get count(): number {
    return Math.ceil(this.#geometry.blockCount / this.blocks)
  }

  /** Number of the group that a block is in. */
  of(block: number): number {
    return Math.floor(block / this.blocks)
  }

  first(group: number): number {
    return group * this.blocks
  }

  /** One past its last block. */
  end(group: number): number {
    return Math.min(this.#geometry.blockCount, (group + 1) * this.blocks)
  }

  /** Calls back for every symbol of a group: its column, its block, its number there and its bytes. */
  symbols(
    group: number,
    each: (column: number, block: number, symbol: number, bytes: number) => void,
  ): void {
    let column = 0
    for (let block = this.first(group); block < this.end(group); block++) {
      const blockBytes = this.#geometry.bytesOfBlock(block)
      for (let offset = 0, symbol = 0; offset < blockBytes; offset += this.symbolBytes, symbol++)
        each(column++, block, symbol, Math.min(this.symbolBytes, blockBytes - offset))
    }
  }

  /** How many symbols of a block are not in the mask. */
  missingOf(block: number, mask: number): number {
    let missing = 0
    const symbols = symbolsInBlock(this.#geometry.bytesOfBlock(block), this.symbolBytes)
    for (let symbol = 0; symbol < symbols; symbol++) if ((mask & (1 << symbol)) === 0) missing++
    return missing
  }

  /** How many columns a group has: k of its code. */
  columns(group: number): number {
    let count = 0
    for (let block = this.first(group); block < this.end(group); block++)
      count += symbolsInBlock(this.#geometry.bytesOfBlock(block), this.symbolBytes)
    return count
  }
}
