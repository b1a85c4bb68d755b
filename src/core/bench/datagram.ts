// The header of a bench's datagrams: 26 bytes, big endian, the rest is filling. It has its own magic,
// so that a transfer and a bench on one group and port do not hear each other.
//
//    0  2 magic | 2 1 version<<4|kind | 3 1 zero | 4 8 session | 12 2 run | 14 2 control port
//   16  6 sequence | 22 4 sent µs

import { get32, put32 } from '../wire/datagram.js'

export const BENCH_HEADER_BYTES = 26
const MAGIC = 0x6d62 // "mb"
const VERSION = 1

export const BENCH_KIND = {
  /** A session begins; nothing is counted yet. */
  hello: 0,
  /** One of those that count. */
  data: 1,
  /** The run is over; `sequence` is how many were sent. */
  end: 2,
} as const

export interface BenchHeader {
  kind: number
  sessionHigh: number
  sessionLow: number
  /** Numbers restart with every run of a session; the first is 1. */
  run: number
  /** TCP port at the source's address that takes the figures; 0: nowhere. */
  controlPort: number
  sequence: number
  /** The sender's clock, 32 bits of it. */
  sentMicros: number
}

export function emptyBenchHeader(): BenchHeader {
  return {
    kind: 0,
    sessionHigh: 0,
    sessionLow: 0,
    run: 0,
    controlPort: 0,
    sequence: 0,
    sentMicros: 0,
  }
}

export function writeBenchHeader(bytes: Uint8Array, at: number, header: BenchHeader): void {
  bytes[at] = MAGIC >> 8
  bytes[at + 1] = MAGIC & 255
  bytes[at + 2] = (VERSION << 4) | header.kind
  bytes[at + 3] = 0
  put32(bytes, at + 4, header.sessionHigh)
  put32(bytes, at + 8, header.sessionLow)
  bytes[at + 12] = header.run >> 8
  bytes[at + 13] = header.run & 255
  bytes[at + 14] = header.controlPort >> 8
  bytes[at + 15] = header.controlPort & 255
  writeStamp(bytes, at, header.sequence, header.sentMicros)
}

/** What differs between two datagrams of one run. */
export function writeStamp(bytes: Uint8Array, at: number, sequence: number, micros: number): void {
  const high = Math.floor(sequence / 2 ** 32)
  bytes[at + 16] = high >> 8
  bytes[at + 17] = high & 255
  put32(bytes, at + 18, sequence >>> 0)
  put32(bytes, at + 22, micros >>> 0)
}

/** False when it is no datagram of a bench. */
export function readBenchHeader(
  bytes: Uint8Array,
  at: number,
  lengthBytes: number,
  into: BenchHeader,
): boolean {
  if (lengthBytes < BENCH_HEADER_BYTES || bytes[at] !== MAGIC >> 8) return false
  if (bytes[at + 1] !== (MAGIC & 255) || bytes[at + 2] >> 4 !== VERSION) return false
  into.kind = bytes[at + 2] & 15
  into.sessionHigh = get32(bytes, at + 4)
  into.sessionLow = get32(bytes, at + 8)
  into.run = (bytes[at + 12] << 8) | bytes[at + 13]
  into.controlPort = (bytes[at + 14] << 8) | bytes[at + 15]
  into.sequence = ((bytes[at + 16] << 8) | bytes[at + 17]) * 2 ** 32 + get32(bytes, at + 18)
  into.sentMicros = get32(bytes, at + 22)
  return true
}
