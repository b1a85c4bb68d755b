// Does the controller follow a path that changes: lines that get slower and come back, loss that
// comes and goes, data that runs short, reports that stop?

import { describe, expect, it } from 'vitest'
import { GIGA, HUNDRED, Mbit, receivers, scene } from './scene.js'
import { payloadOf } from './spec.js'

describe('a path that changes', () => {
  for (const { name, count, loss, seed } of [
    { name: '8 receivers', count: 8, loss: 0, seed: 1 },
    { name: '8 receivers, another seed', count: 8, loss: 0, seed: 2 },
    { name: '1 receiver', count: 1, loss: 0, seed: 1 },
    { name: '8 receivers at 1 % loss', count: 8, loss: 0.01, seed: 3 },
  ]) {
    it(`1 Gbit/s to 100 Mbit/s and back: ${name}`, () => {
      const list = receivers(count, { lineBps: 1000 * Mbit, loss })
      const { watch } = scene(list, {}, {}, { seed })
      watch.run(5000)
      for (const receiver of list) receiver.lineBps = 100 * Mbit
      watch.run(10_000)
      for (const receiver of list) receiver.lineBps = 1000 * Mbit
      watch.run(12_000)
      expect(watch.falls(1.02 * HUNDRED, 5000)).toBeLessThan(2000)
      expect(watch.bps(7500, 15_000)).toBeGreaterThan(0.96 * HUNDRED)
      expect(watch.bps(7500, 15_000)).toBeLessThan(HUNDRED)
      expect(watch.overflow(7500, 15_000)).toBeLessThan(0.01)
      expect(watch.reaches(0.95 * GIGA, 15_000)).toBeLessThan(10_000)
      expect(watch.bps(25_000, 27_000)).toBeGreaterThan(0.96 * GIGA)
    })
  }

  it('a line that loses a fifth of its rate is followed within 2 s', () => {
    const list = receivers(8)
    const { watch } = scene(list)
    watch.run(5000)
    for (const receiver of list) receiver.lineBps = 80 * Mbit
    watch.run(10_000)
    const best = payloadOf(80 * Mbit)
    expect(watch.falls(1.01 * best, 5000)).toBeLessThan(2000)
    expect(watch.bps(7500, 15_000)).toBeGreaterThan(0.97 * best)
    expect(watch.overflow(7500, 15_000)).toBeLessThan(0.001)
  })

  for (const count of [1, 8]) {
    it(`random loss of 1 %, 5 % and 0 never costs the rate: ${count}`, () => {
      const list = receivers(count, { loss: 0.01 })
      const { watch } = scene(list)
      watch.run(5000)
      for (const receiver of list) receiver.loss = 0.05
      watch.run(8000)
      for (const receiver of list) receiver.loss = 0
      watch.run(5000)
      expect(watch.bps(2000, 5000)).toBeGreaterThan(0.96 * HUNDRED)
      expect(watch.bps(5000, 7000)).toBeGreaterThan(0.9 * HUNDRED)
      expect(watch.bps(7000, 13_000)).toBeGreaterThan(0.92 * HUNDRED)
      expect(watch.bps(15_000, 18_000)).toBeGreaterThan(0.95 * HUNDRED)
    })
  }

  it('one receiver that hears nothing for 2 s does not disturb the seven others', () => {
    const list = receivers(8)
    const { watch } = scene(list)
    watch.run(5000)
    const before = watch.bps(3000, 4900)
    list[3].loss = 1
    watch.run(2000)
    list[3].loss = 0
    watch.run(3000)
    expect(Math.abs(watch.bps(5000, 6900) / before - 1)).toBeLessThan(0.03)
    expect(Math.abs(watch.bps(7000, 9900) / before - 1)).toBeLessThan(0.03)
  })

  it('when the only receiver hears nothing for 2 s the rate halves, and is back at once', () => {
    const list = receivers(1)
    const { watch, controller } = scene(list)
    watch.run(5000)
    list[0].loss = 1
    watch.run(1900)
    expect(controller.reason).toBe('dark')
    expect(watch.bps(6500, 6800)).toBeLessThan(0.55 * HUNDRED)
    expect(watch.bps(6500, 6800)).toBeGreaterThan(0.4 * HUNDRED)
    watch.run(100)
    list[0].loss = 0
    watch.run(3000)
    expect(watch.reaches(0.95 * HUNDRED, 7000)).toBeLessThan(1000)
  })

  it('a slow disk hides the path; when data flow again the path is found', () => {
    const { watch, sender } = scene(receivers(8), { sourceBps: 30 * Mbit })
    watch.run(6000)
    expect(watch.bps(2000, 5900)).toBeLessThan(31 * Mbit)
    sender.sourceBps = 1e12
    watch.run(6000)
    expect(watch.reaches(0.95 * HUNDRED, 6000)).toBeLessThan(2000)
    expect(watch.bps(8000, 11_900)).toBeGreaterThan(0.98 * HUNDRED)
  })

  it('a line that comes back is found though the disk gives less than the step upwards', () => {
    const list = receivers(2, { lineBps: 1000 * Mbit })
    const { watch } = scene(list, { sourceBps: 850 * Mbit })
    watch.run(5000)
    for (const receiver of list) receiver.lineBps = 100 * Mbit
    watch.run(10_000)
    for (const receiver of list) receiver.lineBps = 1000 * Mbit
    watch.run(10_000)
    expect(watch.bps(24_000, 24_900)).toBeGreaterThan(0.9 * 850 * Mbit)
  })

  it('without reports the rate halves after 4 s, again after 8 s, and stops after 15 s', () => {
    const list = receivers(8)
    const { watch, controller } = scene(list)
    watch.run(3000)
    for (const receiver of list) receiver.reports = false
    watch.run(5000)
    expect(controller.reason).toBe('no-reports')
    expect(watch.bps(7200, 7900)).toBeLessThan(0.51 * HUNDRED)
    watch.run(4000)
    expect(watch.bps(11_200, 11_900)).toBeLessThan(0.26 * HUNDRED)
    expect(controller.stopped).toBeUndefined()
    watch.run(7000)
    expect(controller.stopped).toBe('no-reports')
    expect(watch.bps(18_200, 18_900)).toBe(0)
  })

  it('reports that come back within 15 s restore the rate', () => {
    const list = receivers(4)
    const { watch, controller } = scene(list)
    watch.run(3000)
    for (const receiver of list) receiver.reports = false
    watch.run(9000)
    for (const receiver of list) receiver.reports = true
    watch.run(3000)
    expect(controller.stopped).toBeUndefined()
    expect(watch.bps(13_000, 14_900)).toBeGreaterThan(0.95 * HUNDRED)
  })

  it('receivers that did not run for a moment are no slow path: the rate is back in 2 s', () => {
    const { watch, controller } = scene(receivers(3))
    watch.run(3000)
    const hear = controller.onReport.bind(controller)
    let starved = true
    controller.onReport = (report, now) => {
      const received = starved ? Math.floor(report.received / 8) : report.received
      const kernelDrops = report.received - received
      const receivedBytes = starved ? Math.floor(report.receivedBytes / 8) : report.receivedBytes
      hear({ ...report, received, receivedBytes, kernelDrops }, now)
    }
    watch.run(500)
    starved = false
    expect(controller.rateBps).toBeGreaterThan(0.3 * HUNDRED)
    expect(controller.rateBps).toBeLessThan(0.75 * HUNDRED)
    watch.run(3500)
    expect(watch.bps(5500, 6900)).toBeGreaterThan(0.95 * HUNDRED)
  })

  it('the configured bounds hold: below the least it stops, above the most it never goes', () => {
    const slow = scene(receivers(4, { lineBps: 5 * Mbit }), {}, { minBps: 8 * Mbit })
    slow.watch.run(8000)
    expect(slow.controller.stopped).toBe('below-min')
    const unbounded = scene(receivers(4, { lineBps: 0.3 * Mbit }))
    unbounded.watch.run(20_000)
    expect(unbounded.controller.stopped).toBeUndefined()
    expect(unbounded.controller.rateBps).toBe(0.5 * Mbit)
    const capped = scene(receivers(4), {}, { maxBps: 50 * Mbit })
    let most = 0
    capped.link.run(4000, () => {
      most = Math.max(most, capped.controller.rateBps)
    })
    expect(most).toBe(50 * Mbit)
    expect(capped.controller.rateBps).toBe(50 * Mbit)
    expect(capped.controller.reason).toBe('steady')
  })
})
