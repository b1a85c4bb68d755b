// Hashes the blocks that a receiver has assembled, all those of a turn in one call: a block alone leaves
// half of the processor's SHA unit idle (native-notes).

import { DIGEST_BYTES, digestsAt } from '../core/base/merkle.js'
import type { Hasher } from '../ports.js'

const BLOCKS = 64

export class Digester {
  readonly #hash: Hasher
  readonly #pool: Uint8Array
  readonly #onHashed: (block: number, digest: Uint8Array) => void
  readonly #blocks: number[] = []
  readonly #places = new Int32Array(2 * BLOCKS)

  constructor(
    hash: Hasher,
    pool: Uint8Array,
    onHashed: (block: number, digest: Uint8Array) => void,
  ) {
    this.#hash = hash
    this.#pool = pool
    this.#onHashed = onHashed
  }

  /** The block lies at `at` in the pool, and stays there until its digest is known. */
  add(block: number, at: number, bytes: number): void {
    if (this.#blocks.length === BLOCKS) this.flush()
    const place = 2 * this.#blocks.push(block) - 2
    this.#places[place] = at
    this.#places[place + 1] = bytes
  }

  flush(): void {
    const blocks = this.#blocks.splice(0)
    if (blocks.length === 0) return
    const digests = new Uint8Array(blocks.length * DIGEST_BYTES)
    digestsAt(digests, this.#hash, this.#pool, this.#places, blocks.length)
    for (const [i, block] of blocks.entries())
      this.#onHashed(block, digests.subarray(i * DIGEST_BYTES, (i + 1) * DIGEST_BYTES))
  }
}
