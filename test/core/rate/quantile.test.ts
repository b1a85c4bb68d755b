// Does the controller find the rate of a path that stays as it is, soon, and hold it with little
// queue and loss of its own making? One row per kind of path.

import { describe, expect, it } from 'vitest'
import { GIGA, HUNDRED, Mbit, receivers, scene } from './scene.js'
import type { ReceiverSpec } from './spec.js'

interface Row {
  readonly name: string
  readonly count: number
  readonly each: Partial<ReceiverSpec>
  /** The sender's own line; undefined: only the receivers' ports limit. */
  readonly lineBps?: number
  readonly pauseMillis?: number
  /** What the path carries, payload. */
  readonly bestBps: number
  /** 95 % of the share below reached within so many ms. */
  readonly soonMs: number
  /** Mean rate from 2 s to the end, as shares of the best. */
  readonly least: number
  readonly most: number
  /** Of what was sent after 2 s, dropped at ports or sockets, at most. */
  readonly overflow: number
  readonly seconds?: number
}

const own = { lineBps: 100 * Mbit, bestBps: HUNDRED, soonMs: 450, overflow: 0.0001 }
const port = { bestBps: HUNDRED, soonMs: 500, overflow: 0.002 }
const giga = { lineBps: 1000 * Mbit }
const cpu = { lineBps: 1e11, cpuBps: 800 * Mbit }
const police = { queueBytes: 20_000 }

const ROWS: Row[] = [
  { name: 'own line, 8', count: 8, each: {}, ...own, least: 0.985, most: 0.998 },
  { name: 'own line, 1', count: 1, each: {}, ...own, least: 0.985, most: 0.998 },
  { name: 'own line, 1 % loss', count: 8, each: { loss: 0.01 }, ...own, least: 0.97, most: 0.99 },
  { name: 'own line, 5 % loss', count: 8, each: { loss: 0.05 }, ...own, least: 0.92, most: 0.96 },
  { name: 'port, 8', count: 8, each: {}, ...port, least: 0.985, most: 0.999 },
  { name: 'port, 1', count: 1, each: {}, ...port, least: 0.985, most: 0.999 },
  { name: 'port, 1 % loss, 2', count: 2, each: { loss: 0.01 }, ...port, least: 0.97, most: 0.993 },
  { name: 'port, 1 % loss, 8', count: 8, each: { loss: 0.01 }, ...port, least: 0.97, most: 0.993 },
  { name: 'port, 5 % loss, 1', count: 1, each: { loss: 0.05 }, ...port, least: 0.92, most: 0.97 },
  { name: 'port, 5 % loss, 8', count: 8, each: { loss: 0.05 }, ...port, least: 0.92, most: 0.97 },
  { name: 'port, 20 % loss', count: 8, each: { loss: 0.2 }, ...port, least: 0.8, most: 0.88 },
  { name: 'port, 30 % loss', count: 8, each: { loss: 0.3 }, ...port, least: 0.77, most: 0.86 },
  {
    name: '1 % loss, 100',
    count: 100,
    each: { loss: 0.01 },
    ...port,
    least: 0.965,
    most: 0.993,
    seconds: 8,
  },
  {
    name: '5 % loss, 100',
    count: 100,
    each: { loss: 0.05 },
    ...port,
    least: 0.9,
    most: 0.97,
    seconds: 8,
  },
  {
    name: 'own line of 1 Gbit/s',
    count: 8,
    each: giga,
    lineBps: 1000 * Mbit,
    bestBps: GIGA,
    soonMs: 1000,
    overflow: 0.0001,
    least: 0.975,
    most: 0.998,
  },
  {
    name: 'port of 1 Gbit/s with 4 ms of queue',
    count: 8,
    each: giga,
    bestBps: GIGA,
    soonMs: 1000,
    overflow: 0.003,
    least: 0.97,
    most: 0.999,
  },
  { name: 'policer', count: 8, each: police, ...port, least: 0.975, most: 0.999 },
  {
    name: 'policer, 1 % loss',
    count: 8,
    each: { ...police, loss: 0.01 },
    ...port,
    least: 0.96,
    most: 0.99,
  },
  {
    name: 'policer, 5 % loss',
    count: 8,
    each: { ...police, loss: 0.05 },
    ...port,
    least: 0.91,
    most: 0.96,
    overflow: 0.004,
  },
  {
    name: 'receivers that process 800 Mbit/s',
    count: 8,
    each: cpu,
    bestBps: 800 * Mbit,
    soonMs: 1000,
    overflow: 0.003,
    least: 0.95,
    most: 0.999,
  },
  {
    name: 'the same with a small socket buffer',
    count: 8,
    each: { ...cpu, socketBytes: 212_992 },
    bestBps: 800 * Mbit,
    soonMs: 1000,
    overflow: 0.003,
    least: 0.94,
    most: 0.999,
  },
  {
    name: 'the same with a buffer for much of a second',
    count: 8,
    each: { ...cpu, socketBytes: 16 << 20, kernelTimes: true },
    bestBps: 800 * Mbit,
    soonMs: 1500,
    overflow: 0,
    least: 0.93,
    most: 0.999,
  },
  {
    name: 'receivers whose CPU speed swings by 30 %',
    count: 3,
    each: { ...cpu, cpuSwing: 0.3, pauseMillis: 5 },
    bestBps: 800 * Mbit,
    soonMs: 1000,
    overflow: 0.02,
    least: 0.6,
    most: 0.95,
  },
  {
    name: 'event loops that pause for up to 50 ms',
    count: 8,
    each: { pauseMillis: 50 },
    pauseMillis: 50,
    ...port,
    least: 0.92,
    most: 0.995,
  },
  {
    name: 'the same with one receiver',
    count: 1,
    each: { pauseMillis: 50 },
    pauseMillis: 50,
    ...port,
    overflow: 0.004,
    least: 0.9,
    most: 0.995,
  },
]

