// The hash of a meta's tree. SHA-256 comes with Node; BLAKE3 is an optional package, and a host
// without it says so instead of joining a swarm whose bytes it could not check.

import { hash } from 'node:crypto'
import { assert } from '../../core/base/assert.js'
import { Mcp2pError } from '../../core/base/errors.js'
import { DIGEST_BYTES } from '../../core/base/merkle.js'
import type { Hasher, HashName } from '../../ports.js'
import { loadNative, type NativeHash } from '../native/load.js'

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

function nativeSha256({ sha256: each, sha256At: at }: NativeHash): Hasher {
  if (each === undefined || at === undefined) return sha256ByString
  return Object.assign(sha256ByString, {
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

export const sha256: Hasher = nativeSha256(loadNative().hash ?? {})

/** Rejects with a `Mcp2pError` of exit `incompatible` when this host cannot do it. */
export async function hasherOf(name: HashName): Promise<Hasher> {
  if (name === 'sha256') return sha256
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
