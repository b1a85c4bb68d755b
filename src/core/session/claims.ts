// Blocks whose hash is known, but not yet whether it is right, because their chunk's layer has not come:
// those on disk are claimed, alone or a stretch at once; those of which there are other copies are held
// in the pool.

import { DIGEST_BYTES } from '../base/merkle.js'
import type { Geometry } from '../meta/geometry.js'
import type { Tree } from './layers.js'
import { blocksIn, type Partial, type Piece } from './partial.js'
import type { Stretch } from './stretches.js'

export type Claim = Partial | Stretch

interface Chunk {
  /** By their first block. */
  readonly claims: Map<number, Claim>
  blocks: number
}

export class Claims {
  readonly #tree: Tree
  readonly #geometry: Geometry
  readonly #chunks = new Map<number, Chunk>()
  readonly #held = new Set<Partial>()

  constructor(tree: Tree) {
    this.#tree = tree
    this.#geometry = tree.geometry
  }

  /** Chunks with such blocks. */
  chunks(): Iterable<number> {
    return this.#chunks.keys()
  }

  add(claim: Claim): void {
    const number = this.#geometry.chunkOfBlock(claim.block)
    let chunk = this.#chunks.get(number)
    if (chunk === undefined) {
      chunk = { claims: new Map(), blocks: 0 }
      this.#chunks.set(number, chunk)
    }
    chunk.claims.set(claim.block, claim)
    chunk.blocks += blocksIn(claim)
    if ('state' in claim && claim.state === 'held') this.#held.add(claim)
  }

  delete(claim: Piece): void {
    const number = this.#geometry.chunkOfBlock(claim.block)
    const chunk = this.#chunks.get(number)
    if (chunk?.claims.get(claim.block) !== claim) return
    chunk.claims.delete(claim.block)
    chunk.blocks -= blocksIn(claim)
    if (chunk.blocks === 0) this.#chunks.delete(number)
    this.#held.delete(claim as Partial)
  }

  of(chunk: number): Claim[] {
    return [...(this.#chunks.get(chunk)?.claims.values() ?? [])]
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
  leavesOf(number: number): Uint8Array | undefined {
    const chunk = this.#chunks.get(number)
    if (chunk?.blocks !== this.#geometry.blocksOfChunk(number)) return undefined
    const first = this.#geometry.firstBlockOfChunk(number)
    const leaves = new Uint8Array(DIGEST_BYTES * chunk.blocks)
    for (const { block, digest } of chunk.claims.values())
      leaves.set(digest!, DIGEST_BYTES * (block - first))
    return this.#tree.layerMatches(number, leaves) ? leaves : undefined
  }
}
