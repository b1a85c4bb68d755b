// What the operator allows is what peers get: within 3 % over 5 seconds, at any rate, however much
// they ask for; a limit that changes nothing costs nothing.

import { describe, expect, it } from 'vitest'
import { Allowance } from '../../../src/core/swarm/allowance.js'
import { Slots } from '../../../src/core/swarm/slots.js'

const rangeBytes = 256 * 1024
const second = 1e6

/** Bytes served in each of four spans of 5 s to three peers that always ask for more. */
function served(slots: Slots): number[] {
  const spans = [0, 0, 0, 0]
  let asked = 0
  for (let now = 0; now < 20 * second; now += 5000) {
    for (const peer of [1, 2, 3]) {
      const range = { block: asked * 16, offsetBytes: 0, lengthBytes: rangeBytes }
      if (slots.ask(peer, range, now)) asked++
    }
    for (let serve = slots.next(now); serve; serve = slots.next(now)) {
      spans[Math.floor(now / (5 * second))] += serve.range.lengthBytes
      slots.sent(serve.peer, serve.range.lengthBytes, now)
    }
  }
  return spans
}

describe('--upload', () => {
  it.each([50e6, 100e6, 400e6])('%d bit/s are kept within 3 %% over 5 s', rateBps => {
    const slots = new Slots()
    slots.cap(rateBps)
    for (const bytes of served(slots).slice(1)) {
      const payload = (bytes * 8) / 5
      const line = (payload * 1514) / 1448
      expect(payload).toBeGreaterThan(0.97 * rateBps)
      expect(line).toBeLessThan(1.03 * rateBps)
    }
  })

  it('holds whatever else limits, and the lower of both counts', () => {
    const slots = new Slots()
    slots.cap(80e6)
    slots.limit(8e6, 0)
    expect(Math.max(...served(slots).slice(1))).toBeLessThan((1.05 * 8e6 * 5) / 8)
  })
})

describe('an allowance', () => {
  it('gives back what did not come', () => {
    const allowance = new Allowance(8e6)
    expect(allowance.affords(0)).toBe(true)
    allowance.spend(rangeBytes)
    expect(allowance.affords(1)).toBe(false)
    expect(allowance.dueAt).toBeGreaterThan(1)
    allowance.spend(-rangeBytes)
    expect(allowance.affords(2)).toBe(true)
  })

  it('without a limit affords everything', () => {
    const allowance = new Allowance(Number.POSITIVE_INFINITY)
    for (let i = 0; i < 1000; i++) allowance.spend(rangeBytes)
    expect(allowance.affords(0)).toBe(true)
    expect(allowance.dueAt).toBe(Number.POSITIVE_INFINITY)
  })
})
