// How long a peer may be silent follows from what is asked of all and from how fast they deliver.

import { expect, it } from 'vitest'
import { LIMITS } from '../../../src/core/base/limits.js'
import { patienceFor, patienceOf } from '../../../src/core/swarm/patience.js'

const now = 100e6
const owing = { askedBytes: 512 * 1024, rateBps: 0.5e6, lastByteAt: now }

it('waits for a slow line, for a fast one and for nobody not at all', () => {
  const ten = Array.from({ length: 10 }, () => owing)
  // 5 MiB at 5 Mbit/s, twice.
  expect(patienceOf(ten, now) / 1e6).toBeCloseTo(16.8, 1)
  const fast = ten.map(each => ({ ...each, rateBps: 100e6 }))
  expect(patienceOf(fast, now)).toBe(LIMITS.peerSilenceMicros)
  expect(patienceOf([], now)).toBe(LIMITS.answerMicros)
  const slowest = ten.map(each => ({ ...each, rateBps: 1000 }))
  expect(patienceOf(slowest, now)).toBe(60e6)
})

it('takes the rate of those alone who still deliver', () => {
  const silent = { ...owing, rateBps: 100e6, lastByteAt: now - 5e6 }
  expect(patienceOf([owing, silent], now) / 1e6).toBeCloseTo(33.6, 1)
  expect(patienceOf([silent], now)).toBe(LIMITS.answerMicros)
})

it('waits longer for one whose own line is slower, and no longer for one who never gave anything', () => {
  const four = LIMITS.peerSilenceMicros
  expect(patienceFor(owing, four) / 1e6).toBeCloseTo(16.8, 1)
  expect(patienceFor({ ...owing, rateBps: 100e6 }, four)).toBe(four)
  expect(patienceFor({ ...owing, rateBps: 0 }, four)).toBe(four)
  expect(patienceFor({ ...owing, rateBps: 1000 }, four)).toBe(60e6)
})
