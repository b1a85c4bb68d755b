// The tally against a plain count of everything, on streams that lose, repeat and reorder by a seed.

import { expect, it } from 'vitest'
import { Prng } from '../../../src/core/base/prng.js'
import { Tally } from '../../../src/core/bench/tally.js'

it('counts what iperf counts: lost, late and out of order', () => {
  const tally = new Tally(0)
  for (const [at, sequence] of [0, 1, 4, 3, 5].entries()) tally.take(sequence, 100, 0, at)
  expect(tally.whole()).toMatchObject({
    received: 5,
    receivedBytes: 500,
    total: 6,
    lost: 1, // 2; 3 was only late
    outOfOrder: 1,
    duplicates: 0,
    startMicros: 0,
    endMicros: 4,
  })
  expect(tally.isWhole).toBe(false)
  tally.expect(8) // 6 and 7 were lost at the end, where no later number tells
  expect(tally.whole()).toMatchObject({ total: 8, lost: 3 })
})

it('does not count what was sent before it joined', () => {
  const tally = new Tally(1000)
  for (const sequence of [1000, 999, 1001, 1003]) tally.take(sequence, 10, 0, 0)
  tally.expect(1005)
  expect(tally.whole()).toMatchObject({ received: 3, total: 5, lost: 2, outOfOrder: 0 })
})

it('counts what comes after the word of the end as it would have before', () => {
  const tally = new Tally(0)
  // So many that the window has gone round: what it knew of the numbers before must not speak of these.
  const sent = 1_100_000
  for (let i = 0; i < sent - 50; i++) tally.take(i, 10, 0, 0)
  tally.expect(sent)
  expect(tally.whole()).toMatchObject({ total: sent, lost: 50 })
  for (let i = sent - 50; i < sent; i++) tally.take(i, 10, 0, 0)
  expect(tally.whole()).toMatchObject({ total: sent, lost: 0, duplicates: 0, outOfOrder: 0 })
})

it('takes no copy for another one, however the stream is shuffled', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const prng = new Prng(seed)
    const stream: number[] = []
    for (let i = 0; i < 3000; i++) {
      if (prng.unit() < 0.1) continue
      stream.push(i)
      if (prng.unit() < 0.05) stream.splice(Math.max(0, stream.length - prng.below(40)), 0, i)
    }
    const tally = new Tally(0)
    let [highest, late] = [-1, 0]
    const seen = new Set<number>()
    for (const [at, sequence] of stream.entries()) {
      tally.take(sequence, 1, 0, at)
      if (sequence < highest && !seen.has(sequence)) late++
      seen.add(sequence)
      highest = Math.max(highest, sequence)
    }
    expect(tally.whole(), `seed ${seed}`).toMatchObject({
      received: seen.size,
      duplicates: stream.length - seen.size,
      total: highest + 1,
      lost: highest + 1 - seen.size,
      outOfOrder: late,
    })
  }
})

it('forgets what its window leaves behind', () => {
  const tally = new Tally(0)
  const window = 2 ** 20
  tally.take(0, 1, 0, 0)
  tally.take(window, 1, 0, 1) // shares its place in the window with 0
  tally.take(window - 5, 1, 0, 2)
  tally.take(0, 1, 0, 3) // too long ago to know
  tally.take(9 * window, 1, 0, 4)
  tally.take(9 * window - 5, 1, 0, 5)
  expect(tally.whole()).toMatchObject({ received: 5, outOfOrder: 2, duplicates: 1 })
})

it('smooths the change of transit times as RFC 1889 has it, across a wrap of 32 bits', () => {
  const tally = new Tally(0)
  const base = 2 ** 32 - 50
  let [jitter, before] = [0, 0]
  const prng = new Prng(7)
  for (let i = 0; i < 100; i++) {
    const sent = base + 100 * i
    const transit = 5000 + prng.below(300)
    if (i > 0) jitter += (Math.abs(transit - before) - jitter) / 16
    before = transit
    tally.take(i, 1, sent >>> 0, sent + transit)
  }
  expect(tally.whole().jitterMicros).toBeCloseTo(jitter, 9)
})

it('tells each interval by itself', () => {
  const tally = new Tally(0)
  for (const sequence of [0, 1, 3]) tally.take(sequence, 10, 0, sequence)
  const first = { received: 3, total: 4, lost: 1, startMicros: 0, endMicros: 100 }
  expect(tally.interval(100)).toMatchObject(first)
  tally.take(2, 10, 0, 101) // makes up for the loss of the interval before
  tally.take(4, 10, 0, 102)
  const second = { received: 2, receivedBytes: 20, total: 1, lost: 0, outOfOrder: 1 }
  expect(tally.interval(200)).toMatchObject({ ...second, startMicros: 100, endMicros: 200 })
  expect(tally.whole()).toMatchObject({ received: 5, total: 5, lost: 0 })
})
