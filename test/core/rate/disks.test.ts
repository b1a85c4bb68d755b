// Disks slower than the line: the ceiling is what they take, whatever the line would carry.

import { expect, it } from 'vitest'
import { MIB } from '../../../src/core/base/units.js'
import type { RateReport } from '../../../src/core/rate/controller.js'
import { Disks } from '../../../src/core/rate/disks.js'

const EVERY_MICROS = 500_000
const LINE_BPS = 1e9

/** Receivers whose disks take so much; the queue of the first one after each interval, in bytes. */
function blast(takesBps: readonly number[], intervals: number) {
  const disks = new Disks()
  const queues = takesBps.map(() => 0)
  const first: number[] = []
  for (let i = 0; i < intervals; i++) {
    const rateBps = Math.min(LINE_BPS, disks.ceilingBps)
    const bytes = (rateBps * EVERY_MICROS) / 8e6
    for (const [receiver, bps] of takesBps.entries()) {
      queues[receiver] = Math.max(0, queues[receiver] + bytes - (bps * EVERY_MICROS) / 8e6)
      disks.onReport(report(receiver, i, bytes, queues[receiver]))
    }
    first.push(queues[0])
  }
  return { disks, first }
}

function report(receiver: number, i: number, receivedBytes: number, diskQueueBytes: number) {
  const times = { fromMicros: i * EVERY_MICROS, toMicros: (i + 1) * EVERY_MICROS }
  return { receiver, ...times, receivedBytes, diskQueueBytes } as RateReport
}

it('limits nothing while the disks keep up', () => {
  expect(blast([2e9, 2e9, 2e9], 100).disks.ceilingBps).toBe(Number.POSITIVE_INFINITY)
})

it('comes to what the slowest of three takes, with a queue that stays', () => {
  for (const bps of [40e6, 400e6]) {
    const { disks, first } = blast([bps, 2e9, 2e9], 200)
    expect(disks.ceilingBps / bps).toBeCloseTo(1, 1)
    expect(first[199]).toBeGreaterThan(8 * MIB)
    expect(first[199]).toBeLessThan(24 * MIB)
  }
})

it('leaves the slowest of four to the swarm, and looks for more when it has gone', () => {
  expect(blast([40e6, 2e9, 2e9, 2e9], 100).disks.ceilingBps).toBe(Number.POSITIVE_INFINITY)
  const { disks } = blast([40e6, 400e6], 200)
  expect(disks.ceilingBps).toBeLessThan(60e6)
  disks.onGone(0)
  expect(disks.ceilingBps).toBeGreaterThan(60e6)
})

it('finds its way back after a disk that hung', () => {
  const disks = new Disks()
  const at = (i: number, bytes: number, queue: number): void =>
    disks.onReport(report(0, i, bytes, queue))
  for (let i = 0; i < 10; i++) at(i, 2 * MIB, 2 * MIB * (i + 1))
  expect(disks.ceilingBps).toBeLessThan(1e6)
  for (let i = 10; i < 40; i++) at(i, (disks.ceilingBps * EVERY_MICROS) / 8e6, 0)
  expect(disks.ceilingBps).toBeGreaterThan(1e9)
})

it('believes no nonsense', () => {
  const { disks } = blast([40e6], 100)
  const before = disks.ceilingBps
  for (const [bytes, queue] of [
    [Number.NaN, 0],
    [0, Number.NaN],
    [-1, 0],
    [0, -1],
  ])
    disks.onReport(report(0, 100, bytes, queue))
  disks.onReport({ ...report(0, 100, MIB, MIB), toMicros: 0 })
  expect(disks.ceilingBps).toBe(before)
})
