// The hash of a meta's tree. SHA-256 comes with Node; BLAKE3 is an optional package, and a host
// without it says so instead of joining a swarm whose bytes it could not check.

import { hash } from 'node:crypto'
import { Mcp2pError } from '../../core/base/errors.js'
import { BLOCK_BYTES } from '../../core/base/limits.js'
import { DIGEST_BYTES } from '../../core/base/merkle.js'
import type { Hasher, HashName } from '../../ports.js'

/**
 * SHA-256 in one call and by way of a string: a hash object or a `Buffer` for the result would each
 * cost more than hashing a node of the tree, 1 µs against 2 to 4.
 */
export const sha256: Hasher = bytes => {
  const text = hash('sha256', bytes, 'binary')
  const digest = new Uint8Array(DIGEST_BYTES)
  for (let i = 0; i < DIGEST_BYTES; i++) digest[i] = text.charCodeAt(i)
  return digest
}

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

/** The layer of these bytes: the hash of each 16 KiB block, concatenated; the last may be short. */
export function leavesOf(bytes: Uint8Array, hash: Hasher): Uint8Array {
  const leaves = new Uint8Array(Math.ceil(bytes.length / BLOCK_BYTES) * DIGEST_BYTES)
  for (let at = 0, leaf = 0; at < bytes.length; at += BLOCK_BYTES, leaf += DIGEST_BYTES)
    leaves.set(hash(bytes.subarray(at, at + BLOCK_BYTES)), leaf)
  return leaves
}
