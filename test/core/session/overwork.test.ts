// Only a busy majority, busy for long, at a rate that is work at all, ends a blast.

import { expect, it } from 'vitest'
import { areOverworked, overworkedSince } from '../../../src/core/session/overwork.js'
import type { Receiver } from '../../../src/core/session/receivers.js'
import type { Report } from '../../../src/core/wire/message.js'

const second = 1e6
const report = (busyShare?: number): Report => ({ busyShare }) as Report
/** Receivers that have been busy since then, or are not. */
const since = (...times: (number | undefined)[]): Receiver[] =>
  times.map(overworkedAt => ({ overworkedAt }) as Receiver)

it('counts from the first of many busy reports', () => {
  expect(overworkedSince(undefined, report(0.95), 5)).toBe(5)
  expect(overworkedSince(5, report(1), 9)).toBe(5)
  expect(overworkedSince(5, report(0.8), 9)).toBeUndefined()
  // Who has native batches does not say.
  expect(overworkedSince(5, report(), 9)).toBeUndefined()
})

it('is the word of most, for a second', () => {
  const now = 10 * second
  const long = 9 * second
  expect(areOverworked(since(long, long, undefined), 1e8, now)).toBe(true)
  expect(areOverworked(since(long, undefined), 1e8, now)).toBe(false)
  expect(areOverworked(since(long + 1, long + 1, undefined), 1e8, now)).toBe(false)
  expect(areOverworked(since(), 1e8, now)).toBe(false)
})

it('is nothing that a trickle of datagrams can be blamed for', () => {
  expect(areOverworked(since(0), 39e6, 10 * second)).toBe(false)
  expect(areOverworked(since(0), 40e6, 10 * second)).toBe(true)
})
