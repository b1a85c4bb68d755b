// The only place that divides: file ⇄ chunk ⇄ block ⇄ symbol. Chunks and blocks are numbered
// globally in file order; every file starts a new chunk, so chunks and blocks never span files.

import { assert } from '../base/assert.js'
import { BLOCK_BYTES, LIMITS } from '../base/limits.js'

/** Where a block's bytes live: `offset` bytes into the content of file number `file`. */
export interface Place {
  readonly file: number
  readonly offset: number
  readonly bytes: number
}

export class Geometry {
  readonly chunkBytes: number
  readonly blocksPerChunk: number
  readonly fileCount: number
  readonly chunkCount: number
  readonly blockCount: number
  readonly totalBytes: number
  readonly #sizes: Float64Array
  /** First global chunk and block of each file, and one past the last: fileCount + 1 entries. */
  readonly #firstChunk: Float64Array
  readonly #firstBlock: Float64Array

  /**
   * @param sizesBytes size of each file in meta order; links and directories count as 0
   * @param chunkBytes power of two, at least one block
   */
  constructor(sizesBytes: readonly number[], chunkBytes: number) {
    assert(chunkBytes >= BLOCK_BYTES && Number.isInteger(Math.log2(chunkBytes)), 'chunk size')
    this.chunkBytes = chunkBytes
    this.blocksPerChunk = chunkBytes / BLOCK_BYTES
    this.fileCount = sizesBytes.length
    this.#sizes = Float64Array.from(sizesBytes)
    this.#firstChunk = new Float64Array(sizesBytes.length + 1)
    this.#firstBlock = new Float64Array(sizesBytes.length + 1)
    let total = 0
    for (let i = 0; i < sizesBytes.length; i++) {
      const size = sizesBytes[i]
      total += size
      this.#firstChunk[i + 1] = this.#firstChunk[i] + Math.ceil(size / chunkBytes)
      this.#firstBlock[i + 1] = this.#firstBlock[i] + Math.ceil(size / BLOCK_BYTES)
    }
    this.totalBytes = total
    this.chunkCount = this.#firstChunk[sizesBytes.length]
    this.blockCount = this.#firstBlock[sizesBytes.length]
    assert(this.blockCount <= LIMITS.blocksMax, 'block count')
  }

  sizeOfFile(file: number): number {
    return this.#sizes[file]
  }

  firstBlockOfFile(file: number): number {
    return this.#firstBlock[file]
  }

  blocksOfFile(file: number): number {
    return this.#firstBlock[file + 1] - this.#firstBlock[file]
  }

  firstChunkOfFile(file: number): number {
    return this.#firstChunk[file]
  }

  chunksOfFile(file: number): number {
    return this.#firstChunk[file + 1] - this.#firstChunk[file]
  }

  fileOfBlock(block: number): number {
    return indexIn(this.#firstBlock, block)
  }

  fileOfChunk(chunk: number): number {
    return indexIn(this.#firstChunk, chunk)
  }

  chunkOfBlock(block: number): number {
    const file = this.fileOfBlock(block)
    const inFile = block - this.#firstBlock[file]
    return this.#firstChunk[file] + Math.floor(inFile / this.blocksPerChunk)
  }

  firstBlockOfChunk(chunk: number): number {
    const file = this.fileOfChunk(chunk)
    return this.#firstBlock[file] + (chunk - this.#firstChunk[file]) * this.blocksPerChunk
  }

  blocksOfChunk(chunk: number): number {
    const file = this.fileOfChunk(chunk)
    const before = (chunk - this.#firstChunk[file]) * this.blocksPerChunk
    return Math.min(this.blocksPerChunk, this.blocksOfFile(file) - before)
  }

  bytesOfChunk(chunk: number): number {
    const file = this.fileOfChunk(chunk)
    const offset = (chunk - this.#firstChunk[file]) * this.chunkBytes
    return Math.min(this.chunkBytes, this.#sizes[file] - offset)
  }

  bytesOfBlock(block: number): number {
    const file = this.fileOfBlock(block)
    const offset = (block - this.#firstBlock[file]) * BLOCK_BYTES
    return Math.min(BLOCK_BYTES, this.#sizes[file] - offset)
  }

  /** How many of `count` blocks from this one on are full ones of the same chunk. */
  fullBlocks(block: number, count: number): number {
    const chunk = this.chunkOfBlock(block)
    const most = this.firstBlockOfChunk(chunk) + this.blocksOfChunk(chunk) - block
    const within = Math.min(most, count)
    // Only the last block of a file may be a short one.
    return within > 0 && this.bytesOfBlock(block + within - 1) < BLOCK_BYTES ? within - 1 : within
  }

  placeOfBlock(block: number): Place {
    const file = this.fileOfBlock(block)
    const offset = (block - this.#firstBlock[file]) * BLOCK_BYTES
    return { file, offset, bytes: Math.min(BLOCK_BYTES, this.#sizes[file] - offset) }
  }

  placeOfChunk(chunk: number): Place {
    const file = this.fileOfChunk(chunk)
    const offset = (chunk - this.#firstChunk[file]) * this.chunkBytes
    return { file, offset, bytes: Math.min(this.chunkBytes, this.#sizes[file] - offset) }
  }
}

/** The last i with starts[i] <= value, skipping empty files; binary search. */
function indexIn(starts: Float64Array, value: number): number {
  let low = 0
  let high = starts.length - 1
  assert(value >= 0 && value < starts[high], 'index within the geometry')
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (starts[middle] <= value) low = middle
    else high = middle
  }
  return low
}

/**
 * Symbols of a full block: the smallest n for which a symbol, our header, the IP and UDP headers
 * and an authentication tag fit the MTU (both header allowances are for IPv6).
 */
export function symbolsPerBlock(mtuBytes: number): number {
  let n = 1
  while (Math.ceil(BLOCK_BYTES / n) + 48 > mtuBytes - 48) n++
  return n
}

/** Bytes of a symbol when a full block has `n` of them. */
export function symbolBytesOf(n: number): number {
  return Math.ceil(BLOCK_BYTES / n)
}

/** Symbols that a block of `blockBytes` bytes really has; the last may be short of data. */
export function symbolsInBlock(blockBytes: number, symbolBytes: number): number {
  return Math.ceil(blockBytes / symbolBytes)
}
