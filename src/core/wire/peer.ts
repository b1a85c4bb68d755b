// Peer messages ⇄ frames. What is rare is JSON (type 0), checked by a schema; what is hot is binary.
// Types 9, 10 and 13 stay unused: as a first byte they would read as blanks, which TLS and the
// manager's JSON lines on the same port may begin with.

import { z } from 'zod'
import { textOf, utf8 } from '../base/bytes.js'
import { LIMITS } from '../base/limits.js'
import { GROUP } from './announce.js'
import { get32, put32 } from './datagram.js'
import { encodeFrame, FRAME_HEADER_BYTES, type Frame, writeFrameHeader } from './frame.js'
import type { Control, Data, Have, Message, Range, RejectReason } from './message.js'

const TYPE = {
  control: 0,
  data: 1,
  have: 2,
  request: 3,
  reject: 4,
  cancel: 5,
  start: 6,
  layerRequest: 7,
  layer: 8,
  metaRequest: 11,
  meta: 12,
} as const

const COUNT = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
const NUMBERS = z.array(COUNT).max(200_000)
const SESSION = z.string().regex(/^[0-9a-f]{16}$/)
const PROGRESS = z.object({
  verifiedBytes: COUNT,
  resumedBytes: COUNT,
  multicastBytes: COUNT,
  peerBytes: COUNT,
  seederBytes: COUNT,
})

const CONTROL = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('hello'),
    id: z.string().regex(/^[0-9a-f]{64}$/),
    node: SESSION,
    port: z.number().int().min(0).max(65_535),
    role: z.enum(['seeder', 'receiver', 'meta', 'manager']),
    complete: z.boolean(),
    version: COUNT,
    features: z.array(z.string().max(64)).max(64),
    downloadBps: COUNT.min(1).optional(),
  }),
  z.object({
    type: z.literal('peers'),
    peers: z
      .array(z.object({ host: z.string().max(255), port: z.number().int().min(1).max(65_535) }))
      .max(LIMITS.peersPerMessageMax),
  }),
  z.object({
    type: z.literal('blast'),
    session: SESSION,
    state: z.enum(['waiting', 'blasting', 'paused', 'ended']),
    sequence: COUNT,
    pass: COUNT,
    rateBps: COUNT,
    reportMillis: z.number().int().min(10).max(60_000),
    demotedLoss: z.number().min(0).max(1).optional(),
    group: GROUP.optional(),
    dataPort: z.number().int().min(1).max(65_535).optional(),
    symbolBytes: z.number().int().min(544).max(16_384).optional(),
  }),
  z.object({
    type: z.literal('report'),
    session: SESSION,
    intervalMicros: COUNT,
    highestSequence: COUNT,
    expected: COUNT,
    received: COUNT,
    receivedBytes: COUNT,
    duplicates: COUNT,
    kernelDrops: COUNT,
    queueMicros: COUNT,
    lagMicros: COUNT.optional(),
    busyShare: z.number().min(0).max(1).optional(),
    diskQueueBytes: COUNT,
    others: z.object({ count: COUNT, receivedBytes: COUNT }).optional(),
    progress: PROGRESS,
  }),
  z.object({
    type: z.literal('missing'),
    session: SESSION,
    pass: COUNT,
    runs: NUMBERS.optional(),
    counts: NUMBERS.optional(),
  }),
  z.object({ type: z.literal('reached'), bytes: z.number().int().min(0).max(65_535) }),
  z.object({ type: z.literal('complete'), progress: PROGRESS }),
  z.object({ type: z.literal('bye'), reason: z.string().max(200) }),
])

const REASONS: readonly RejectReason[] = ['gone', 'later', 'refused']
const RANGE_BYTES = 12

