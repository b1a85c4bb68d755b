// Layers (the block hashes of a chunk) as they come in parts and as they are kept: only those that
// match the chunk's root, the least recently used dropped first. What was dropped is asked for again.

import { Bitmap } from '../base/bitmap.js'
import { LIMITS } from '../base/limits.js'
import type { Geometry } from '../meta/geometry.js'

/** What a receiver needs of the meta; the real tree checks hashes, a simulated one does not. */
export interface Tree {
  readonly geometry: Geometry
  /** True when these leaves have the chunk's root. */
  layerMatches(chunk: number, leaves: Uint8Array): boolean
  /** Many receivers in one process, as a simulation has them, may keep one copy of a right layer. */
  sharedLayer?(chunk: number): Uint8Array
}

interface Arriving {
  readonly leaves: Uint8Array
  readonly have: Bitmap
}

/** About what an entry of the map, its array and its buffer take. */
const ENTRY_BYTES = 400

export class LayerCache {
  readonly #tree: Tree
  readonly #geometry: Geometry
  readonly #layers = new Map<number, Uint8Array>()
  readonly #arriving = new Map<number, Arriving>()
  #latestChunk = -1
  #latest: Uint8Array | undefined
  #bytes = 0

  constructor(tree: Tree) {
    this.#tree = tree
    this.#geometry = tree.geometry
  }

  get(chunk: number): Uint8Array | undefined {
    // Blocks come chunk by chunk: the one used last need not be moved to the end again.
    if (chunk === this.#latestChunk) return this.#latest
    const layer = this.#layers.get(chunk)
    if (layer === undefined) return undefined
    this.#layers.delete(chunk)
    this.#layers.set(chunk, layer)
    this.#latestChunk = chunk
    this.#latest = layer
    return layer
  }

  /**
   * Whether `block`, and those behind it in its chunk if it is about several, must have the hashes from
   * `from` on; unknown while their chunk's layer is not here.
   */
  confirms(block: number, digests: Uint8Array, from = 0, count = 1): boolean | undefined {
    const chunk = this.#geometry.chunkOfBlock(block)
    const layer = this.get(chunk)
    if (layer === undefined) return undefined
    const at = 32 * (block - this.#geometry.firstBlockOfChunk(chunk))
    for (let i = 0; i < 32 * count; i++) if (layer[at + i] !== digests[from + i]) return false
    return true
  }

  has(chunk: number): boolean {
    return this.#layers.has(chunk)
  }

  /** Takes leaves from that of `block` on; true when that made the layer whole and right. */
  add(chunk: number, block: number, leaves: Uint8Array): boolean {
    if (this.#layers.has(chunk)) return false
    const count = this.#geometry.blocksOfChunk(chunk)
    const first = block - this.#geometry.firstBlockOfChunk(chunk)
    const got = Math.floor(leaves.length / 32)
    if (first + got > count) return false
    let arriving = this.#arriving.get(chunk)
    if (arriving === undefined) {
      arriving = { leaves: new Uint8Array(32 * count), have: new Bitmap(count) }
      this.#arriving.set(chunk, arriving)
      this.#bound()
    }
    arriving.leaves.set(leaves, 32 * first)
    arriving.have.addRange(first, got)
    if (!arriving.have.full) return false
    this.#arriving.delete(chunk)
    if (!this.#tree.layerMatches(chunk, arriving.leaves)) return false
    this.#layers.set(chunk, this.#tree.sharedLayer?.(chunk) ?? arriving.leaves)
    this.#bytes += costOf(arriving.leaves)
    this.#bound()
    return true
  }

  #bound(): void {
    for (const [chunk, layer] of this.#layers) {
      if (this.#bytes <= LIMITS.layerCacheBytes) break
      this.#layers.delete(chunk)
      if (chunk === this.#latestChunk) this.#latestChunk = -1
      this.#bytes -= costOf(layer)
    }
    while (this.#arriving.size > 1024) {
      const oldest = this.#arriving.keys().next()
      if (!oldest.done) this.#arriving.delete(oldest.value)
    }
  }
}

/** What keeping a layer takes: of a small file it is one hash, and the rest is overhead. */
function costOf(layer: Uint8Array): number {
  return layer.length + ENTRY_BYTES
}
