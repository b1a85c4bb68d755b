// Datagrams as columns: the native part and its twin make the same of whatever comes, and move the
// payloads to the same places.

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { BLOCK_BYTES } from '../../../src/core/base/limits.js'
import { Batch, fullSymbols, NOWHERE } from '../../../src/core/multicast/batch.js'
import {
  emptyHeader,
  HEADER_BYTES,
  readHeader,
  writeHeader,
} from '../../../src/core/wire/datagram.js'
import { loadNative, UDP_RECORD_WORDS } from '../../../src/io/native/load.js'

const { batch: native } = loadNative()
const CAPACITY = 32
const SLOT_BYTES = 2048
const NOW = 5_000_000

interface Message {
  readonly source: number
  readonly segmentBytes: number
  readonly datagrams: readonly Uint8Array[]
}

const header = fc.record({
  type: fc.constantFrom(0, 0, 0, 1, 3, 7),
  channel: fc.constantFrom(1, 1, 1, 2),
  keyEpoch: fc.constantFrom(0, 0, 0, 1),
  symbolBytes: fc.constantFrom(64, 100),
  sessionHigh: fc.constantFrom(1, 0xffff_ffff),
  sessionLow: fc.constant(9),
  sequence: fc.constantFrom(0, 2 ** 32 - 2, 2 ** 48 - 3),
  symbol: fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constantFrom(160, 162, 252, 255)),
  fecCode: fc.constantFrom(0, 1),
  timestampMicros: fc.constantFrom(0, 0xffff_ffff),
  block: fc.constantFrom(0, 3, 0xffff_ffff),
})

/** Several that follow each other, as a sender makes them, or garbage. */
const message: fc.Arbitrary<Message> = fc
  .record({
    source: fc.constantFrom(1, 2),
    first: header,
    count: fc.integer({ min: 1, max: 6 }),
    payloadBytes: fc.integer({ min: 0, max: 120 }),
    lastBytes: fc.integer({ min: 0, max: 120 }),
    spoilt: fc.option(fc.tuple(fc.nat(5), fc.nat(40), fc.nat(255)), { nil: undefined }),
  })
  .map(({ source, first, count, payloadBytes, lastBytes, spoilt }) => {
    const datagrams = Array.from({ length: count }, (_, i) => {
      const bytes = i < count - 1 ? payloadBytes : Math.min(lastBytes, payloadBytes)
      const datagram = new Uint8Array(HEADER_BYTES + bytes).fill(i + 1)
      writeHeader(datagram, 0, { ...emptyHeader(), ...first, ...nth(first, i) })
      if (spoilt?.[0] === i) datagram[spoilt[1] % datagram.length] = spoilt[2]
      return datagram
    })
    return { source, segmentBytes: HEADER_BYTES + payloadBytes, datagrams }
  })

/** What a sender numbers the i-th of a run: after the last symbol of a full block the next begins. */
function nth(
  first: { symbol: number; symbolBytes: number; block: number; sequence: number },
  i: number,
) {
  const full = fullSymbols(first.symbolBytes)
  const isNext = first.symbol < full && first.symbol + i >= full
  const block = Math.min(0xffff_ffff, first.block + (isNext ? 1 : 0))
  const symbol = (first.symbol + i - (isNext ? full : 0)) % 256
  return { symbol, block, sequence: first.sequence + i }
}

it.skipIf(native === undefined)('hears and places as its twin', () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 8 }), fc.nat(40), (messages, room) => {
      const slab = slabOf(messages)
      const records = new Int32Array(messages.length * UDP_RECORD_WORDS + UDP_RECORD_WORDS)
      for (const [i, { source, segmentBytes, datagrams }] of messages.entries()) {
        const record = i * UDP_RECORD_WORDS
        const lengthBytes = datagrams.reduce((sum, { length }) => sum + length, 0)
        records.set([lengthBytes, segmentBytes, i, 4, 0, 9, source], record)
      }
      const sources = messages.map(({ source }) => `10.0.0.${source}`)
      const one = new Batch(CAPACITY)
      const { memory, capacity } = one
      one.filled(
        native!.hear(memory, capacity, slab, SLOT_BYTES, records, messages.length, NOW),
        slab,
        message => sources[message],
      )
      const other = heardByTwin(messages, slab, sources)
      expect(rows(one)).toEqual(rows(other))
      expect(placed(one, room, true)).toEqual(placed(other, room, false))
    }),
    { numRuns: 200 },
  )
})

