import { describe, expect, it } from 'vitest'
import type { RateReport } from '../../../src/core/rate/controller.js'
import { Panel } from '../../../src/core/rate/panel.js'
import { QuantileRate } from '../../../src/core/rate/quantile.js'
import { SentHistory } from '../../../src/core/rate/sent.js'

const BYTES = 1000

function report(receiver: number, change: Partial<RateReport> = {}): RateReport {
  return {
    receiver,
    prefix: '10.0.0.0/24',
    fromMicros: 0,
    toMicros: 100_000,
    expected: 1000,
    received: 1000,
    receivedBytes: 1000 * BYTES,
    kernelDrops: 0,
    queueMicros: 0,
    lagMicros: 0,
    diskQueueBytes: 0,
    othersCount: 0,
    othersBytes: 0,
    ...change,
  }
}

/** A panel that knows of 1000 datagrams per 100 ms sent for two seconds. */
function panel(): { panel: Panel; now: number } {
  const sent = new SentHistory()
  for (let ms = 0; ms < 2000; ms += 10) sent.add(100 * BYTES, ms * 1000)
  const made = new Panel(sent)
  made.newEpoch(0)
  return { panel: made, now: 1_000_000 }
}

const lost = (n: number) => ({ received: 1000 - n, receivedBytes: (1000 - n) * BYTES })

describe('Panel', () => {
  it('says nothing when nobody reports', () => {
    const { panel: p, now } = panel()
    expect(p.judge(now, 0.9, 0)).toBeUndefined()
  })

  it('hears the worst of three, the second worst of eight, the eleventh worst of a hundred', () => {
    for (const [count, rank] of [
      [3, 1],
      [8, 2],
      [100, 11],
    ]) {
      const { panel: p, now } = panel()
      for (let i = 0; i < count; i++) p.onReport(report(i, lost(i)), now)
      const v = p.judge(now, 0.9, 0)
      expect(v?.loss).toBeCloseTo((count - rank) / 1000, 9)
      expect(v?.heardShare).toBe(1)
    }
  })

  it('does not hear the worst when most of the others have nothing to say', () => {
    const { panel: p, now } = panel()
    p.onReport(report(0, lost(900)), now)
    for (let i = 1; i < 8; i++) p.onReport(report(i, i < 3 ? lost(i) : { expected: 9000 }), now)
    expect(p.judge(now, 0.9, 1)?.loss).toBeCloseTo(0.002, 9)
    for (let i = 1; i < 8; i++) p.onReport(report(i, { expected: 9000 }), now)
    expect(p.judge(now, 0.9, 1)).toBeUndefined()
  })

  it('tells drops at the socket from loss on the network', () => {
    const { panel: p, now } = panel()
    p.onReport(report(1, { ...lost(50), kernelDrops: 40 }), now)
    const v = p.judge(now, 0.9, 0)
    expect(v?.loss).toBeCloseTo(0.01, 9)
    expect(p.strain(now)?.dropped).toBeCloseTo(0.04, 9)
  })

  it('measures excess above the learnt floor, and the path as delivered over 1 − floor', () => {
    const { panel: p, now } = panel()
    p.onReport(report(1, lost(100)), now)
    p.learnFloors(now)
    p.onReport(report(1, lost(190)), now)
    const v = p.judge(now, 0.9, 0)
    expect(v?.floor).toBeCloseTo(0.1, 9)
    expect(v?.excess).toBeCloseTo(0.09, 9)
    expect(v?.capBps).toBeCloseTo((810 * BYTES * 80) / 0.9, 0)
  })

  it('does not learn a floor from a clearly higher loss until a test proves it', () => {
    const { panel: p, now } = panel()
    p.onReport(report(1), now)
    p.learnFloors(now)
    p.onReport(report(1, lost(300)), now)
    p.learnFloors(now)
    expect(p.judge(now, 0.9, 0)?.floor).toBe(0)
    p.proveFloors(now)
    expect(p.judge(now, 0.9, 0)?.floor).toBeCloseTo(0.3, 9)
  })

  it('does not hear one far worse than the median, whose trouble is its own', () => {
    const { panel: p, now } = panel()
    p.onReport(report(0, lost(900)), now)
    p.onReport(report(1, lost(5)), now)
    p.onReport(report(2, lost(3)), now)
    expect(p.judge(now, 0.9, 0)?.loss).toBeCloseTo(0.005, 9)
    expect(p.outsideSince(0)).toBeUndefined()
    p.onReport(report(0, lost(900)), now + 150_000)
    p.onReport(report(1, lost(5)), now + 150_000)
    p.onReport(report(2, lost(3)), now + 150_000)
    p.judge(now + 150_000, 0.9, 0)
    expect(p.outsideSince(0)).toBe(now)
    expect(p.far).toBe(1)
  })

  it('counts a subnet once in the median', () => {
    const { panel: p, now } = panel()
    for (let i = 0; i < 6; i++) {
      p.onReport(report(i, { ...lost(500), prefix: '10.0.1.0/24' }), now)
    }
    p.onReport(report(6, { prefix: '10.0.2.0/24' }), now)
    p.onReport(report(7, { prefix: '10.0.3.0/24' }), now)
    expect(p.judge(now, 0.9, 0)?.loss).toBe(0)
  })

  it('takes silence while datagrams were sent for total loss', () => {
    const { panel: p, now } = panel()
    p.onReport(report(1, { expected: 0, received: 0, receivedBytes: 0 }), now)
    expect(p.judge(now, 0.9, 0)?.dark).toBe(true)
  })

  it('takes nothing heard from one that was behind for a process that did not run', () => {
    const { panel: p, now } = panel()
    const nothing = { expected: 0, received: 0, receivedBytes: 0 }
    p.onReport(report(1, { lagMicros: 50_000 }), now)
    p.onReport(report(1, nothing), now)
    expect(p.judge(now, 0.9, 0)).toBeUndefined()
    p.onReport(report(1, nothing), now)
    expect(p.judge(now, 0.9, 0)?.dark).toBe(true)
  })

  it('takes a sequence that jumps after an outage for life, not for loss', () => {
    const { panel: p, now } = panel()
    expect(p.onReport(report(1, { expected: 9000, ...lost(0) }), now)).toBe(true)
    expect(p.judge(now, 0.9, 0)).toBeUndefined()
  })

  it('waits for reports about the present rate', () => {
    const { panel: p, now } = panel()
    p.onReport(report(1), now)
    p.newEpoch(now - 50_000)
    expect(p.judge(now, 0.9, 0)).toBeUndefined()
    expect(p.judge(now, 0.3, 0)?.heardShare).toBe(1)
  })
})

describe('remote nonsense', () => {
  it('is ignored and never moves the rate out of its bounds', () => {
    const values = [Number.NaN, -1, 0, 1, 1e300, Number.POSITIVE_INFINITY, 2 ** 53]
    const fields = [
      'fromMicros',
      'toMicros',
      'expected',
      'received',
      'receivedBytes',
      'kernelDrops',
      'queueMicros',
      'lagMicros',
    ] as const
    const rate = new QuantileRate({ minBps: 1e6, maxBps: 1e9 })
    let now = 0
    for (let round = 0; round < 2000; round++) {
      now += 10_000
      rate.onSent(25_000, now)
      const field = fields[round % fields.length]
      const value = values[(round * 31) % values.length]
      rate.onReport(report(round % 5, { [field]: value }), now)
      rate.tick(now)
      expect(rate.rateBps).toBeGreaterThanOrEqual(1e6)
      expect(rate.rateBps).toBeLessThanOrEqual(1e9)
    }
  })
})
