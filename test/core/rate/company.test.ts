// Receivers unlike the rest, receivers that lie, and others on the same line: who is listened to,
// and does everybody keep a part?

import { describe, expect, it } from 'vitest'
import { QuantileRate } from '../../../src/core/rate/quantile.js'
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

describe('others on the same line', () => {
  for (const seed of [1, 2]) {
    it(`two senders both keep a quarter of it over 20 s: seed ${seed}`, () => {
      const link = new Link({
        seed,
        receivers: receivers(8, { lineBps: 1e10 }),
        trunk: { lineBps: 100 * Mbit, queueBytes: 512 * 1024 },
        senders: [
          { controller: new QuantileRate() },
          { controller: new QuantileRate(), startMillis: 3000 },
        ],
      })
      link.run(3000)
      const before = link.senders.map(sender => sender.sequence)
      link.run(20_000)
      const received = link.receivers[0].gauges.map(gauge => gauge.received)
      const sent = link.senders.map((sender, i) => sender.sequence - before[i])
      const shares = sent.map(n => (n * PAYLOAD_BYTES * 8) / 20 / HUNDRED)
      expect(Math.min(...shares)).toBeGreaterThan(0.25)
      const arrived = (received[0] + received[1] - before[0]) * PAYLOAD_BYTES * 8
      expect(arrived / 20).toBeGreaterThan(0.93 * HUNDRED)
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
})