it.skipIf(native === undefined)('writes headers as its twin, and zeros behind the content', () => {
  const some = fc.array(message, { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(some, fc.integer({ min: 1, max: 3000 }), (messages, payloadBytes) => {
      const slab = slabOf(messages)
      const batch = heardByTwin(messages, slab, messages.map(String))
      const { memory, capacity, count } = batch
      fc.pre(count > 0)
      const bytes = batch.bytes
        .subarray(0, count)
        .reduce((sum, each) => sum + HEADER_BYTES + each, 0)
      const right = new Uint8Array(bytes)
      const payload = Uint8Array.from({ length: payloadBytes }, (_, i) => i)
      const into = emptyHeader()
      for (let i = 0, at = 0; i < count; i++) {
        batch.headerOf(i, into)
        writeHeader(right, at, into)
        const from = batch.contentBetween(0, i)
        const left = Math.max(0, BLOCK_BYTES - batch.symbol[i] * batch.symbolBytes[0])
        if (from >= 0)
          right.set(
            payload.subarray(from, from + Math.min(left, batch.bytes[i])),
            at + HEADER_BYTES,
          )
        at += HEADER_BYTES + batch.bytes[i]
      }
      const written = new Uint8Array(bytes).fill(9)
      expect(native!.write(memory, capacity, 0, count, payload, written)).toBe(bytes)
      expect(written).toEqual(right)
    }),
    { numRuns: 200 },
  )
})

function slabOf(messages: readonly Message[]): Uint8Array {
  const slab = new Uint8Array(SLOT_BYTES * Math.max(1, messages.length))
  for (const [i, { datagrams }] of messages.entries()) {
    let at = i * SLOT_BYTES
    for (const datagram of datagrams) {
      slab.set(datagram, at)
      at += datagram.length
    }
  }
  return slab
}

function heardByTwin(
  messages: readonly Message[],
  slab: Uint8Array,
  sources: readonly string[],
): Batch {
  const batch = new Batch(CAPACITY)
  const into = emptyHeader()
  for (const [i, { datagrams }] of messages.entries()) {
    let at = i * SLOT_BYTES
    for (const { length } of datagrams) {
      const isOurs = readHeader(slab, at, length, into) && into.channel === 1 && into.keyEpoch === 0
      if (isOurs && !batch.full) batch.hear(into, slab, at, length, sources[i], NOW - i)
      at += length
    }
  }
  return batch
}

function rows(batch: Batch): unknown[] {
  return Array.from({ length: batch.count }, (_, i) => [
    batch.type[i],
    batch.sequence[i],
    batch.block[i],
    batch.symbol[i],
    batch.fecCode[i],
    batch.bytes[i],
    batch.symbolBytes[i],
    batch.sessionHigh[i],
    batch.sessionLow[i],
    batch.timestampMicros[i],
    batch.arrivedMicros[i],
    batch.run[i],
    batch.runEnd(i, batch.count),
    batch.sourceOf(i),
    batch.payloadAt[i],
  ])
}

/** Every third run has no place; the others stand one behind the other, whole symbols but the last. */
function placed(batch: Batch, room: number, isNative: boolean): Uint8Array {
  const pool = new Uint8Array(CAPACITY * 160)
  const { memory, capacity, count, slab } = batch
  batch.place.fill(NOWHERE)
  for (let i = 0, at = room; i < count; ) {
    const [bytes, symbolBytes] = [batch.bytes[i], batch.symbolBytes[i]]
    const end = bytes < symbolBytes ? i + 1 : batch.runEnd(i, count)
    if (i % 3 !== 2) batch.place[i] = at
    batch.placeBytes[i] =
      (end - i - 1) * symbolBytes + Math.min(bytes, Math.max(0, symbolBytes - (i % 2)))
    at += batch.placeBytes[i]
    i = end
  }
  const places = isNative
    ? native!.place(memory, capacity, count, slab!, pool)
    : batch.move((at, payload) => pool.set(payload, at))
  expect(places).toBe(batch.place.subarray(0, count).filter(at => at >= 0).length)
  return pool
}
