// A sender that does not always get a processor, on its own line of 1 Gbit/s: is a late process told
// from a full line, and chance from congestion where super-packets are lost whole?

import { describe, expect, it } from 'vitest'
import { Prng } from '../../../src/core/base/prng.js'
import { GIGA, HUNDRED, Mbit, receivers, scene } from './scene.js'

const line = { lineBps: 1000 * Mbit }
/** Datagrams of a super-packet. */
const lossRun = 45
const SEEDS = Array.from({ length: 20 }, (_, i) => i + 1)
/** Eight receivers cost eight times as much. */
const seedsFor = (count: number) => (count < 8 ? SEEDS : SEEDS.slice(0, 8))

/** Kept waiting from time to time, so often in a second, for so many ms on average, until then. */
function late(seed: number, perSecond: number, millis: number, untilMs = 40_000) {
  const luck = new Prng(seed)
  const asleep = new Set<number>()
  for (let ms = 0; ms < untilMs; ms++) {
    if (luck.unit() >= perSecond / 1000) continue
    for (const end = ms + millis * (0.5 + luck.unit()); ms < end; ms++) asleep.add(ms)
  }
  return (ms: number) => !asleep.has(ms)
}

/** The share of the time between two ms in which it has a processor. */
function awakeShare(isAwake: (ms: number) => boolean, from: number, to: number): number {
  let awake = 0
  for (let ms = from; ms < to; ms++) if (isAwake(ms)) awake++
  return awake / (to - from)
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

describe('a late sender on its own line of 1 Gbit/s', () => {
  for (const { loss, count, least, ever } of [
    { loss: 0, count: 1, least: 0.97, ever: 0.9 },
    { loss: 0, count: 8, least: 0.97, ever: 0.9 },
    { loss: 0.01, count: 1, least: 0.97, ever: 0.9 },
    { loss: 0.05, count: 1, least: 0.93, ever: 0.8 },
    { loss: 0.05, count: 2, least: 0.93, ever: 0.8 },
  ]) {
    it(`keeps what its processor leaves it of the line: ${100 * loss} % loss, ${count}`, () => {
      const shares = seedsFor(count).map(seed => {
        const isAwake = late(seed, 1, 50)
        const list = receivers(count, { ...line, loss, lossRun, kernelTimes: true })
        const { watch } = scene(list, { ...line, isAwake }, {}, { seed })
        watch.run(10_000)
        return watch.bps(2000, 9900) / (GIGA * awakeShare(isAwake, 2000, 9900))
      })
      expect(mean(shares)).toBeGreaterThan(least)
      expect(Math.min(...shares)).toBeGreaterThan(ever)
    })
  }

  it('half a second with half a processor leaves no trace', () => {
    for (const seed of SEEDS) {
      const isAwake = (ms: number) => ms < 4000 || ms >= 4500 || ms % 2 === 0
      const { watch } = scene(receivers(1, line), { ...line, isAwake }, {}, { seed })
      watch.run(6000)
      expect(watch.bps(5000, 5900)).toBeGreaterThan(0.97 * GIGA)
    }
  })

  it('finds 100 Mbit/s within 2 s and 1 Gbit/s within 10 s when the line changes', () => {
    for (const seed of SEEDS.slice(0, 6)) {
      const list = receivers(2, line)
      const { watch } = scene(list, { ...line, isAwake: late(seed, 1, 20) }, {}, { seed })
      watch.run(5000)
      for (const receiver of list) receiver.lineBps = 100 * Mbit
      watch.run(10_000)
      for (const receiver of list) receiver.lineBps = 1000 * Mbit
      watch.run(12_500)
      expect(watch.falls(1.05 * HUNDRED, 5000)).toBeLessThan(2000)
      expect(watch.bps(25_000, 27_400)).toBeGreaterThan(0.93 * GIGA)
    }
  })
})

describe('super-packets that are lost whole', () => {
  for (const { loss, count, own } of [
    { loss: 0, count: 1, own: true },
    { loss: 0, count: 8, own: false },
    { loss: 0.01, count: 2, own: true },
    { loss: 0.05, count: 1, own: true },
    { loss: 0.05, count: 8, own: true },
    { loss: 0.05, count: 2, own: false },
  ]) {
    it(`1 Gbit/s is found in 2 s: ${100 * loss} %, ${count}, ${own ? 'own line' : 'ports'}`, () => {
      // What the repair of the loss takes on the same lines is left free.
      const best = GIGA / (1 + loss)
      const shares = seedsFor(count).map(seed => {
        const list = receivers(count, { ...line, loss, lossRun, kernelTimes: true })
        const { watch } = scene(list, own ? line : {}, {}, { seed })
        watch.run(3000)
        return watch.bps(2000, 2900) / best
      })
      expect(mean(shares)).toBeGreaterThan(0.95)
      expect(Math.min(...shares)).toBeGreaterThan(0.85)
    })
  }
})
