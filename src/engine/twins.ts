// Which twins do the work on this machine, for people who wonder why one host is slower; and what
// only a native part can ask the machine for.

import { blake3ByPackage } from '../io/disk/hasher.js'
import { fecKernel } from '../io/native/fec.js'
import { loadNative } from '../io/native/load.js'

/** native-notes has what it is worth. */
const TURN_MICROS = 3000

/** `native, many blocks a call (…)`, or `node's hash, a block a call (…)`. */
export function hashTwin(): string {
  const { hash, why } = loadNative()
  if (hash === undefined) return `node's hash, a block a call (${why})`
  return hash.sha256
    ? `native, many blocks a call (${why})`
    : "node's hash, a block a call (this node hides its OpenSSL)"
}

/** `native, 16 chunks at a time (…)`, `@napi-rs/blake-hash, a block a call (…)`, or `none: …`. */
export async function blake3Twin(): Promise<string> {
  const { hash, why } = loadNative()
  if (hash) return `native, ${hash.blake3Lanes()} chunks at a time (${why})`
  return blake3ByPackage().then(
    () => `@napi-rs/blake-hash, a block a call (${why})`,
    () => `none: @napi-rs/blake-hash is not installed (${why})`,
  )
}

/** `native batches (prebuilt for linux-x64)`, or `node's dgram (none was built for darwin-arm64)`. */
export function udpTwin(): string {
  const { udp, why } = loadNative()
  return `${udp ? 'native batches' : "node's dgram"} (${why})`
}

/** `native, GFNI (the fastest here; prebuilt for linux-x64)`, or `WebAssembly (none was built for …)`. */
export function fecTwin(): string {
  const { fec, why } = loadNative()
  const { name } = fecKernel()
  return fec ? `native, ${name} (the fastest here; ${why})` : `${name} (${why})`
}

/**
 * Turns on the processor that are longer and come later than others': for who has time. Without a
 * native part, or on a system that knows no such wish, nothing changes.
 */
export function longTurns(): void {
  loadNative().scheduler?.slice(TURN_MICROS)
}
