// The hash of a meta's tree. SHA-256 comes with Node; BLAKE3 is in the native part and an optional
// package, and a host with neither says so instead of joining a swarm whose bytes it could not check.

import { hash } from 'node:crypto'
import { assert } from '../../core/base/assert.js'
import { Mcp2pError } from '../../core/base/errors.js'
import { DIGEST_BYTES } from '../../core/base/merkle.js'
import type { Hasher, HashName } from '../../ports.js'
import {
  loadNative,
  type NativeHash,
  type NativeHashAt,
  type NativeHashEach,
} from '../native/load.js'

/**
 * Without the native part, in one call and by way of a string: a hash object or a `Buffer` for the
 * result would each cost more than hashing a node of the tree, 1 µs against 2 to 4.
 */
function sha256ByString(bytes: Uint8Array): Uint8Array {
  const text = hash('sha256', bytes, 'binary')
  const digest = new Uint8Array(DIGEST_BYTES)
  for (let i = 0; i < DIGEST_BYTES; i++) digest[i] = text.charCodeAt(i)
  return digest
}

/** `one`, and batches by the native part. */
function inBatches(one: Hasher, each: NativeHashEach, at: NativeHashAt): Hasher {
  const hasher: Hasher = bytes => one(bytes)
  return Object.assign(hasher, {
    each: (bytes: Uint8Array, pieceBytes: number, into: Uint8Array): void => {
      if (bytes.length === 0) return
      const pieces = each(bytes, pieceBytes, into)
      assert(pieces === Math.ceil(bytes.length / pieceBytes), 'the pieces are hashed')
    },
    at: (slab: Uint8Array, places: Int32Array, count: number, into: Uint8Array): void => {
      if (count > 0) assert(at(slab, places, count, into) === count, 'the pieces are hashed')
    },
  })
}

function nativeSha256({ sha256: each, sha256At: at }: Partial<NativeHash>): Hasher {
  return each && at ? inBatches(sha256ByString, each, at) : sha256ByString
}

function nativeBlake3({ blake3: each, blake3At: at }: NativeHash): Hasher {
  const nowhere = new Int32Array(2)
  return inBatches(
    bytes => {
      const digest = new Uint8Array(DIGEST_BYTES)
      const { length } = bytes
      const pieces =
        length > 0
          ? each(bytes, Math.max(length, DIGEST_BYTES), digest)
          : at(digest, nowhere, 1, digest)
      assert(pieces === 1, 'the bytes are hashed')
      return digest
    },
    each,
    at,
  )
}

const { hash: native } = loadNative()

export const sha256: Hasher = nativeSha256(native ?? {})

const blake3 = native && nativeBlake3(native)

/** Rejects with a `Mcp2pError` of exit `incompatible` when this host cannot do it. */
export async function hasherOf(name: HashName): Promise<Hasher> {
  if (name === 'sha256') return sha256
  return blake3 ?? blake3ByPackage()
}

/** Without the native part; rejects as `hasherOf`. */
export async function blake3ByPackage(): Promise<Hasher> {
  try {
    const { blake3 } = await import('@napi-rs/blake-hash')
    return bytes => blake3(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
  } catch (cause) {
    throw new Mcp2pError(
      'HASH_MISSING',
      'incompatible',
      'BLAKE3 is not installed on this host',
      'Install @napi-rs/blake-hash, or make the .p2pmeta with --hash sha256.',
      cause,
    )
  }
}
