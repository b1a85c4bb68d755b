// The binary hash tree of BitTorrent v2 (BEP 52): leaves are hashes of 16 KiB blocks, a node is the
// hash of its two children, and what is missing on the right is 32 zero bytes at the leaves. It is
// in base because the worker that hashes files, which is no part of the core, computes roots too.

import type { Hasher } from '../../ports.js'
import { assert } from './assert.js'
import { BLOCK_BYTES } from './limits.js'

/** Bytes of a leaf, a node and a root. */
export const DIGEST_BYTES = 32

/** The level of the smallest whole tree with `count` leaves: 0 for one, 1 for two, 2 for 3 or 4. */
export function levelFor(count: number): number {
  let level = 0
  while (2 ** level < count) level++
  return level
}

/**
 * Digests of every `pieceBytes` of `bytes`, concatenated in `into`; the last piece may be short.
 * `into` may be `bytes`: a digest is written after its piece was read.
 */
export function digestsInto(
  into: Uint8Array,
  hash: Hasher,
  bytes: Uint8Array,
  pieceBytes: number,
): void {
  if (hash.each) return hash.each(bytes, pieceBytes, into)
  for (let at = 0, out = 0; at < bytes.length; at += pieceBytes, out += DIGEST_BYTES)
    into.set(hash(bytes.subarray(at, at + pieceBytes)), out)
}

/**
 * Digests of `count` pieces of `slab`, concatenated in `into`: `places` has where each begins and how
 * long it is.
 */
export function digestsAt(
  into: Uint8Array,
  hash: Hasher,
  slab: Uint8Array,
  places: Int32Array,
  count: number,
): void {
  if (hash.at) return hash.at(slab, places, count, into)
  for (let i = 0; i < count; i++) {
    const from = places[2 * i]
    into.set(hash(slab.subarray(from, from + places[2 * i + 1])), i * DIGEST_BYTES)
  }
}

/** The layer of these bytes: the hash of each 16 KiB block, concatenated; the last may be short. */
export function leavesOf(bytes: Uint8Array, hash: Hasher): Uint8Array {
  const leaves = new Uint8Array(Math.ceil(bytes.length / BLOCK_BYTES) * DIGEST_BYTES)
  digestsInto(leaves, hash, bytes, BLOCK_BYTES)
  return leaves
}

export class Merkle {
  readonly #hash: Hasher
  /** `#empty[l]` is the root of a tree of level l whose leaves are all zero. */
  readonly #empty: Uint8Array[] = [new Uint8Array(DIGEST_BYTES)]

  constructor(hash: Hasher) {
    this.#hash = hash
  }

  /** Root of a whole tree of this level whose leaves are 32 zero bytes each. */
  empty(level: number): Uint8Array {
    while (this.#empty.length <= level) {
      const pair = new Uint8Array(2 * DIGEST_BYTES)
      const below = this.#empty[this.#empty.length - 1]
      pair.set(below)
      pair.set(below, DIGEST_BYTES)
      this.#empty.push(this.#hash(pair))
    }
    return this.#empty[level]
  }

  /**
   * Root of the tree of level `top` over `count` nodes of level `from`, the first of which is the
   * first 32 bytes of `nodes`. Works in place: `nodes` is scratch afterwards and needs room for an
   * even number of nodes. Absent nodes are empty trees, which are not hashed again each time.
   */
  reduce(nodes: Uint8Array, count: number, from: number, top: number): Uint8Array {
    assert(count >= 1 && count <= 2 ** (top - from), 'nodes fit the tree')
    for (let level = from; level < top; level++) {
      if (count % 2 === 1) nodes.set(this.empty(level), count * DIGEST_BYTES)
      count = Math.ceil(count / 2)
      const pairs = nodes.subarray(0, 2 * count * DIGEST_BYTES)
      digestsInto(nodes, this.#hash, pairs, 2 * DIGEST_BYTES)
    }
    return nodes.slice(0, DIGEST_BYTES)
  }

  /** Like `reduce`, but leaves `nodes` alone; `nodes` is whole, `length / 32` nodes. */
  root(nodes: Uint8Array, from: number, top: number): Uint8Array {
    const count = nodes.length / DIGEST_BYTES
    const scratch = new Uint8Array((count + 1) * DIGEST_BYTES)
    scratch.set(nodes)
    return this.reduce(scratch, count, from, top)
  }
}
