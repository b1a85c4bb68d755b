// Every reader of what comes from outside, with samples of what it is for and what must hold
// whatever it is given: it says yes or no and never throws anything but an error meant for people,
// and what it took is what it would write.

import { deepStrictEqual, ok } from 'node:assert'
import { OPTIONS } from '../../src/app/cli/options.js'
import { readValue } from '../../src/app/cli/value.js'
import { hexOf, textOf, utf8 } from '../../src/core/base/bytes.js'
import { formatEndpoint, parseEndpoint } from '../../src/core/base/endpoint.js'
import { Mcp2pError } from '../../src/core/base/errors.js'
import { LIMITS } from '../../src/core/base/limits.js'
import { Prng } from '../../src/core/base/prng.js'
import { microsOf } from '../../src/core/base/units.js'
import {
  BENCH_HEADER_BYTES,
  emptyBenchHeader,
  readBenchHeader,
  writeBenchHeader,
} from '../../src/core/bench/datagram.js'
import { benchLine, parseBenchWord } from '../../src/core/bench/words.js'
import { answerIn, boundedBlast, requestIn } from '../../src/core/doctor/line.js'
import { Registry } from '../../src/core/manager/registry.js'
import { canonicalOf } from '../../src/core/meta/canonical.js'
import { formatLink, parseLink } from '../../src/core/meta/link.js'
import { parseMeta } from '../../src/core/meta/p2pmeta.js'
import { MetaTree } from '../../src/core/meta/tree.js'
import {
  decodeAnnounce,
  decodeQuery,
  encodeAnnounce,
  encodeQuery,
} from '../../src/core/wire/announce.js'
import {
  emptyHeader,
  HEADER_BYTES,
  readHeader,
  sessionOfText,
  sessionText,
  writeHeader,
} from '../../src/core/wire/datagram.js'
import { FRAME_HEADER_BYTES, FrameParser } from '../../src/core/wire/frame.js'
import { parseAnswer, parseCommand } from '../../src/core/wire/manager.js'
import { decodeMessage, encodeMessage } from '../../src/core/wire/peer.js'
import { sha256 } from '../../src/io/disk/hasher.js'
import { decodeJournal, encodeJournal } from '../../src/io/disk/journal.js'
import * as samples from './samples.js'

export interface Parser {
  readonly name: string
  /** Of a million inputs, so many thousand are for this one. */
  readonly share: number
  readonly samples: readonly Uint8Array[]
  /** Throws when the parser does, or when what it says cannot be. */
  readonly read: (bytes: Uint8Array, prng: Prng) => void
}

const header = emptyHeader()

function datagram(bytes: Uint8Array): void {
  if (!readHeader(bytes, 0, bytes.length, header)) return
  ok(bytes.length >= HEADER_BYTES)
  const again = new Uint8Array(HEADER_BYTES)
  writeHeader(again, 0, header)
  again[3] = bytes[3] // flags, which nobody reads
  deepStrictEqual(again, new Uint8Array(bytes.subarray(0, HEADER_BYTES)))
  const session = { high: header.sessionHigh, low: header.sessionLow }
  deepStrictEqual(sessionOfText(sessionText(session)), session)
}

function announce(bytes: Uint8Array): void {
  const said = decodeAnnounce(bytes)
  if (said !== undefined) encodeAnnounce({ high: 1, low: 2 }, 3, said)
}

function query(bytes: Uint8Array): void {
  const asked = decodeQuery(bytes)
  if (asked !== undefined) ok(encodeQuery({ high: 1, low: 2 }, asked).length < 200)
}

/** However a stream is cut, the same frames come out, and none that is not in it. */
function frames(bytes: Uint8Array, prng: Prng): void {
  const whole: string[] = []
  const pieces: string[] = []
  const of = (into: string[]) => (frame: { type: number; payload: Uint8Array }) =>
    into.push(`${frame.type} ${frame.payload.length} ${frame.payload[0]}`)
  const isStream = new FrameParser().push(bytes, of(whole))
  const parser = new FrameParser()
  let stillStream = true
  for (let at = 0; at < bytes.length && stillStream; ) {
    const to = at + 1 + prng.below(1 + prng.below(200))
    stillStream = parser.push(bytes.subarray(at, to), of(pieces))
    at = to
  }
  deepStrictEqual([stillStream, pieces], [isStream, whole])
}

function message(bytes: Uint8Array): void {
  if (bytes.length < 1) return
  const said = decodeMessage({ type: bytes[0] & 15, payload: bytes.subarray(FRAME_HEADER_BYTES) })
  if (said === null || said === undefined) return
  if (said.type === 'data') ok(said.range.lengthBytes === said.bytes?.length)
  const frame = encodeMessage(said)
  ok(frame.length <= LIMITS.frameBytesMax + FRAME_HEADER_BYTES)
  const again = decodeMessage({ type: frame[0] & 15, payload: frame.subarray(FRAME_HEADER_BYTES) })
  ok(again?.type === said.type, `${said.type} came back as ${again?.type}`)
  // What is binary has one form only.
  if ((bytes[0] & 15) === 0) return
  deepStrictEqual(
    Buffer.compare(frame.subarray(FRAME_HEADER_BYTES), bytes.subarray(FRAME_HEADER_BYTES)),
    0,
  )
}

const benchHeader = emptyBenchHeader()

