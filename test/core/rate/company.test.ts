// Receivers unlike the rest, receivers that lie, and others on the same line: who is listened to,
// and does everybody keep a part?

import { describe, expect, it } from 'vitest'
import { QuantileRate } from '../../../src/core/rate/quantile.js'
import type { QuantileOptions } from '../../../src/core/rate/quantile-options.js'
import { Link } from './link.js'
import { HUNDRED, Mbit, receivers, scene } from './scene.js'
import { PAYLOAD_BYTES, WIRE_BYTES } from './spec.js'

describe('receivers unlike the rest', () => {
  for (const { name, count, slow } of [
    { name: 'one of eight', count: 8, slow: 1 },
    { name: 'two of eight', count: 8, slow: 2 },
    { name: 'one of three', count: 3, slow: 1 },
    { name: 'one of two', count: 2, slow: 1 },
  ]) {
    it(`on a line of 10 Mbit/s cost the others nothing: ${name}`, () => {
      const list = receivers(count, i => (i < slow ? { lineBps: 10 * Mbit } : {}))
      const { watch, controller } = scene(list)
      watch.run(10_000)
      expect(watch.reaches(0.95 * HUNDRED)).toBeLessThan(1500)
      expect(watch.bps(2000, 9900)).toBeGreaterThan(0.97 * HUNDRED)
      expect(controller.outsideSince(0)).toBeLessThan(2_000_000)
      expect(controller.outsideSince(count - 1)).toBeUndefined()
    })
  }

  it('a crowd behind a thin trunk does not set the rate of another subnet', () => {
    const thin = { prefix: '10.0.1.0/24', lineBps: 10 * Mbit }
    const { watch } = scene(receivers(20, i => (i < 14 ? thin : {})))
    watch.run(15_000)
    expect(watch.bps(7000, 14_900)).toBeGreaterThan(0.9 * HUNDRED)
  })

  it('one that claims to lose everything, or nothing, changes nothing', () => {
    for (const lie of ['all-lost', 'none-lost'] as const) {
      for (const seed of [1, 2, 3]) {
        const list = receivers(8, i => (i === 0 ? { lie } : {}))
        const { watch } = scene(list, {}, {}, { seed })
        watch.run(8000)
        expect(watch.bps(2000, 7900)).toBeGreaterThan(0.97 * HUNDRED)
        expect(watch.overflow(2000, 7900, 1)).toBeLessThan(0.002)
      }
    }
  })

  it('one whose own downlink is full of TCP slows nobody', () => {
    const list = receivers(8, i => (i === 0 ? { tcpFromMillis: 3000 } : {}))
    const { watch, link } = scene(list)
    watch.run(12_000)
    expect(watch.bps(3000, 11_900)).toBeGreaterThan(0.97 * HUNDRED)
    expect(link.receivers[0].tcp?.delivered).toBeGreaterThan(1000)
  })

  it('one that held the others back and leaves is forgotten within 4 s', () => {
    const list = receivers(1, { lineBps: 34 * Mbit, queueBytes: 20_000 })
    list.push(...receivers(1, { lineBps: 40 * Mbit, queueBytes: 20_000 }))
    const { watch, controller, link } = scene(list)
    watch.run(5000)
    const before = watch.bps(3000, 4900)
    list[0].reports = false
    watch.run(20)
    controller.onGone(0, link.ms * 1000)
    watch.run(6000)
    expect(before).toBeLessThan(0.35 * HUNDRED)
    expect(watch.reaches(0.38 * HUNDRED, 5000)).toBeLessThan(4000)
  })
})

/** Two senders on one trunk of 100 Mbit/s, the second from 3 s on, for 8 receivers. */
function duet(spec: { seed: number; second?: QuantileOptions; strangers?: boolean }) {
  const { seed, second, strangers } = spec
  const link = new Link({
    seed,
    strangers,
    receivers: receivers(8, { lineBps: 1e10 }),
    trunk: { lineBps: 100 * Mbit, queueBytes: 512 * 1024 },
    senders: [
      { controller: new QuantileRate() },
      { controller: new QuantileRate(second), startMillis: 3000 },
    ],
  })
  /** Runs on; what arrived of each meanwhile, as a share of what the trunk carries. */
  const shares = (millis: number): number[] => {
    const received = (): number[] => link.receivers[0].gauges.map(gauge => gauge.received)
    const before = received()
    link.run(millis)
    return received().map(
      (count, i) => ((count - before[i]) * PAYLOAD_BYTES * 8) / (millis / 1000) / HUNDRED,
    )
  }
  return { link, shares }
}

describe('others on the same line', () => {
  for (const seed of [1, 2]) {
    it(`two transfers both keep a quarter of it over 20 s: seed ${seed}`, () => {
      const { link, shares } = duet({ seed, strangers: true })
      link.run(3000)
      const [first, second] = shares(20_000)
      expect(Math.min(first, second)).toBeGreaterThan(0.25)
      expect(first + second).toBeGreaterThan(0.93)
    })

    it(`two senders of one transfer share it evenly within 3 s: seed ${seed}`, () => {
      const { link, shares } = duet({ seed })
      link.run(6000)
      const [first, second] = shares(17_000)
      expect(Math.min(first, second)).toBeGreaterThan(0.42)
      expect(first + second).toBeGreaterThan(0.93)
    })

    it(`what one of them does not want, the other has: seed ${seed}`, () => {
      const { link, shares } = duet({ seed, second: { maxBps: 10 * Mbit } })
      link.run(6000)
      const [first, second] = shares(17_000)
      expect(second).toBeGreaterThan(0.09)
      expect(first + second).toBeGreaterThan(0.93)
    })

    it(`when one ends the other has it all within 3 s: seed ${seed}`, () => {
      const { link, shares } = duet({ seed })
      link.run(10_000)
      link.senders[1].spec.sourceBps = 0
      link.run(3000)
      const [first] = shares(5000)
      expect(first).toBeGreaterThan(0.93)
    })
  }

  it('a greedy TCP flow and the blast both keep a quarter of it over 20 s', () => {
    for (const seed of [1, 2]) {
      const { watch, link } = scene(
        receivers(8, { lineBps: 1e10 }),
        {},
        {},
        {
          seed,
          trunk: { lineBps: 100 * Mbit, queueBytes: 512 * 1024 },
          trunkTcpFromMillis: 3000,
        },
      )
      watch.run(23_000)
      const tcpBps = (link.trunkTcp.delivered * WIRE_BYTES * 8) / 20
      expect(watch.bps(3000, 22_900)).toBeGreaterThan(0.25 * HUNDRED)
      expect(tcpBps).toBeGreaterThan(0.25 * 100 * Mbit)
    }
  })

  for (const kind of ['cubic', 'bbr'] as const)
    for (const seed of [1, 2, 3]) {
      it(`a TCP flow (${kind}) of the sender's own host keeps a quarter too: seed ${seed}`, () => {
        const tcp = { kind, fromMillis: 3000, toMillis: 23_000 }
        const list = receivers(2, { kernelTimes: true })
        const { watch, link } = scene(list, { lineBps: 100 * Mbit, tcp }, {}, { seed })
        watch.run(30_000)
        const tcpBps = (link.senders[0].tcp.delivered * WIRE_BYTES * 8) / 20
        expect(tcpBps).toBeGreaterThan(0.25 * 100 * Mbit)
        expect(watch.bps(3000, 23_000)).toBeGreaterThan(0.25 * HUNDRED)
        expect(watch.bps(28_000, 29_900)).toBeGreaterThan(0.75 * HUNDRED)
      })
    }
})