describe('a path that stays as it is', () => {
  for (const row of ROWS) {
    it(row.name, () => {
      const { watch } = scene(receivers(row.count, row.each), {
        lineBps: row.lineBps,
        pauseMillis: row.pauseMillis,
      })
      const endMs = (row.seconds ?? 12) * 1000
      watch.run(endMs)
      const mean = watch.bps(2000, endMs) / row.bestBps
      expect(watch.reaches(0.95 * row.least * row.bestBps)).toBeLessThanOrEqual(row.soonMs)
      expect(mean).toBeGreaterThanOrEqual(row.least)
      expect(mean).toBeLessThanOrEqual(row.most)
      expect(watch.overflow(2000, endMs)).toBeLessThanOrEqual(row.overflow)
    })
  }

  it('a port of 100 Mbit/s keeps its queue below 20 ms after the first two seconds', () => {
    const { watch, link } = scene(receivers(8))
    watch.run(2000)
    let mostBytes = 0
    link.run(18_000, () => {
      mostBytes = Math.max(mostBytes, link.receivers[0].port.bytes)
    })
    expect(mostBytes).toBeLessThan((0.02 * 100 * Mbit) / 8)
  })

  it('256 MiB through an own line of 100 Mbit/s take less than 23.4 s, the ramp included', () => {
    const { watch, link } = scene(receivers(8), { lineBps: 100 * Mbit })
    const symbols = Math.ceil(2 ** 28 / 1366) * 1.002
    watch.run(23_400)
    expect(link.senders[0].sequence).toBeGreaterThanOrEqual(symbols)
  })

  it('lines slower than the start rate are found too, with and without a queue', () => {
    for (const queueBytes of [512 * 1024, 20_000]) {
      const { watch } = scene(receivers(8, { lineBps: 10 * Mbit, queueBytes }))
      watch.run(15_000)
      const mean = watch.bps(3000, 15_000) / (HUNDRED / 10)
      expect(mean).toBeGreaterThan(0.95)
      expect(mean).toBeLessThan(1.0)
      expect(watch.overflow(3000, 15_000)).toBeLessThan(0.005)
    }
  })

  it('the same seed gives the same run', () => {
    const runs = [1, 2].map(() => {
      const { watch, link } = scene(receivers(3, { loss: 0.02, pauseMillis: 20 }))
      watch.run(3000)
      return link.senders[0].sequence
    })
    expect(runs[0]).toBe(runs[1])
  })
})
