// A pass in virtual time: every symbol leaves once, at the rate, and the meta comes again now and
// then without holding anything up, however short it is.

import { describe, expect, it } from 'vitest'
import { RangeSet } from '../../../src/core/base/ranges.js'
import { Geometry } from '../../../src/core/meta/geometry.js'
import { Batch } from '../../../src/core/multicast/batch.js'
import { Sender } from '../../../src/core/multicast/sender.js'
import { FixedRate } from '../../../src/core/rate/fixed.js'
import { DATAGRAM } from '../../../src/core/wire/datagram.js'

const symbolBytes = 1366
const blockCount = 128
const symbolsPerBlock = 12
const rateBps = 1_000_000

/** Runs one pass over 2 MiB with a meta of so many bytes; a minute at most. */
function pass(metaBytes: number, first = 0) {
  const geometry = new Geometry([blockCount * 16_384], 1 << 20)
  const rate = new FixedRate(rateBps)
  const session = { high: 1, low: 2 }
  const sender = new Sender({ geometry, session, symbolBytes, rate, metaBytes })
  const all = new RangeSet()
  all.add(0, blockCount)
  let now = 1_000_000
  sender.startPass(all, now, first)
  const data = new Set<string>()
  const metas: { index: number; at: number }[] = []
  let repeated = 0
  const batch = new Batch(16)
  while (sender.running && now < 61_000_000) {
    for (let out = sender.poll(); out !== undefined; out = sender.poll())
      if (out.type === 'read') sender.chunkReady(out.chunk)
    sender.fill(batch, now)
    for (let i = 0; i < batch.count; i++) {
      if (batch.type[i] === DATAGRAM.meta) metas.push({ index: batch.block[i], at: now })
      if (batch.type[i] !== DATAGRAM.data) continue
      const name = `${batch.block[i]}/${batch.symbol[i]}`
      if (data.has(name)) repeated++
      data.add(name)
    }
    batch.clear()
    now += 1000
  }
  return { sender, data, metas, repeated, seconds: (now - 1_000_000) / 1e6 }
}

describe('a pass of the sender', () => {
  for (const [metaSymbols, metaBytes] of [
    [1, 500],
    [3, 2 * symbolBytes + 1],
  ]) {
    it(`sends every symbol once and a meta of ${metaSymbols} datagrams every 5 s`, () => {
      const { sender, data, metas, repeated, seconds } = pass(metaBytes)
      expect(sender.running).toBe(false)
      expect(sender.passFraction).toBe(1)
      expect(data.size).toBe(blockCount * symbolsPerBlock)
      expect(repeated).toBe(0)
      expect(seconds).toBeCloseTo((8 * sender.sentBytes) / rateBps, 0)
      // 17 s: at the start, and after 5, 10 and 15 s.
      expect(metas.map(meta => meta.index % metaSymbols)).toEqual(
        Array.from({ length: 4 * metaSymbols }, (_, i) => i % metaSymbols),
      )
      const starts = metas.filter(meta => meta.index === 0).map(meta => meta.at)
      for (let i = 1; i < starts.length; i++)
        expect(starts[i] - starts[i - 1]).toBeGreaterThanOrEqual(5_000_000)
    })
  }

  it('begins with the chunk it is told and goes round once', () => {
    const { sender, data, repeated } = pass(500, 70)
    expect(sender.running).toBe(false)
    expect(data.size).toBe(blockCount * symbolsPerBlock)
    expect(repeated).toBe(0)
    const blocks = [...data].map(name => Number(name.split('/')[0]))
    expect(blocks[0]).toBe(64)
    expect(blocks.at(-1)).toBe(63)
  })
})

describe('a pass with parity', () => {
  /** What left in order, one letter a datagram, and which chunks were let go of when. */
  function run(sizes: readonly number[], blocks: RangeSet, rows: number) {
    const geometry = new Geometry(sizes, 1 << 18)
    const rate = new FixedRate(1e9)
    const session = { high: 1, low: 2 }
    const parityRows = () => rows
    const sender = new Sender({ geometry, session, symbolBytes, rate, metaBytes: 1, parityRows })
    const sent: { type: number; block: number; symbol: number; released: number[] }[] = []
    const released: number[] = []
    const batch = new Batch(8)
    sender.startPass(blocks, 1_000_000)
    for (let now = 1_000_000; sender.running && now < 3_000_000; now += 100) {
      for (let out = sender.poll(); out !== undefined; out = sender.poll()) {
        if (out.type === 'read') sender.chunkReady(out.chunk)
        if (out.type === 'release') released.push(out.chunk)
      }
      sender.fill(batch, now)
      for (let i = 0; i < batch.count; i++) {
        const [type, block, symbol] = [batch.type[i], batch.block[i], batch.symbol[i]]
        if (type === DATAGRAM.parity) expect(batch.bytes[i]).toBe(symbolBytes)
        sent.push({ type, block, symbol, released: [...released] })
      }
      batch.clear()
    }
    for (let out = sender.poll(); out !== undefined; out = sender.poll())
      if (out.type === 'release') released.push(out.chunk)
    expect(sender.running).toBe(false)
    return { geometry, sent, released }
  }
  const everything = (count: number) => RangeSet.from([{ first: 0, count }])

  it('sends the rows after the group, and keeps its chunks until then', () => {
    const { geometry, sent, released } = run([500_000, 10, 20_000, 300_000], everything(53), 3)
    expect(geometry.blockCount).toBe(53)
    const parity = sent.filter(({ type }) => type === DATAGRAM.parity)
    expect(parity.map(({ block, symbol }) => [block, symbol])).toEqual(
      [0, 16, 32, 48].flatMap(block => [0, 1, 2].map(row => [block, row])),
    )
    for (const { block, released } of parity) {
      const at = sent.findIndex(other => other.type === DATAGRAM.parity && other.block === block)
      const before = sent.slice(0, at).filter(({ type }) => type === DATAGRAM.data)
      expect(before.at(-1)!.block).toBe(Math.min(block + 15, 52))
      for (let of = block; of < Math.min(block + 16, 53); of++)
        expect(released).not.toContain(geometry.chunkOfBlock(of))
    }
    const chunks = Array.from({ length: geometry.chunkCount }, (_, i) => i)
    expect([...released].sort((a, b) => a - b)).toEqual(chunks)
  })

  it('sends none for a group of which it sends a part', () => {
    const some = RangeSet.from([
      { first: 3, count: 20 },
      { first: 32, count: 16 },
    ])
    const { sent, released } = run([54 * 16_384], some, 2)
    const parity = sent.filter(({ type }) => type === DATAGRAM.parity)
    expect(parity.map(({ block }) => block)).toEqual([32, 32])
    expect([...released].sort((a, b) => a - b)).toEqual([0, 1, 2])
  })
})
