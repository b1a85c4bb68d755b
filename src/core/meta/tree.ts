// A meta's hash tree as the cores use it: for every chunk its root, and whether a layer (the hashes
// of the chunk's blocks, which travel with the chunk and not in the meta) belongs under that root.

import type { Hasher } from '../../ports.js'
import { bytesEqual } from '../base/bytes.js'
import { Mcp2pError } from '../base/errors.js'
import { BLOCK_BYTES } from '../base/limits.js'
import { DIGEST_BYTES, levelFor, Merkle } from '../base/merkle.js'
import { Geometry } from './geometry.js'
import { shownPath } from './names.js'
import type { MetaFile, P2pMeta } from './p2pmeta.js'

export class MetaTree {
  readonly meta: P2pMeta
  readonly geometry: Geometry
  readonly #merkle: Merkle
  /** Level of a whole chunk's root above its leaves. */
  readonly #chunkLevel: number

  /**
   * @param hash the hash that `meta.hash` names
   * Throws `Mcp2pError` of exit `integrity` when a file's root is not that of its chunks.
   */
  constructor(meta: P2pMeta, hash: Hasher) {
    this.meta = meta
    this.geometry = new Geometry(
      meta.files.map(file => file.size),
      meta.chunkSize,
    )
    this.#merkle = new Merkle(hash)
    this.#chunkLevel = levelFor(meta.chunkSize / BLOCK_BYTES)
    for (const file of meta.files) if (file.chunks !== undefined) this.#check(file, file.chunks)
  }

  #check(file: MetaFile, chunks: Uint8Array): void {
    const root = fileRoot(chunks, this.#chunkLevel, this.#merkle)
    if (file.root === undefined || !bytesEqual(root, file.root)) throw wrongRoot(file.path)
  }

  /** The 32 bytes that the meta has for this chunk. */
  rootOfChunk(chunk: number): Uint8Array {
    const index = this.geometry.fileOfChunk(chunk)
    const { root, chunks } = this.meta.files[index]
    const at = (chunk - this.geometry.firstChunkOfFile(index)) * DIGEST_BYTES
    return chunks === undefined ? root! : chunks.subarray(at, at + DIGEST_BYTES)
  }

  /** Bytes of the chunk's layer: 32 for each block that it really has. */
  layerBytes(chunk: number): number {
    return this.geometry.blocksOfChunk(chunk) * DIGEST_BYTES
  }

  /** True when these are the hashes of the chunk's blocks, in order and without padding. */
  layerMatches(chunk: number, leaves: Uint8Array): boolean {
    if (leaves.length !== this.layerBytes(chunk)) return false
    const level = this.#levelOf(chunk)
    return bytesEqual(this.#merkle.root(leaves, 0, level), this.rootOfChunk(chunk))
  }

  /** A file of one chunk is as high as its own blocks need; chunks of longer files are whole. */
  #levelOf(chunk: number): number {
    const index = this.geometry.fileOfChunk(chunk)
    if (this.meta.files[index].chunks !== undefined) return this.#chunkLevel
    return levelFor(this.geometry.blocksOfFile(index))
  }
}

/** The root of a file of several chunks, from the concatenated roots of its chunks. */
export function fileRoot(chunks: Uint8Array, chunkLevel: number, merkle: Merkle): Uint8Array {
  const count = chunks.length / DIGEST_BYTES
  return merkle.root(chunks, chunkLevel, chunkLevel + levelFor(count))
}

function wrongRoot(path: string): Mcp2pError {
  return new Mcp2pError(
    'META_INVALID',
    'integrity',
    `the .p2pmeta is refused: the root of ${shownPath(path)} is not that of its chunks`,
    'Whoever made it has to make it again; do not trust this one.',
  )
}
