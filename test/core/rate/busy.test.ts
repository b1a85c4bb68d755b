// Receivers on a machine that has other things to do. Their sockets keep what comes meanwhile, and the
// line is free all the time: how much of what the processors could take is used, and how soon is the
// line full when they are free again?

import { describe, expect, it } from 'vitest'
import { Prng } from '../../../src/core/base/prng.js'
import { GIGA, HUNDRED, Mbit, receivers, scene } from './scene.js'
import { alike } from './watch.js'

/** What each can process when it is alone. */
const ALONE = 250 * Mbit
/** What happens on a machine is luck for the most part. */
const SEEDS = [1, 2, 3, 4, 5, 6]

function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
}

/** `cpuShare`: what is left to each of them at a time in ms. */
function onOneMachine(cpuShare: (ms: number) => number, cpuBps = ALONE) {
  return receivers(8, { socketBytes: 16 << 20, kernelTimes: true, cpuBps, cpuShare })
}

describe('a busy machine', () => {
  for (const { seed, low, high } of [
    { seed: 1, low: 0.1, high: 0.6 },
    { seed: 2, low: 0.1, high: 0.6 },
    { seed: 3, low: 0.05, high: 0.4 },
    { seed: 4, low: 0.15, high: 0.3 },
    { seed: 5, low: 0.2, high: 1 },
    { seed: 6, low: 0.05, high: 1 },
  ]) {
    it(`for ten seconds ${100 * low} to ${100 * high} % are left, another share every 200 ms`, () => {
      const luck = new Prng(seed)
      const shares = Array.from({ length: 50 }, () => low + (high - low) * luck.unit())
      const at = (ms: number) => shares[Math.floor((ms - 2000) / 200)]
      const { watch } = scene(onOneMachine(ms => (ms < 2000 || ms >= 12_000 ? 1 : at(ms))))
      watch.run(18_000)
      let couldBps = 0
      for (const share of shares) couldBps += Math.min(HUNDRED, share * ALONE) / shares.length
      expect(watch.bps(2000, 12_000)).toBeGreaterThan(0.85 * couldBps)
      expect(watch.reaches(0.95 * HUNDRED, 12_000)).toBeLessThan(1500)
      expect(watch.bps(12_000, 18_000)).toBeGreaterThan(0.93 * HUNDRED)
      expect(watch.overflow(2000, 18_000)).toBeLessThan(0.005)
    })
  }

  for (const { until, share } of [
    { until: 600, share: 0.1 },
    { until: 1500, share: 0.2 },
    { until: 3000, share: 0.2 },
    { until: 2000, share: 0.35 },
  ]) {
    it(`busy from the start, for ${until} ms with ${100 * share} % left`, () => {
      const { watch } = scene(onOneMachine(ms => (ms < until ? share : 1)))
      watch.run(8000)
      expect(watch.reaches(0.95 * HUNDRED)).toBeLessThan(until + 1500)
      expect(watch.bps(until + 1500, 8000)).toBeGreaterThan(0.92 * HUNDRED)
    })
  }

  for (const cpuBps of [60 * Mbit, 85 * Mbit]) {
    it(`receivers that process ${cpuBps / Mbit} Mbit/s get that`, () => {
      const { watch } = scene(onOneMachine(() => 1, cpuBps))
      watch.run(20_000)
      expect(watch.bps(2000, 20_000)).toBeGreaterThan(0.9 * cpuBps)
      expect(watch.bps(2000, 20_000)).toBeLessThan(cpuBps)
    })
  }
})

describe('a sender that is fed', () => {
  it('goes on with what hardly costs a processor, however long receivers wait for theirs', () => {
    const fed = scene(
      onOneMachine(() => 0.02),
      {},
      { isFed: true },
    )
    fed.watch.run(5000)
    expect(fed.controller.rateBps).toBeGreaterThanOrEqual(20 * Mbit)
    const own = scene(onOneMachine(() => 0.02))
    own.watch.run(5000)
    expect(own.controller.rateBps).toBeLessThan(10 * Mbit)
  })
})

describe('a busy sender', () => {
  it('that leaves its line empty at times has not lost it to others', () => {
    const isAwake = (ms: number) => ms < 4000 || ms % 5 !== 0
    const { watch, controller } = scene(receivers(2, { lineBps: 1e9 }), { lineBps: 1e9, isAwake })
    const reasons = new Set<string>()
    for (let ms = 0; ms < 10_000; ms += 100) {
      watch.run(100)
      reasons.add(controller.reason)
    }
    expect(watch.bps(5000, 10_000)).toBeGreaterThan(0.75 * GIGA)
    expect([...reasons]).not.toContain('share')
  })
})

describe('everybody on one machine of two cores', () => {
  it('at the start no lossy line is kept for slow, though it loses several datagrams at a time', () => {
    for (const seed of [1, 2, 3]) {
      const list = receivers(8, { loss: 0.05, lossRun: 8 })
      const isAwake = (ms: number) => ms > 1500 || ms % 20 < 7
      const { watch } = scene(list, { lineBps: 100 * Mbit, isAwake }, {}, { seed })
      watch.run(20_000)
      expect(watch.bps(12_000, 19_900)).toBeGreaterThan(0.9 * HUNDRED)
    }
  })

  for (const { count, leastBps } of [
    { count: 1, leastBps: 750 * Mbit },
    { count: 4, leastBps: 380 * Mbit },
    { count: 8, leastBps: 230 * Mbit },
  ]) {
    it(`${count} on an unlimited path find what the processors take, and lose hardly anything`, () => {
      const machine = { cores: 2, sendMicros: 3, takeMicros: 5.5 }
      let bps = 0
      let worst = 0
      let swing = 0
      for (const seed of SEEDS) {
        const list = receivers(count, { lineBps: 1e11, socketBytes: 16e6, kernelTimes: true })
        const { watch } = scene(list, {}, {}, { seed, machine })
        watch.run(10_000)
        bps += watch.bps(2000, 9900) / SEEDS.length
        worst += Math.max(...list.map((_, i) => watch.overflow(2000, 9900, i))) / SEEDS.length
        const quarters = alike(31, i => watch.bps(2000 + 250 * i, 2250 + 250 * i))
        swing += deviation(quarters) / watch.bps(2000, 9750) / SEEDS.length
      }
      expect(bps).toBeGreaterThan(leastBps)
      expect(worst).toBeLessThan(0.02)
      expect(swing).toBeLessThan(0.3)
    })
  }
})
