// Hashing a stretch of a file into chunk roots, synchronously: it runs in a worker, where blocking
// is what one wants. All buffers are made once, because per 16 KiB block nothing may cost more than
// the hash itself.

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { BLOCK_BYTES } from '../../core/base/limits.js'
import { DIGEST_BYTES, digestsInto, levelFor, Merkle } from '../../core/base/merkle.js'
import type { Hasher, HashName } from '../../ports.js'
import { errnoOf } from './fault.js'

/** What a hashing thread is started with. */
export interface HashSetup {
  readonly hash: HashName
  readonly chunkBytes: number
  /** What paths are relative to; '' for the working folder. */
  readonly dir: string
  /** A path may be a link to what is to be hashed. */
  readonly follows: boolean
}

/** A stretch of a file: begins with a chunk, and ends with one or with the file. */
export interface Stretch {
  readonly path: string
  /** Bytes that the whole file must have. */
  readonly fileBytes: number
  readonly offset: number
  readonly bytes: number
}

/** Roots of a batch of stretches, or what went wrong in a form that can cross threads. */
export type Answer =
  | { readonly roots: Uint8Array<ArrayBuffer> }
  /** `errno` is '' when the file has become shorter or longer than it was. */
  | { readonly path: string; readonly errno: string; readonly message: string }

class FileChanged extends Error {}

/** Sixteen blocks, as many as are hashed at a time, and little enough for the cache they are read into. */
const READ_BYTES = 256 * 1024

export class FileHasher {
  readonly #hash: Hasher
  readonly #merkle: Merkle
  readonly #chunkBytes: number
  readonly #dir: string
  readonly #follows: boolean
  readonly #buffer = new Uint8Array(READ_BYTES)
  /** Leaves of the chunk in work; one more than a chunk has, as `reduce` wants it. */
  readonly #leaves: Uint8Array

  constructor(hash: Hasher, setup: Omit<HashSetup, 'hash'>) {
    const { chunkBytes, dir, follows } = setup
    this.#dir = dir
    this.#follows = follows
    this.#hash = hash
    this.#merkle = new Merkle(hash)
    this.#chunkBytes = chunkBytes
    this.#leaves = new Uint8Array((chunkBytes / BLOCK_BYTES + 1) * DIGEST_BYTES)
  }

  /** Roots of all chunks of these stretches, concatenated. */
  answer(batch: readonly Stretch[]): Answer {
    const countOf = ({ bytes }: Stretch) => Math.ceil(bytes / this.#chunkBytes)
    const chunks = batch.reduce((sum, stretch) => sum + countOf(stretch), 0)
    const roots = new Uint8Array(chunks * DIGEST_BYTES)
    let at = 0
    for (const stretch of batch) {
      try {
        this.#hashInto(stretch, roots, at)
      } catch (cause) {
        const errno = errnoOf(cause)
        if (errno === '' && !(cause instanceof FileChanged)) throw cause
        return { path: stretch.path, errno, message: (cause as Error).message }
      }
      at += countOf(stretch) * DIGEST_BYTES
    }
    return { roots }
  }

  #hashInto(stretch: Stretch, into: Uint8Array, at: number): void {
    // What was a file a moment ago may be a pipe by now, or a link to elsewhere.
    const follow = this.#follows ? 0 : (constants.O_NOFOLLOW ?? 0)
    const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | follow
    const fd = openSync(join(this.#dir, stretch.path), flags)
    try {
      const status = fstatSync(fd)
      if (!status.isFile() || status.size !== stretch.fileBytes) throw new FileChanged(stretch.path)
      this.#hashOpen(fd, stretch, into, at)
    } finally {
      closeSync(fd)
    }
  }

  #hashOpen(fd: number, stretch: Stretch, into: Uint8Array, at: number): void {
    const level = levelFor(Math.min(this.#chunkBytes, stretch.fileBytes) / BLOCK_BYTES)
    for (let done = 0; done < stretch.bytes; at += DIGEST_BYTES) {
      const bytes = Math.min(this.#chunkBytes, stretch.bytes - done)
      const leaves = this.#hashChunk(fd, stretch, done, bytes)
      into.set(this.#merkle.reduce(this.#leaves, leaves, 0, level), at)
      done += bytes
    }
  }

  /** Leaves of the chunk that begins `from` bytes into the stretch; returns how many. */
  #hashChunk(fd: number, stretch: Stretch, from: number, chunkBytes: number): number {
    let leaves = 0
    for (let done = 0; done < chunkBytes; ) {
      const part = this.#buffer.subarray(0, Math.min(READ_BYTES, chunkBytes - done))
      this.#fill(fd, stretch, stretch.offset + from + done, part.length)
      const into = this.#leaves.subarray(leaves * DIGEST_BYTES)
      digestsInto(into, this.#hash, part, BLOCK_BYTES)
      leaves += Math.ceil(part.length / BLOCK_BYTES)
      done += part.length
    }
    return leaves
  }

  #fill(fd: number, stretch: Stretch, offset: number, bytes: number): void {
    for (let got = 0; got < bytes; ) {
      const count = readSync(fd, this.#buffer, got, bytes - got, offset + got)
      if (count === 0) throw new FileChanged(stretch.path)
      got += count
    }
  }
}
