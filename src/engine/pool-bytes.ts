// The bytes of blocks under construction. The machine gives every symbol and range its place in a pool
// that it never sees; here is the memory, and all that is done to it: payloads are moved in, blocks
// hashed, restored, written, and spilled to the disk when there is no more room.

import { assert } from '../core/base/assert.js'
import type { Geometry } from '../core/meta/geometry.js'
import type { Batch } from '../core/multicast/batch.js'
import type { FetchIn, FetchOut } from '../core/session/fetch.js'
import { loadNative } from '../io/native/load.js'
import type { ChunkStore, Hasher } from '../ports.js'
import { Digester } from './digester.js'
import { Restorer } from './restorer.js'
import { Writer } from './writer.js'

type Of<Type extends FetchOut['type']> = Extract<FetchOut, { type: Type }>

export interface PoolBytesOptions {
  readonly poolBytes: number
  readonly geometry: Geometry
  readonly hash: Hasher
  readonly store: ChunkStore
  readonly feed: (inputs: readonly FetchIn[]) => void
  readonly onFailure: (error: unknown) => void
}

export class PoolBytes {
  readonly #options: PoolBytesOptions
  readonly #pool: Uint8Array
  readonly #digester: Digester
  readonly #restorer = new Restorer()
  readonly #writer: Writer
  #firstMillis: number | undefined

  constructor(options: PoolBytesOptions) {
    const { poolBytes, geometry, hash, store, feed, onFailure } = options
    this.#options = options
    this.#pool = new Uint8Array(poolBytes)
    this.#digester = new Digester(hash, this.#pool, (block, digest) =>
      feed([{ type: 'hashed', block, digest }]),
    )
    this.#writer = new Writer({
      geometry,
      store,
      onWritten: blocks => feed(blocks.map(block => ({ type: 'written', block }))),
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
    let placed = 0
    for (let i = 0; i < count; i++) {
      if (batch.place[i] < 0) continue
      this.#pool.set(batch.payloadOf(i, batch.placeBytes[i]), batch.place[i])
      placed++
    }
    return placed
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

  verify({ block, at, bytes, spilled }: Of<'verify'>): void {
    if (spilled.length === 0) return this.#digester.add(block, at, bytes)
    const { geometry, store, onFailure } = this.#options
    const { file, offset } = geometry.placeOfBlock(block)
    const reads = spilled.map(part => {
      const from = at + part.offsetBytes
      const into = this.#pool.subarray(from, from + part.lengthBytes)
      return store.read(file, offset + part.offsetBytes, into)
    })
    const done = (): void => {
      this.#digester.add(block, at, bytes)
      this.#digester.flush()
    }
    Promise.all(reads).then(done, onFailure)
  }

  /** Hashes what `verify` has put aside. */
  hash(): void {
    this.#digester.flush()
  }

  write({ block, at, bytes }: Of<'write'>): void {
    this.#writer.write(block, this.#pool.subarray(at, at + bytes))
  }

  spill({ block, at, parts }: Of<'spill'>): void {
    const { geometry, store, feed, onFailure } = this.#options
    const { file, offset } = geometry.placeOfBlock(block)
    const writes = parts.map(part => {
      const from = at + part.offsetBytes
      const bytes = this.#pool.subarray(from, from + part.lengthBytes)
      return store.write(file, offset + part.offsetBytes, [bytes])
    })
    Promise.all(writes).then(() => feed([{ type: 'spilled', block }]), onFailure)
  }
}
