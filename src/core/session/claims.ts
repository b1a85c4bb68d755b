// Blocks whose hash is known, but not yet whether it is right, because their chunk's layer has not come:
// those on disk are claimed, those of which there are other copies are held in the pool.

import type { Geometry } from '../meta/geometry.js'
import type { Tree } from './layers.js'
import type { Partial } from './partial.js'

export class Claims {
  readonly #tree: Tree
  readonly #geometry: Geometry
  /** By chunk, each block's number and its claim. */
  readonly #chunks = new Map<number, Map<number, Partial>>()
  readonly #held = new Set<Partial>()

  constructor(tree: Tree) {
    this.#tree = tree
    this.#geometry = tree.geometry
  }

  /** Chunks with such blocks. */
  chunks(): Iterable<number> {
    return this.#chunks.keys()
  }

  add(partial: Partial): void {
    const chunk = this.#geometry.chunkOfBlock(partial.block)
    const claims = this.#chunks.get(chunk)
    if (claims === undefined) this.#chunks.set(chunk, new Map([[partial.block, partial]]))
    else claims.set(partial.block, partial)
    if (partial.state === 'held') this.#held.add(partial)
  }

  delete(partial: Partial): void {
    const chunk = this.#geometry.chunkOfBlock(partial.block)
    const claims = this.#chunks.get(chunk)
    claims?.delete(partial.block)
    if (claims?.size === 0) this.#chunks.delete(chunk)
    this.#held.delete(partial)
  }

  of(chunk: number): Partial[] {
    return [...(this.#chunks.get(chunk)?.values() ?? [])]
  }

  /** One that is held, if any is. */
  get held(): Partial | undefined {
    for (const partial of this.#held) return partial
    return undefined
  }

  /**
   * The hashes of all blocks of the chunk, once they are known and have its root. If they do not, one of
   * them is wrong and nobody can tell which: the layer, asked of a peer, will say.
   */
  leavesOf(chunk: number): Uint8Array | undefined {
    const claims = this.#chunks.get(chunk)
    if (claims?.size !== this.#geometry.blocksOfChunk(chunk)) return undefined
    const first = this.#geometry.firstBlockOfChunk(chunk)
    const leaves = new Uint8Array(32 * claims.size)
    for (const { block, digest } of claims.values()) leaves.set(digest!, 32 * (block - first))
    return this.#tree.layerMatches(chunk, leaves) ? leaves : undefined
  }
}