/** The frame of a message; data must carry its bytes. */
export function encodeMessage(message: Message): Uint8Array {
  switch (message.type) {
    case 'keep-alive':
      return encodeFrame(TYPE.control, new Uint8Array(0))
    case 'have':
      return encodeFrame(TYPE.have, havePayload(message))
    case 'request':
      return encodeFrame(TYPE.request, rangesPayload(message.ranges, 0))
    case 'cancel':
      return encodeFrame(TYPE.cancel, rangesPayload(message.ranges, 0))
    case 'reject': {
      const payload = rangesPayload(message.ranges, 1)
      payload[0] = REASONS.indexOf(message.reason)
      return encodeFrame(TYPE.reject, payload)
    }
    case 'data': {
      const bytes = message.bytes ?? new Uint8Array(0)
      const frame = new Uint8Array(DATA_PREFIX_BYTES + bytes.length)
      writeDataPrefix(frame, message.range)
      frame.set(bytes, DATA_PREFIX_BYTES)
      return frame
    }
    case 'start':
      return encodeFrame(TYPE.start, numbersPayload(message.blocks))
    case 'layer-request':
      return encodeFrame(TYPE.layerRequest, numbersPayload(message.chunks))
    case 'layer':
      return encodeFrame(TYPE.layer, prefixed([message.chunk], message.leaves))
    case 'meta-request':
      return encodeFrame(
        TYPE.metaRequest,
        prefixed([message.offsetBytes, message.lengthBytes], new Uint8Array(0)),
      )
    case 'meta':
      return encodeFrame(
        TYPE.meta,
        prefixed([message.totalBytes, message.offsetBytes], message.bytes),
      )
    default:
      return encodeFrame(TYPE.control, utf8(JSON.stringify(message)))
  }
}

/** Bytes before a data frame's payload: frame header and range. */
export const DATA_PREFIX_BYTES = FRAME_HEADER_BYTES + RANGE_BYTES

/** Writes what precedes `range.lengthBytes` bytes of payload, so that they need no copy. */
export function writeDataPrefix(bytes: Uint8Array, range: Range): void {
  writeFrameHeader(bytes, TYPE.data, RANGE_BYTES + range.lengthBytes)
  putRange(bytes, FRAME_HEADER_BYTES, range)
}

/**
 * The message in a frame: `undefined` when the type is unknown (skip it), `null` when it is broken
 * (close the connection). Views into the payload are valid as long as the payload is.
 */
export function decodeMessage(frame: Frame): Message | undefined | null {
  const { type, payload } = frame
  switch (type) {
    case TYPE.control:
      return payload.length === 0 ? { type: 'keep-alive' } : control(payload)
    case TYPE.data:
      return data(payload)
    case TYPE.have:
      return have(payload)
    case TYPE.request:
    case TYPE.cancel: {
      const ranges = rangesOf(payload, 0)
      if (ranges === null) return null
      return { type: type === TYPE.request ? 'request' : 'cancel', ranges }
    }
    case TYPE.reject: {
      const ranges = rangesOf(payload, 1)
      const reason = REASONS[payload[0]]
      return ranges === null || reason === undefined ? null : { type: 'reject', reason, ranges }
    }
    case TYPE.start: {
      const blocks = numbersOf(payload)
      return blocks === null ? null : { type: 'start', blocks }
    }
    case TYPE.layerRequest: {
      const chunks = numbersOf(payload)
      return chunks === null ? null : { type: 'layer-request', chunks }
    }
    case TYPE.layer:
      if (payload.length < 4 || payload.length % 32 !== 4) return null
      return { type: 'layer', chunk: get32(payload, 0), leaves: payload.subarray(4) }
    case TYPE.metaRequest:
      if (payload.length !== 8) return null
      return {
        type: 'meta-request',
        offsetBytes: get32(payload, 0),
        lengthBytes: get32(payload, 4),
      }
    case TYPE.meta:
      if (payload.length < 8) return null
      return {
        type: 'meta',
        totalBytes: get32(payload, 0),
        offsetBytes: get32(payload, 4),
        bytes: payload.subarray(8),
      }
    default:
      return undefined
  }
}

/** Bytes a message takes on the wire: what a simulation charges for it. */
export function messageBytes(message: Message): number {
  if (message.type === 'data') return DATA_PREFIX_BYTES + message.range.lengthBytes
  if (message.type === 'have') return FRAME_HEADER_BYTES + havePayloadBytes(message)
  return encodeMessage(message).length
}

function control(payload: Uint8Array): Control | undefined | null {
  const text = textOf(payload)
  if (text === undefined) return null
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  const parsed = CONTROL.safeParse(value)
  if (parsed.success) return parsed.data
  const type = (value as { type?: unknown } | null)?.type
  const known = CONTROL.options.some(option => option.shape.type.value === type)
  return typeof type === 'string' && !known ? undefined : null
}

