// A bench's header and words: what is written is what is read, and what strangers say is neither.

import { expect, it } from 'vitest'
import {
  BENCH_HEADER_BYTES,
  BENCH_KIND,
  emptyBenchHeader,
  readBenchHeader,
  writeBenchHeader,
} from '../../../src/core/bench/datagram.js'
import { type BenchWord, benchLine, parseBenchWord } from '../../../src/core/bench/words.js'

const header = {
  kind: BENCH_KIND.data,
  sessionHigh: 0xdeadbeef,
  sessionLow: 0x01020304,
  run: 513,
  controlPort: 40_000,
  sequence: 2 ** 40 + 12_345,
  sentMicros: 0xfffffff0,
}

it('reads the header that was written, wherever it stands', () => {
  const bytes = new Uint8Array(100)
  writeBenchHeader(bytes, 30, header)
  const read = emptyBenchHeader()
  expect(readBenchHeader(bytes, 30, BENCH_HEADER_BYTES, read)).toBe(true)
  expect(read).toEqual(header)
})

it('takes nothing else for one', () => {
  const bytes = new Uint8Array(100)
  writeBenchHeader(bytes, 0, header)
  const read = emptyBenchHeader()
  expect(readBenchHeader(bytes, 0, BENCH_HEADER_BYTES - 1, read)).toBe(false)
  for (const at of [0, 1, 2]) {
    const other = bytes.slice()
    other[at] ^= 0x80
    expect(readBenchHeader(other, 0, 100, read)).toBe(false)
  }
})

it('understands its own words and no others', () => {
  const words: BenchWord[] = [
    { type: 'hello', session: '0123456789abcdef', receiver: 'fedcba9876543210' },
    { type: 'ask', run: 3, sent: 1000 },
    { type: 'bye' },
  ]
  for (const word of words) expect(parseBenchWord(benchLine(word))).toEqual(word)
  const wrong = [
    '',
    '{',
    'null',
    '{"type":"ask","run":0,"sent":1}',
    '{"type":"ask","run":1,"sent":1e300}',
    '{"type":"hello","session":"x","receiver":"fedcba9876543210"}',
    '{"type":"report","run":1,"received":-1}',
  ]
  for (const line of wrong) expect(parseBenchWord(line)).toBeUndefined()
})
