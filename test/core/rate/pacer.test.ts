import { describe, expect, it } from 'vitest'
import { Pacer } from '../../../src/core/rate/pacer.js'

const DATAGRAM = 1398

describe('Pacer', () => {
  it('keeps the mean rate exactly, however late its timer fires', () => {
    const pacer = new Pacer(100e6, 0)
    let sent = 0
    let now = 0
    // Delays of 1 to 13 ms, all below the catch-up limit.
    for (let i = 0; now < 10_000_000; i++) {
      now += 1000 + ((i * 7919) % 12) * 1000
      while (pacer.creditBytes(now) >= DATAGRAM) {
        const count = Math.floor(pacer.batchBytes(now, DATAGRAM) / DATAGRAM)
        pacer.spend(count * DATAGRAM)
        sent += count * DATAGRAM
      }
    }
    expect(Math.abs((sent * 8e6) / now / 100e6 - 1)).toBeLessThan(0.0005)
  })

  it('limits a batch to 2 ms of the rate, a late one to 10 ms, and to one datagram at least', () => {
    const fast = new Pacer(1e9, 0)
    expect(fast.batchBytes(40_000, DATAGRAM)).toBe(250_000)
    expect(fast.batchBytes(40_000, DATAGRAM, 3000)).toBe(625_000)
    expect(fast.batchBytes(40_000, DATAGRAM, 40_000)).toBe(1_250_000)
    const slow = new Pacer(1e6, 0)
    expect(slow.batchBytes(40_000, DATAGRAM)).toBe(DATAGRAM)
  })

  it('lets a late batch of a low rate be longer, as it is small all the same', () => {
    const pacer = new Pacer(20e6, 0)
    expect(pacer.batchBytes(40_000, DATAGRAM, 38_000)).toBe(100_000)
    expect(new Pacer(20e6, 0).batchBytes(1e6, DATAGRAM, 1e6)).toBe(128 * 1024)
  })

  it('loses credit that is older than the catch-up limit', () => {
    const pacer = new Pacer(100e6, 0)
    expect(pacer.creditBytes(10_000_000)).toBe((0.05 * 100e6) / 8)
    expect(new Pacer(1e6, 0).creditBytes(10_000_000)).toBe((0.3 * 1e6) / 8)
    expect(new Pacer(1e5, 0).creditBytes(10_000_000)).toBe(9000)
  })

  it('says when the credit will suffice, to the microsecond', () => {
    const pacer = new Pacer(8e6, 0)
    expect(pacer.deadline(0, DATAGRAM)).toBe(DATAGRAM)
    expect(pacer.creditBytes(DATAGRAM)).toBe(DATAGRAM)
    expect(pacer.deadline(DATAGRAM, DATAGRAM)).toBe(DATAGRAM)
    pacer.spend(2 * DATAGRAM)
    expect(pacer.deadline(DATAGRAM, DATAGRAM)).toBe(3 * DATAGRAM)
  })

  it('keeps earned credit when the rate changes', () => {
    const pacer = new Pacer(80e6, 0)
    pacer.setRate(8e6, 1000)
    expect(pacer.creditBytes(1000)).toBe(10_000)
    expect(pacer.creditBytes(2000)).toBe(11_000)
  })

  it('ignores a clock that steps back', () => {
    const pacer = new Pacer(8e6, 5000)
    expect(pacer.creditBytes(4000)).toBe(0)
    expect(pacer.creditBytes(6000)).toBe(1000)
  })
})
