// What the world must provide, as types only: the doorway between the pure cores and the shells.
// Cores may import these types; shells in io/ implement them; a simulator implements them too.

import type { Micros } from './core/base/machine.js'

/** Hash of a `.p2pmeta`'s tree. */
export type HashName = 'sha256' | 'blake3'

/** One-shot hash: 32 bytes out, no state, synchronous. */
export interface Hasher {
  (bytes: Uint8Array): Uint8Array
  /**
   * Digests of every `pieceBytes` of `bytes` at once, where that is faster; see `digestsInto`, which
   * does the same with any hash.
   */
  readonly each?: (bytes: Uint8Array, pieceBytes: number, into: Uint8Array) => void
  /**
   * Digests of `count` pieces of `slab` at once: `places` has where each begins and how long it is.
   * See `digestsAt`, which does the same with any hash.
   */
  readonly at?: (slab: Uint8Array, places: Int32Array, count: number, into: Uint8Array) => void
}

/** Monotonic microseconds. */
export interface Clock {
  now(): Micros
}

/** An IP endpoint. `host` is a literal address (IPv6 link-local with its %zone). */
export interface Address {
  readonly host: string
  readonly port: number
}

/**
 * Where a receiver's bytes live. Offsets are bytes from the start of the given file's content;
 * `file` is the index in the meta. Every method rejects with a `Mcp2pError` of exit `storage`.
 */
export interface ChunkStore {
  /** Reads exactly `into.length` bytes. */
  read(file: number, offset: number, into: Uint8Array): Promise<void>
  /** Writes `parts` one after another from `offset` on; durable only after `sync`. */
  write(file: number, offset: number, parts: readonly Uint8Array[]): Promise<void>
  /** Makes everything written so far durable (fdatasync of the dirty files). */
  sync(): Promise<void>
  /** The file is verified: make it durable, give it mode and mtime, put it under its final name. */
  finish(file: number): Promise<void>
  /** Keeps what is verified, durably, for a later run. `bitmap` has one bit per global block. */
  saveJournal(bitmap: Uint8Array): Promise<void>
  /** All files stand: directories' modes and times, links; the parts folder goes. */
  complete(): Promise<void>
  /** Closes handles; parts and journal stay for a resume. */
  close(): Promise<void>
}
