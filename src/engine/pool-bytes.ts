// The bytes of blocks under construction. The machine gives every symbol and range its place in a pool
// that it never sees; here is the memory, and all that is done to it: payloads are moved in, blocks
// hashed, restored, written, and spilled to the disk when there is no more room.

import { assert } from '../core/base/assert.js'
import { BLOCK_BYTES, LIMITS } from '../core/base/limits.js'
import { DIGEST_BYTES, digestsAt } from '../core/base/merkle.js'
import type { Geometry } from '../core/meta/geometry.js'
import type { Batch } from '../core/multicast/batch.js'
import type { FetchIn, FetchOut } from '../core/session/fetch.js'
import { blocksIn } from '../core/session/partial.js'
import { loadNative } from '../io/native/load.js'
import type { ChunkStore, Hasher } from '../ports.js'
import { Restorer } from './restorer.js'
import { Writer } from './writer.js'

type Of<Type extends FetchOut['type']> = Extract<FetchOut, { type: Type }>

export interface PoolBytesOptions {
  readonly poolBytes: number
  readonly geometry: Geometry
  /** How many blocks are not on disk yet. */
  readonly missingBlocks: number
  readonly hash: Hasher
  readonly store: ChunkStore
  readonly feed: (input: FetchIn) => void
  readonly onFailure: (error: unknown) => void
}

export class PoolBytes {
  readonly #options: PoolBytesOptions
  readonly #pool: Uint8Array
  readonly #restorer = new Restorer()
  readonly #writer: Writer
  #firstMillis: number | undefined

  constructor(options: PoolBytesOptions) {
    const { poolBytes, geometry, missingBlocks, store, feed, onFailure } = options
    this.#options = options
    this.#pool = new Uint8Array(poolBytes)
    this.#writer = new Writer({
      geometry,
      missingBlocks,
      pool: this.#pool,
      store,
      onWritten: pieces => feed({ type: 'written', pieces }),
      onFailure,
    })
  }

  /** Bytes that wait for the disk. */
  get queuedBytes(): number {
    return this.#writer.queuedBytes
  }

  /** When the first payload came, by `performance.now()`. */
  get firstMillis(): number | undefined {
    return this.#firstMillis
  }

  /** Payloads of a batch that the machine has given their places. */
  place(batch: Batch): void {
    if (this.#move(batch) > 0) this.#firstMillis ??= performance.now()
  }

  #move(batch: Batch): number {
    const { memory, capacity, count, slab } = batch
    const native = loadNative().batch
    if (native && slab) {
      const placed = native.place(memory, capacity, count, slab, this.#pool)
      assert(placed >= 0, 'payloads lie in their slab and in the pool')
      return placed
    }
    return batch.move((at, payload) => this.#pool.set(payload, at))
  }

  copy({ bytes, from, lengthBytes, at }: Of<'copy'>): void {
    this.#firstMillis ??= performance.now()
    if (bytes) this.#pool.set(bytes.subarray(from, from + lengthBytes), at)
  }

  swap({ at, spare, bytes }: Of<'swap'>): void {
    const held = this.#pool.slice(at, at + bytes)
    this.#pool.copyWithin(at, spare, spare + bytes).set(held, spare)
  }

  restore(out: Of<'recover'>): void {
    this.#restorer.restore(out, this.#pool)
  }

  fill({ block, at, spilled }: Of<'fill'>): void {
    const { geometry, store, feed, onFailure } = this.#options
    const { file, offset } = geometry.placeOfBlock(block)
    const reads = spilled.map(part => {
      const from = at + part.offsetBytes
      const into = this.#pool.subarray(from, from + part.lengthBytes)
      return store.read(file, offset + part.offsetBytes, into)
    })
    Promise.all(reads).then(() => feed({ type: 'filled', block }), onFailure)
  }

  /** All in one call: a block alone leaves half of the processor's SHA unit idle (native-notes). */
  verify({ pieces }: Of<'verify'>): void {
    const count = pieces.reduce((sum, piece) => sum + blocksIn(piece), 0)
    const places = new Int32Array(2 * count)
    let i = 0
    for (const { at, bytes } of pieces)
      for (let from = 0; from < bytes; from += BLOCK_BYTES) {
        places[i++] = at + from
        places[i++] = Math.min(BLOCK_BYTES, bytes - from)
      }
    const digests = new Uint8Array(DIGEST_BYTES * count)
    digestsAt(digests, this.#options.hash, this.#pool, places, count)
    this.#options.feed({ type: 'hashed', pieces, digests })
  }

  write({ pieces }: Of<'write'>): void {
    this.#writer.write(pieces)
  }

  spill({ block, at, parts }: Of<'spill'>): void {
    const { geometry, store, feed, onFailure } = this.#options
    const { file, offset } = geometry.placeOfBlock(block)
    const writes = parts.map(part => {
      const from = at + part.offsetBytes
      const bytes = this.#pool.subarray(from, from + part.lengthBytes)
      return store.write(file, offset + part.offsetBytes, [bytes])
    })
    Promise.all(writes).then(() => feed({ type: 'spilled', block }), onFailure)
  }
}

/** How much memory the blocks of a reception get at most. */
export function poolBytesFor(blocks: number): number {
  return Math.min(LIMITS.partialPoolBytes, Math.max(4 << 20, 2 * BLOCK_BYTES * blocks))
}
