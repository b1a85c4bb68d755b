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
