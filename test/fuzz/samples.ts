// What parsers are for: right inputs, from which the fuzzer makes wrong ones. What travels on the
// wire is recorded from transfers in the simulator; the rest is made as people and programs write it.

import { createHash } from 'node:crypto'
import { utf8 } from '../../src/core/base/bytes.js'
import {
  BENCH_HEADER_BYTES,
  emptyBenchHeader,
  writeBenchHeader,
} from '../../src/core/bench/datagram.js'
import { benchLine } from '../../src/core/bench/words.js'
import { buildMeta } from '../../src/core/meta/p2pmeta.js'
import { encodeAnnounce, encodeQuery } from '../../src/core/wire/announce.js'
import { HEADER_BYTES } from '../../src/core/wire/datagram.js'
import type { Message } from '../../src/core/wire/message.js'
import { encodeMessage } from '../../src/core/wire/peer.js'
import { sha256 } from '../../src/io/disk/hasher.js'
import { recorded } from './traffic.js'

const { said, heard, announced } = recorded

/** Datagrams of a blast: the headers and a little of the payloads. */
export const datagrams: readonly Uint8Array[] = heard

export const announces = announced.map(each =>
  encodeAnnounce({ high: 1, low: 2 }, 3, each).subarray(HEADER_BYTES),
)

export const queries = [{}, { id: 'ab'.repeat(32) }, { id: '01234567' }].map(each =>
  encodeQuery({ high: 1, low: 2 }, each).subarray(HEADER_BYTES),
)

/** What the simulator has no use for, because it carries no payload, or is too long to be kept. */
const made: readonly Message[] = [
  { type: 'meta-request', offsetBytes: 0, lengthBytes: 262_144 },
  { type: 'meta', totalBytes: 70, offsetBytes: 0, bytes: new Uint8Array(70).fill(0x20) },
  { type: 'data', range: { block: 3, offsetBytes: 0, lengthBytes: 90 }, bytes: new Uint8Array(90) },
  { type: 'layer', chunk: 3, leaves: new Uint8Array(32) },
  // At the ends of a chunk and of the last block.
  { type: 'request', ranges: [{ block: 62, offsetBytes: 16_000, lengthBytes: 16_384 }] },
  { type: 'request', ranges: [{ block: 192, offsetBytes: 0, lengthBytes: 5000 }] },
  { type: 'request', ranges: [{ block: 63, offsetBytes: 16_383, lengthBytes: 1 }] },
  { type: 'request', ranges: [{ block: 63, offsetBytes: 100, lengthBytes: 16_384 }] },
]

export const messages = [...said, ...made].map(each => short(encodeMessage(each)))

export const controls = said
  .map(each => encodeMessage(each))
  .filter(bytes => (bytes[0] & 15) === 0 && bytes.length < 3000)

export const streams = Array.from({ length: 32 }, (_, i) =>
  Buffer.concat(messages.slice(3 * i, 3 * i + 3 + (i % 4)).map(bytes => bytes.subarray(0, 300))),
)

const benchDatagram = new Uint8Array(BENCH_HEADER_BYTES + 10)
writeBenchHeader(benchDatagram, 0, { ...emptyBenchHeader(), kind: 1, run: 1, sequence: 2 ** 33 })
const number = '0123456789abcdef'
export const benches = [
  benchDatagram,
  ...(
    [
      { type: 'hello', session: number, receiver: number },
      { type: 'data', session: number, receiver: number, run: 2 },
      { type: 'ask', run: 1, sent: 5000 },
      { type: 'open', run: 1 },
      { type: 'bye' },
    ] as const
  ).map(each => utf8(benchLine(each))),
]

const hash = 'ab'.repeat(32)
export const doctorLines = [
  {
    cmd: 'hello',
    run: 7,
    group: '224.0.67.67',
    port: 1,
    dataPort: 2,
    mtuBytes: 1500,
    unixMillis: 0,
  },
  { cmd: 'blast', round: 1, to: 'data', bytes: 1472, count: 1000, rateBps: 1e8 },
  { cmd: 'tally', round: 1 },
  { cmd: 'dial', port: 9990 },
  { cmd: 'pad', pad: 'xx', want: 2 },
  { cmd: 'tally', heard: 3 },
].map(line => utf8(JSON.stringify(line)))

export const lines = [
  { cmd: 'register', meta_hash: hash, port: 9990 },
  { cmd: 'register', meta_hash: 'a', port: 1, cookie: '0123456789abcdef' },
  { cmd: 'request_peers', meta_hash: hash, cookie: '0123456789abcdef' },
  { cmd: 'request_peers', meta_hash: 'x' },
  { cmd: 'keepalive', meta_hash: hash, cookie: '0123456789abcdef' },
  { cmd: 'leave', meta_hash: 'a', cookie: '' },
  { cmd: 'register', meta_hash: 'x', port: 1, inside: '192.168.1.1', location: 'dc/rack' },
  { cmd: 'register', meta_hash: 'x', port: 1, host: '10.0.0.7' },
  { cmd: 'confirm', meta_hash: 'x', token: '0' },
  { cmd: 'request_peers', meta_hash: 'x', watch: true },
  { cmd: 'progress', meta_hash: 'x', cookie: '0', verified_bytes: 1, total_bytes: 2 },
  { cmd: 'registered', meta_hash: 'x', cookie: '0', ttl: 30, wants_meta: true },
  { cmd: 'peers', meta_hash: hash, peers: [{ host: '10.0.0.1', port: 9990 }] },
].map(each => utf8(JSON.stringify(each)))

function metaOf(chunkSize: number): Uint8Array {
  const root = createHash('sha256').update('x').digest()
  const stamp = { mode: 0o644, mtime: 1_700_000_000_000 }
  const files = [
    { path: 'a/empty', size: 0, ...stamp },
    { path: 'a/small', size: 5000, root, ...stamp },
    { path: 'b', size: 0, mode: 0o777, mtime: 0, link: 'a/small' },
    { path: 'c', size: 0, mode: 0o755, mtime: 0, dir: true as const },
  ]
  const head = { hash: 'sha256' as const, name: 'sample', managers: ['10.0.0.1:8889'], chunkSize }
  return buildMeta({ ...head, files }, sha256).bytes
}

export const metas = [metaOf(16_384), metaOf(1 << 20)]

export const links = [
  `mcp2p:${hash}`,
  `mcp2p:${hash}?m=10.0.0.1:9990&n=images`,
  `mcp2p:${hash}?m=%5Bfe80::1%25eth0%5D:9990&m=host.example:1&n=a%20b&z=1`,
].map(utf8)

export const endpoints = [
  '10.0.0.1:9990',
  '[fe80::1%eth0]:65535',
  'host-1.example.org:1',
  '[::ffff:10.0.0.1]:80',
].map(utf8)

export const values = [
  '900Mbit',
  '1.5 Gbit/s',
  '64KiB',
  '16mib',
  '30s',
  '500ms',
  '224.0.67.67',
  'ff12::4343',
  '10.0.0.1:9990, [::1]:1',
  'true',
  '8',
  'auto',
  'blake3',
].map(utf8)

/** Long frames are cut: what is wrong is wrong at their beginning. */
function short(frame: Uint8Array): Uint8Array {
  return frame.length <= 600 ? frame : frame.slice(0, 600)
}
