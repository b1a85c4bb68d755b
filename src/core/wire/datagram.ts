// The one header of every datagram: 32 bytes, big endian. Everything needed to place a payload is in
// its own datagram, so joining late is the normal case. Hand-written because it is read per datagram.
//
//    0  2 magic | 2 1 version<<4|type | 3 1 flags | 4 1 key epoch | 5 1 channel | 6 2 symbol size
//    8  8 session | 16 6 sequence | 22 1 symbol | 23 1 FEC code | 24 4 timestamp µs | 28 4 block

export const HEADER_BYTES = 32
const MAGIC = 0x6d32 // "m2"
const VERSION = 1

/** Datagram types; `block` and `symbol` mean what the comment says, payloads follow the header. */
export const DATAGRAM = {
  /** Symbol `symbol` of block `block`. */
  data: 0,
  /** Leaves of a chunk from the leaf of `block` on, 32 bytes each, never across a chunk. */
  layer: 1,
  /** Symbol number `block` of the `.p2pmeta` itself (object 0). */
  meta: 2,
  /** Parity row `symbol` of the FEC group whose first block is `block`. */
  parity: 3,
  /** JSON announcement. */
  announce: 4,
  /** JSON question for announcements. */
  query: 5,
} as const

/** Systematic Reed–Solomon with the Cauchy matrix of core/fec. */
export const FEC_CODE = 1

/** A session's 64-bit number as two halves: the first from the id, the second a random epoch. */
export interface SessionId {
  readonly high: number
  readonly low: number
}

export interface Header {
  type: number
  channel: number
  /** Non-zero: the payload is encrypted under that key epoch; this version has no keys. */
  keyEpoch: number
  symbolBytes: number
  sessionHigh: number
  sessionLow: number
  sequence: number
  symbol: number
  /** Of a row of parity: FEC_CODE, or a code that this version does not know; else 0. */
  fecCode: number
  timestampMicros: number
  block: number
}

export function emptyHeader(): Header {
  return {
    type: 0,
    channel: 0,
    keyEpoch: 0,
    symbolBytes: 0,
    sessionHigh: 0,
    sessionLow: 0,
    sequence: 0,
    symbol: 0,
    fecCode: 0,
    timestampMicros: 0,
    block: 0,
  }
}

/** Writes `header` at `offset`; 32 bytes must be free there. */
export function writeHeader(bytes: Uint8Array, offset: number, header: Header): void {
  bytes[offset] = MAGIC >> 8
  bytes[offset + 1] = MAGIC & 255
  bytes[offset + 2] = (VERSION << 4) | header.type
  bytes[offset + 3] = 0
  bytes[offset + 4] = header.keyEpoch
  bytes[offset + 5] = header.channel
  bytes[offset + 6] = header.symbolBytes >> 8
  bytes[offset + 7] = header.symbolBytes & 255
  put32(bytes, offset + 8, header.sessionHigh)
  put32(bytes, offset + 12, header.sessionLow)
  const high = Math.floor(header.sequence / 2 ** 32)
  bytes[offset + 16] = (high >> 8) & 255
  bytes[offset + 17] = high & 255
  put32(bytes, offset + 18, header.sequence % 2 ** 32)
  bytes[offset + 22] = header.symbol
  bytes[offset + 23] = header.fecCode
  put32(bytes, offset + 24, header.timestampMicros % 2 ** 32)
  put32(bytes, offset + 28, header.block)
}

/**
 * Reads the header of a datagram of `length` bytes at `at` into `into`; false when it is not ours or
 * of an unknown version.
 */
export function readHeader(bytes: Uint8Array, at: number, length: number, into: Header): boolean {
  if (length < HEADER_BYTES) return false
  if (bytes[at] !== MAGIC >> 8 || bytes[at + 1] !== (MAGIC & 255)) return false
  if (bytes[at + 2] >> 4 !== VERSION) return false
  into.type = bytes[at + 2] & 15
  into.keyEpoch = bytes[at + 4]
  into.channel = bytes[at + 5]
  into.symbolBytes = (bytes[at + 6] << 8) | bytes[at + 7]
  into.sessionHigh = get32(bytes, at + 8)
  into.sessionLow = get32(bytes, at + 12)
  into.sequence = ((bytes[at + 16] << 8) | bytes[at + 17]) * 2 ** 32 + get32(bytes, at + 18)
  into.symbol = bytes[at + 22]
  into.fecCode = bytes[at + 23]
  into.timestampMicros = get32(bytes, at + 24)
  into.block = get32(bytes, at + 28)
  return true
}

/** `a - b` of 32-bit microsecond timestamps that wrap after 71 minutes, as a signed difference. */
export function timestampDelta(a: number, b: number): number {
  return (a - b) | 0
}

export function put32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = (value >>> 24) & 255
  bytes[offset + 1] = (value >>> 16) & 255
  bytes[offset + 2] = (value >>> 8) & 255
  bytes[offset + 3] = value & 255
}

export function get32(bytes: Uint8Array, offset: number): number {
  return (
    ((bytes[offset] << 24) |
      (bytes[offset + 1] << 16) |
      (bytes[offset + 2] << 8) |
      bytes[offset + 3]) >>>
    0
  )
}

/** A session as 16 hex digits, the way JSON carries it. */
export function sessionText(session: SessionId): string {
  return hex8(session.high) + hex8(session.low)
}

export function sessionOfText(text: string): SessionId | undefined {
  if (!/^[0-9a-f]{16}$/.test(text)) return undefined
  return { high: Number.parseInt(text.slice(0, 8), 16), low: Number.parseInt(text.slice(8), 16) }
}

function hex8(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0')
}
