import { describe, expect, it } from 'vitest'
import type { RateReport } from '../../../src/core/rate/controller.js'
import { FixedRate } from '../../../src/core/rate/fixed.js'

const REPORT: RateReport = {
  receiver: 1,
  prefix: '10.0.0.0/24',
  fromMicros: 0,
  toMicros: 500_000,
  expected: 1000,
  received: 10,
  receivedBytes: 13_980,
  kernelDrops: 900,
  queueMicros: 500_000,
  lagMicros: 0,
  diskQueueBytes: 0,
  othersCount: 0,
  othersBytes: 0,
}

const SECOND = 1_000_000

/** Sends and ticks every 100 ms between two times, with a report at each when asked. */
function blast(rate: FixedRate, from: number, to: number, reports: boolean): void {
  for (let now = from; now < to; now += SECOND / 10) {
    rate.onSent(1000, now)
    if (reports) rate.onReport(REPORT, now)
    rate.tick(now)
  }
}

describe('FixedRate', () => {
  it('does not care what receivers lose', () => {
    const rate = new FixedRate(50e6)
    blast(rate, 0, 30 * SECOND, true)
    expect(rate.rateBps).toBe(50e6)
    expect(rate.reason).toBe('fixed')
    expect(rate.stopped).toBeUndefined()
    expect(rate.wantsFastReports).toBe(false)
  })

  it('halves every 4 s without reports, stops after 15 s', () => {
    const rate = new FixedRate(40e6)
    blast(rate, 0, 4 * SECOND, false)
    expect(rate.rateBps).toBe(40e6)
    blast(rate, 4 * SECOND, 8 * SECOND, false)
    expect(rate.rateBps).toBe(20e6)
    expect(rate.reason).toBe('no-reports')
    blast(rate, 8 * SECOND, 15 * SECOND, false)
    expect(rate.rateBps).toBe(5e6)
    expect(rate.stopped).toBeUndefined()
    blast(rate, 15 * SECOND, 16 * SECOND, false)
    expect(rate.stopped).toBe('no-reports')
    expect(rate.deadline).toBe(Number.POSITIVE_INFINITY)
  })

  it('does not count the time in which the process itself slept', () => {
    const rate = new FixedRate(40e6)
    blast(rate, 0, SECOND, true)
    blast(rate, 61 * SECOND, 62 * SECOND, false)
    expect(rate.rateBps).toBe(40e6)
    expect(rate.stopped).toBeUndefined()
    blast(rate, 62 * SECOND, 77 * SECOND, false)
    expect(rate.stopped).toBe('no-reports')
  })

  it('never waits for reports on a one-way link, nor before the first datagram', () => {
    const oneWay = new FixedRate(40e6, { oneWay: true })
    blast(oneWay, 0, 60 * SECOND, false)
    expect(oneWay.rateBps).toBe(40e6)
    expect(oneWay.stopped).toBeUndefined()
    const idle = new FixedRate(40e6)
    for (let now = 0; now < 60 * SECOND; now += SECOND) idle.tick(now)
    expect(idle.stopped).toBeUndefined()
    expect(idle.deadline).toBe(Number.POSITIVE_INFINITY)
  })

  it('has no silence to count while nothing is sent', () => {
    const rate = new FixedRate(40e6)
    blast(rate, 0, SECOND, true)
    for (let now = SECOND; now < 61 * SECOND; now += SECOND) rate.tick(now)
    expect(rate.rateBps).toBe(40e6)
    expect(rate.reason).toBe('fixed')
    blast(rate, 61 * SECOND, 62 * SECOND, false)
    expect(rate.stopped).toBeUndefined()
  })

  it('counts what the device does not take: a cable may be out', () => {
    const rate = new FixedRate(40e6)
    blast(rate, 0, SECOND, true)
    for (let now = SECOND; now < 17 * SECOND; now += SECOND) rate.onBlocked(now)
    expect(rate.stopped).toBe('no-reports')
  })
})