function bench(bytes: Uint8Array): void {
  if (readBenchHeader(bytes, 0, bytes.length, benchHeader)) {
    const again = new Uint8Array(BENCH_HEADER_BYTES)
    writeBenchHeader(again, 0, benchHeader)
    again[3] = bytes[3] // nobody reads it
    deepStrictEqual(again, new Uint8Array(bytes.subarray(0, BENCH_HEADER_BYTES)))
  }
  const word = parseBenchWord(textOf(bytes) ?? '')
  if (word === undefined) return
  // Its line, as JSON has no -0 of its own: what says -0 is read so, and said again as 0.
  const line = benchLine(word)
  const again = parseBenchWord(line)
  deepStrictEqual(again && benchLine(again), line)
}

let secrets = 0
const registry = new Registry({
  prng: new Prng(1),
  secret: () => `${secrets++}`,
  own: { metaHash: 'x', port: 1 },
})

function manager(bytes: Uint8Array, prng: Prng): void {
  const line = textOf(bytes)
  if (line === undefined) return
  ok(parseCommand(line).cmd)
  const said = parseAnswer(line)
  if (said?.cmd === 'peers')
    for (const { host, port } of said.peers) ok(host.length <= 255 && port <= 65_535)
  const asker = { host: `10.0.0.${prng.below(200)}`, localHost: '10.0.1.1', conn: prng.below(9) }
  const now = prng.below(1e9)
  const answer = registry.answer(line, asker, now)
  while (registry.poll(now) !== undefined);
  if (answer !== undefined) ok(JSON.parse(answer).cmd)
}

/** Half of them get the id that they should have, so that what is behind that gate is tried too. */
function meta(bytes: Uint8Array, prng: Prng): void {
  let document = bytes
  if (prng.below(2) === 0) {
    try {
      const value = JSON.parse(textOf(bytes) ?? '')
      const { bytes: canonical } = canonicalOf(value, new Set(['id', 'signature']))
      document = utf8(JSON.stringify({ ...value, id: hexOf(sha256(canonical)) }))
    } catch {
      // It stays as it is.
    }
  }
  forPeople(['integrity', 'incompatible'], () => {
    const read = parseMeta(document, sha256)
    if (read.hash === 'sha256') new MetaTree(read, sha256)
  })
}

function doctor(bytes: Uint8Array): void {
  const line = textOf(bytes)
  if (line === undefined) return
  const request = requestIn(line)
  answerIn(line)
  if (request?.cmd === 'pad') ok(request.pad.length <= LIMITS.doctorPadChars)
  if (request?.cmd !== 'blast') return
  const { rateBps, count, bytes: size } = boundedBlast(request, 1e8)
  ok(rateBps <= 1e8)
  ok(count === 1 || microsOf(count * size, rateBps) <= LIMITS.doctorBlastMicrosMax)
}

function link(bytes: Uint8Array): void {
  const text = textOf(bytes)
  const read = text === undefined ? undefined : parseLink(text)
  if (read !== undefined) deepStrictEqual(parseLink(formatLink(read)), read)
}

function endpoint(bytes: Uint8Array): void {
  const text = textOf(bytes)
  const read = text === undefined ? undefined : parseEndpoint(text)
  if (read === undefined) return
  ok(read.port >= 1 && read.port <= 65_535)
  deepStrictEqual(parseEndpoint(formatEndpoint(read)), read)
}

function option(bytes: Uint8Array, prng: Prng): void {
  const text = textOf(bytes)
  if (text === undefined) return
  forPeople(['usage'], () => {
    const value = readValue(OPTIONS[prng.below(OPTIONS.length)], text)
    if (typeof value === 'number') ok(Number.isSafeInteger(value) && value >= 0)
  })
}

const ID = 'ab'.repeat(32)
const BLOCKS = 77

function journal(bytes: Uint8Array, prng: Prng): void {
  const body = bytes.length - 32
  // Half of them get the checksum that they should have.
  if (body > 0 && prng.below(2) === 0) bytes.set(sha256(bytes.subarray(0, body)), body)
  const bitmap = decodeJournal(bytes, ID, BLOCKS)
  if (bitmap !== undefined) deepStrictEqual(bitmap.length, Math.ceil(BLOCKS / 8))
}

function forPeople(exits: readonly string[], read: () => void): void {
  try {
    read()
  } catch (error) {
    if (!(error instanceof Mcp2pError) || !exits.includes(error.exit)) throw error
  }
}

const journals = [
  encodeJournal(ID, BLOCKS, new Uint8Array(10).fill(0x5a)),
  encodeJournal(ID, BLOCKS - 1, new Uint8Array(10)),
]

export const PARSERS: readonly Parser[] = [
  { name: 'datagram', share: 220, samples: samples.datagrams, read: datagram },
  { name: 'announce', share: 90, samples: samples.announces, read: announce },
  { name: 'query', share: 40, samples: samples.queries, read: query },
  { name: 'frames', share: 90, samples: samples.streams, read: frames },
  { name: 'message', share: 190, samples: samples.messages, read: message },
  { name: 'control', share: 90, samples: samples.controls, read: message },
  { name: 'manager', share: 60, samples: samples.lines, read: manager },
  { name: 'bench', share: 40, samples: samples.benches, read: bench },
  { name: 'doctor', share: 20, samples: samples.doctorLines, read: doctor },
  { name: 'meta', share: 20, samples: samples.metas, read: meta },
  { name: 'link', share: 40, samples: samples.links, read: link },
  { name: 'endpoint', share: 40, samples: samples.endpoints, read: endpoint },
  { name: 'option', share: 40, samples: samples.values, read: option },
  { name: 'journal', share: 20, samples: journals, read: journal },
]
