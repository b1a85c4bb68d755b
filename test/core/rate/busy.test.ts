// Receivers on a machine that has other things to do. Their sockets keep what comes meanwhile, and the
// line is free all the time: how much of what the processors could take is used, and how soon is the
// line full when they are free again?

import { describe, expect, it } from 'vitest'
import { Prng } from '../../../src/core/base/prng.js'
import { HUNDRED, Mbit, receivers, scene } from './scene.js'

/** What each can process when it is alone. */
const ALONE = 250 * Mbit

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
