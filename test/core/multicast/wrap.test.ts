// What a receiver makes of a stream's numbers: loss, duplicates and delay stay right where the 48-bit
// sequence and the 32-bit clock begin anew.

import { describe, expect, it } from 'vitest'
import { Stream } from '../../../src/core/multicast/stream.js'
import { hearOne } from './hear.js'

const WRAP = 2 ** 48
const second = 1e6

function streamAt(now: number): Stream {
  return new Stream({ high: 1, low: 2 }, '10.0.0.1', 1366, 1000, now)
}

describe('a stream', () => {
  it('counts loss and duplicates right where the sequence begins anew', () => {
    const stream = streamAt(0)
    for (let i = -500; i < 500; i++) {
      if ((i + 500) % 10 === 3) continue
      hearOne(stream, (WRAP + i) % WRAP, i + 1000, i + 1100)
    }
    hearOne(stream, 7, 1007, 1700)
    const { expected, received, duplicates, queueMicros } = stream.takeHearing(2000)
    // Loss is what most datagrams say of it, which lags a little.
    expect(Math.abs(expected - 1000)).toBeLessThan(15)
    expect({ received, duplicates }).toEqual({ received: 900, duplicates: 1 })
    expect(queueMicros).toBe(0)
    expect(Math.abs(stream.totalSpan - 1000)).toBeLessThan(15)
  })

  // The sender's clock wraps, the receiver's wraps, and neither does but their difference: each is
  // a different place to go wrong.
  for (const [what, sentFrom, heardFrom] of [
    ['the clock of the sender', 2 ** 32 - second, 5 * second],
    ['the clock of the receiver', 5 * second, 2 ** 32 - second],
    ['the difference of both', 2 ** 31 + 50 * second, 50 * second - 100],
    ['the difference of both, the other way', 50 * second, 2 ** 31 + 50 * second - 100],
  ] as const)
    it(`measures the queue right where ${what} wraps`, () => {
      const stream = streamAt(heardFrom)
      let sequence = 0
      const measure = (queueMicros: number): number => {
        // Jitter of 200 µs around the wrap, and the queue on top.
        for (let i = 0; i < 1000; i++) {
          const sent = (sentFrom + 2000 * sequence) % 2 ** 32
          const heard = heardFrom + 2000 * sequence + queueMicros + (i % 2) * 200
          hearOne(stream, sequence++, sent, heard)
        }
        return stream.takeHearing(heardFrom + 2000 * sequence).queueMicros
      }
      expect(measure(0)).toBe(0)
      expect(measure(30_000)).toBe(30_000)
      expect(measure(0)).toBe(0)
    })
})
