// Finds the native part, or says why its TypeScript twins do the work. It is prebuilt and lies beside
// the package; nothing is compiled or fetched when mcp2p is installed or started.

import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { FecKernel } from '../../core/fec/kernel.js'

/** An open socket; only the functions below know what is in it. */
export type UdpHandle = object

/** `option`'s names, as udp.h numbers them. */
export const UDP_OPTION = {
  receiveBuffer: 0,
  sendBuffer: 1,
  ttl: 2,
  loopback: 3,
  dscp: 4,
  interface: 5,
  segmentation: 6,
  whole: 7,
} as const

export const UDP_READABLE = 1
export const UDP_WRITABLE = 2

/** Words of one record of `receive`, see udp.h. */
export const UDP_RECORD_WORDS = 16
/** Messages that one `receive` takes at most, and that each of its system calls does. */
export const UDP_MESSAGES_MAX = 256
export const UDP_CALL_MAX = 64

/** Batches of datagrams. A number below zero is a negative errno. */
export interface NativeUdp {
  /** An empty address is any; interface index 0 is none. */
  open(
    family: 4 | 6,
    address: string,
    interfaceIndex: number,
    port: number,
    reuse: boolean,
  ): UdpHandle | number
  close(handle: UdpHandle): void
  port(handle: UdpHandle): number
  /** Messages dropped for want of socket buffer, 32 bits; known when the next one arrives. */
  drops(handle: UdpHandle): number
  /** Sets where `value` is not negative; returns what holds then. */
  option(handle: UdpHandle, option: number, value: number): number
  membership(
    handle: UdpHandle,
    join: boolean,
    group: string,
    interfaceIndex: number,
    source: string,
  ): number
  target(handle: UdpHandle, address: string, interfaceIndex: number, port: number): number
  /** Datagrams of `segmentBytes`, the last one shorter; returns the bytes that the kernel took. */
  send(
    handle: UdpHandle,
    slab: Uint8Array,
    offset: number,
    lengthBytes: number,
    segmentBytes: number,
  ): number
  /** What waits, a message to a slot; returns how many, each with its record. */
  receive(handle: UdpHandle, slab: Uint8Array, slotBytes: number, records: Int32Array): number
  /** The first callback stays; 0 ends the watch. */
  watch(handle: UdpHandle, events: number, call?: (status: number, events: number) => void): number
  interfaceIndex(name: string): number
}

/** What Linux' scheduler is asked for. */
export interface NativeScheduler {
  /** Asks to run for so long at a time: the longer, the later; 0, or a negative errno. */
  slice(micros: number): number
}

/** What Node cannot be told, or asked, about its own sockets. */
export interface NativeSocket {
  /** Packets carry this code point from now on; 0, or a negative errno. */
  mark(fd: number, dscp: number): number
  /** It sends no faster than this; 0, or a negative errno. */
  pace(fd: number, bytesPerSecond: number): number
  /** How many segments it has sent, got, and sent again, modulo 2^32; 0, or a negative errno. */
  segments(fd: number, counts: Int32Array): number
}

/**
 * Digests of every `pieceBytes` (32 or more) of `bytes`, concatenated in `into`, which may be
 * `bytes`; the last piece may be shorter. Returns how many, or a negative errno.
 */
export type NativeHashEach = (bytes: Uint8Array, pieceBytes: number, into: Uint8Array) => number

/**
 * Digests of `count` pieces of `slab`, concatenated in `into`: `places` has where each begins and
 * how long it is. Returns `count`, or a negative errno.
 */
export type NativeHashAt = (
  slab: Uint8Array,
  places: Int32Array,
  count: number,
  into: Uint8Array,
) => number

/** Hashing in batches; SHA-256 is not among it where Node hides its OpenSSL. */
export interface NativeHash {
  readonly blake3: NativeHashEach
  readonly blake3At: NativeHashAt
  /** How many chunks go at a time on this processor. */
  readonly blake3Lanes: () => number
  readonly sha256?: NativeHashEach
  readonly sha256At?: NativeHashAt
}

/** The columns of a `Batch`, all in its `memory`. A number below zero is a negative errno. */
export interface NativeBatch {
  /** Describes the data datagrams of what `receive` took at `nowMicros`; returns how many rows. */
  hear(
    memory: Uint8Array,
    capacity: number,
    slab: Uint8Array,
    slotBytes: number,
    records: Int32Array,
    messages: number,
    nowMicros: number,
  ): number
  /** Moves payloads to their places; returns how many have one. When one does not fit, none is moved. */
  place(
    memory: Uint8Array,
    capacity: number,
    count: number,
    slab: Uint8Array,
    pool: Uint8Array,
  ): number
  /**
   * Writes the datagrams of `count` rows from `first` on into `into`, their payloads one behind the
   * other from `payload`, and zeros behind its end; returns their bytes.
   */
  write(
    memory: Uint8Array,
    capacity: number,
    first: number,
    count: number,
    payload: Uint8Array,
    into: Uint8Array,
  ): number
}

/** Sums of products over GF(2^8). */
export interface NativeFec {
  /** Names of those that this processor has by their numbers, the fastest last. */
  kernels(): Readonly<Record<number, string>>
  /** As `FecKernel.apply`; 0, or a negative errno for vectors outside their slabs. */
  apply(kernel: number, ...vectors: Parameters<FecKernel['apply']>): number
}

interface NativeParts {
  readonly batch: NativeBatch
  readonly fec: NativeFec
  readonly udp: NativeUdp
  readonly hash: NativeHash
  readonly scheduler: NativeScheduler
  readonly socket: NativeSocket
}

/** The native parts, or why there are none. */
export interface Native extends Partial<NativeParts> {
  readonly why: string
}

let loaded: Native | undefined

/** `MCP2P_NO_NATIVE=1` switches it off. */
export function loadNative(): Native {
  loaded ??= load()
  return loaded
}

function load(): Native {
  if (process.env.MCP2P_NO_NATIVE === '1') return twin('MCP2P_NO_NATIVE is set')
  const name = `${process.platform}-${process.arch}`
  const path = prebuilt(`${name}/mcp2p.node`)
  if (path === undefined) return twin(`none was built for ${name}`)
  try {
    const parts = createRequire(import.meta.url)(path) as NativeParts
    return { ...parts, why: `prebuilt for ${name}` }
  } catch (error) {
    return twin(`it does not load: ${error instanceof Error ? error.message : error}`)
  }
}

/** Where a file of `prebuilds/` lies, seen from the command, the library, and the source, which tests run. */
export function prebuilt(file: string): string | undefined {
  const places = ['../..', '../../../..', '../../..'].map(up =>
    fileURLToPath(new URL(`${up}/prebuilds/${file}`, import.meta.url)),
  )
  return places.find(place => existsSync(place))
}

function twin(why: string): Native {
  return { why }
}