function data(payload: Uint8Array): Data | null {
  if (payload.length < RANGE_BYTES) return null
  const range = getRange(payload, 0)
  if (range.lengthBytes !== payload.length - RANGE_BYTES) return null
  if (range.lengthBytes > LIMITS.rangeBytesMax) return null
  return { type: 'data', range, bytes: payload.subarray(RANGE_BYTES) }
}

function havePayloadBytes({ chunkRuns, partial }: Have): number {
  let bytes = 8 + 4 * chunkRuns.length
  for (const { bits } of partial) bytes += 6 + bits.length
  return bytes
}

function havePayload(message: Have): Uint8Array {
  const payload = new Uint8Array(havePayloadBytes(message))
  put32(payload, 0, message.chunkRuns.length / 2)
  put32(payload, 4, message.partial.length)
  let at = 8
  for (const value of message.chunkRuns) {
    put32(payload, at, value)
    at += 4
  }
  for (const { chunk, bits } of message.partial) {
    put32(payload, at, chunk)
    payload[at + 4] = bits.length >> 8
    payload[at + 5] = bits.length & 255
    payload.set(bits, at + 6)
    at += 6 + bits.length
  }
  return payload
}

function have(payload: Uint8Array): Have | null {
  if (payload.length < 8) return null
  const runs = get32(payload, 0)
  const partials = get32(payload, 4)
  if (8 + 8 * runs + 6 * partials > payload.length) return null
  const chunkRuns: number[] = []
  let at = 8
  for (let i = 0; i < 2 * runs; i++, at += 4) chunkRuns.push(get32(payload, at))
  const partial: { chunk: number; bits: Uint8Array }[] = []
  for (let i = 0; i < partials; i++) {
    if (at + 6 > payload.length) return null
    const length = (payload[at + 4] << 8) | payload[at + 5]
    if (at + 6 + length > payload.length) return null
    partial.push({ chunk: get32(payload, at), bits: payload.slice(at + 6, at + 6 + length) })
    at += 6 + length
  }
  return at === payload.length ? { type: 'have', chunkRuns, partial } : null
}

function rangesPayload(ranges: readonly Range[], skipBytes: number): Uint8Array {
  const payload = new Uint8Array(skipBytes + RANGE_BYTES * ranges.length)
  for (let i = 0; i < ranges.length; i++) putRange(payload, skipBytes + RANGE_BYTES * i, ranges[i])
  return payload
}

function rangesOf(payload: Uint8Array, skipBytes: number): Range[] | null {
  const count = (payload.length - skipBytes) / RANGE_BYTES
  if (!Number.isInteger(count) || count < 0 || count > LIMITS.requestRangesMax) return null
  const ranges: Range[] = []
  for (let i = 0; i < count; i++) ranges.push(getRange(payload, skipBytes + RANGE_BYTES * i))
  return ranges
}

function numbersPayload(numbers: readonly number[]): Uint8Array {
  const payload = new Uint8Array(4 * numbers.length)
  for (let i = 0; i < numbers.length; i++) put32(payload, 4 * i, numbers[i])
  return payload
}

function numbersOf(payload: Uint8Array): number[] | null {
  if (payload.length % 4 !== 0 || payload.length > 4 * LIMITS.requestRangesMax) return null
  const numbers: number[] = []
  for (let i = 0; i < payload.length; i += 4) numbers.push(get32(payload, i))
  return numbers
}

function putRange(bytes: Uint8Array, at: number, range: Range): void {
  put32(bytes, at, range.block)
  put32(bytes, at + 4, range.offsetBytes)
  put32(bytes, at + 8, range.lengthBytes)
}

function getRange(bytes: Uint8Array, at: number): Range {
  return {
    block: get32(bytes, at),
    offsetBytes: get32(bytes, at + 4),
    lengthBytes: get32(bytes, at + 8),
  }
}

function prefixed(words: readonly number[], bytes: Uint8Array): Uint8Array {
  const payload = new Uint8Array(4 * words.length + bytes.length)
  for (let i = 0; i < words.length; i++) put32(payload, 4 * i, words[i])
  payload.set(bytes, 4 * words.length)
  return payload
}
