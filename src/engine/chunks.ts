// Chunks that a sender has read and checked: each is hashed before anything of it leaves, so that a
// file that changed underneath is noticed and never sent; what peers ask for is checked the same way,
// once for as long as the file's stamp stays the same, and what they ask for next is often in memory
// then. Hashing is done a slice at a time, so that
// the blast's pacing is not held up by it.

import { Bitmap } from '../core/base/bitmap.js'
import { Mcp2pError } from '../core/base/errors.js'
import { BLOCK_BYTES, LIMITS } from '../core/base/limits.js'
import { DIGEST_BYTES, digestsInto } from '../core/base/merkle.js'
import type { MetaTree } from '../core/meta/tree.js'
import type { Source } from '../io/disk/source.js'
import type { Hasher } from '../ports.js'

/** Blocks hashed in one turn of the event loop, at once where the processor can. */
const SLICE_BLOCKS = 16

interface Checked {
  readonly bytes: Uint8Array
  readonly leaves: Uint8Array
}

export class Chunks {
  readonly #tree: MetaTree
  readonly #hash: Hasher
  readonly #source: Source
  readonly #held = new Map<number, Checked>()
  /** Read for peers; those that they asked for first go first. */
  readonly #recent = new Map<number, Checked>()
  readonly #reading = new Map<number, Promise<Checked>>()
  readonly #free: Uint8Array[] = []
  readonly #layers = new Map<number, Uint8Array>()
  /** Chunks that were right, and each file's stamp when they were. */
  readonly #right: Bitmap
  readonly #stamps = new Map<number, string>()

  constructor(tree: MetaTree, hash: Hasher, source: Source) {
    this.#tree = tree
    this.#hash = hash
    this.#source = source
    this.#right = new Bitmap(tree.geometry.chunkCount)
  }

  /**
   * Reads payload for a peer: part of one chunk.
   *
   * @throws Mcp2pError as `hold` does
   */
  async read(file: number, offset: number, into: Uint8Array): Promise<void> {
    const { geometry } = this.#tree
    const inFile = Math.floor(offset / geometry.chunkBytes)
    const chunk = geometry.firstChunkOfFile(file) + inFile
    const inMemory = this.#held.get(chunk) ?? this.#recent.get(chunk)
    const checked = inMemory ?? (await this.#unlessRight(file, chunk))
    if (checked === undefined) return this.#source.read(file, offset, into)
    const from = offset - inFile * geometry.chunkBytes
    into.set(checked.bytes.subarray(from, from + into.length))
  }

  /** The chunk's bytes and layer while it is held. */
  get(chunk: number): Checked | undefined {
    return this.#held.get(chunk)
  }

  /**
   * Reads and checks a chunk and holds it until `release`.
   *
   * @throws Mcp2pError SOURCE_CHANGED (storage) when it is not what the meta says; or of exit
   *   storage or notFound when it cannot be read
   */
  async hold(chunk: number): Promise<void> {
    this.#held.set(chunk, await this.#read(chunk))
  }

  release(chunk: number): void {
    const held = this.#held.get(chunk)
    this.#held.delete(chunk)
    if (held) this.#recycle(held)
  }

  /** The layer of any chunk, read anew when it is not known. */
  async layer(chunk: number): Promise<Uint8Array> {
    const known = this.#layers.get(chunk)
    if (known !== undefined) return known
    const checked = await this.#read(chunk)
    this.#recycle(checked)
    return checked.leaves
  }

  /** The chunk, unless it is known to be right: what is asked of it can be read alone then. */
  async #unlessRight(file: number, chunk: number): Promise<Checked | undefined> {
    const isRight = this.#right.has(chunk)
    if (isRight && this.#stamps.get(file) === (await this.#source.stamp(file))) return undefined
    let reading = this.#reading.get(chunk)
    if (reading === undefined) {
      const read = this.#read(chunk).then(checked => this.#keep(chunk, checked))
      reading = read.finally(() => this.#reading.delete(chunk))
      this.#reading.set(chunk, reading)
    }
    return reading
  }

  #keep(chunk: number, checked: Checked): Checked {
    this.#recent.set(chunk, checked)
    for (const [oldest, dropped] of this.#recent) {
      const heldBytes = this.#recent.size * this.#tree.geometry.chunkBytes
      if (oldest === chunk || heldBytes <= LIMITS.servedCacheBytes) break
      this.#recent.delete(oldest)
      // Who waited for it may be about to copy from it.
      setImmediate(() => this.#recycle(dropped))
    }
    return checked
  }

  #recycle({ bytes }: Checked): void {
    const whole = bytes.buffer.byteLength === this.#tree.geometry.chunkBytes
    if (whole && this.#free.length < 4) this.#free.push(new Uint8Array(bytes.buffer as ArrayBuffer))
  }

  /** Layers stay right whatever becomes of the file; the oldest go first. */
  #keepLayer(chunk: number, leaves: Uint8Array): void {
    this.#layers.set(chunk, leaves)
    while (this.#layers.size * 32 * this.#tree.geometry.blocksPerChunk > LIMITS.layerCacheBytes) {
      const [oldest] = this.#layers.keys()
      this.#layers.delete(oldest)
    }
  }

  async #read(chunk: number): Promise<Checked> {
    const { geometry } = this.#tree
    const { file, offset, bytes: size } = geometry.placeOfChunk(chunk)
    const stamp = await this.#source.stamp(file)
    if ((this.#stamps.get(file) ?? stamp) !== stamp) await this.#source.reopen(file)
    const whole = size === geometry.chunkBytes
    const buffer = (whole && this.#free.pop()) || new Uint8Array(size)
    const bytes = buffer.subarray(0, size)
    await this.#source.read(file, offset, bytes)
    const blocks = geometry.blocksOfChunk(chunk)
    const leaves = new Uint8Array(DIGEST_BYTES * blocks)
    for (let block = 0; block < blocks; block += SLICE_BLOCKS) {
      if (block > 0) await new Promise(done => setImmediate(done))
      const from = block * BLOCK_BYTES
      const slice = bytes.subarray(from, Math.min(size, from + SLICE_BLOCKS * BLOCK_BYTES))
      digestsInto(leaves.subarray(block * DIGEST_BYTES), this.#hash, slice, BLOCK_BYTES)
    }
    if (this.#tree.layerMatches(chunk, leaves)) {
      this.#wasRight(file, chunk, stamp)
      this.#keepLayer(chunk, leaves)
      return { bytes, leaves }
    }
    const { path } = this.#tree.meta.files[file]
    throw new Mcp2pError(
      'SOURCE_CHANGED',
      'storage',
      `${path} is not what the meta says (bytes ${offset} to ${offset + size}); it is not sent`,
      'the file changed: make the .p2pmeta anew',
    )
  }

  /** Remembers a right chunk; a new stamp makes the file's other chunks unknown again. */
  #wasRight(file: number, chunk: number, stamp: string): void {
    const { geometry } = this.#tree
    if (this.#stamps.get(file) !== stamp) {
      const first = geometry.firstChunkOfFile(file)
      for (let i = 0; i < geometry.chunksOfFile(file); i++) this.#right.delete(first + i)
      this.#stamps.set(file, stamp)
    }
    this.#right.add(chunk)
  }
}
