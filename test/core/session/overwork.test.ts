// Only a busy majority, busy for long, at a rate that is work at all, ends a blast.

import { expect, it } from 'vitest'
import { areOverworked, overworkedSince } from '../../../src/core/session/overwork.js'
import type { Receiver } from '../../../src/core/session/receivers.js'
import type { Report } from '../../../src/core/wire/message.js'

const second = 1e6
const report = (busyShare?: number): Report => ({ busyShare }) as Report
/** Receivers, each on a host of its own, that have been busy since then, or are not. */
const since = (...times: (number | undefined)[]): Receiver[] =>
  times.map((overworkedAt, i) => ({ host: `10.0.0.${i}`, overworkedAt }) as Receiver)

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

it('is not the word of one host under many names', () => {
  const loud = Array.from({ length: 9 }, () => ({ host: '10.0.1.1', overworkedAt: 0 }) as Receiver)
  expect(areOverworked([...since(undefined), ...loud], 1e8, 10 * second)).toBe(false)
  expect(areOverworked(loud, 1e8, 10 * second)).toBe(true)
  // One of its names that keeps up speaks for the host.
  const calm = { ...loud[0], overworkedAt: undefined }
  expect(areOverworked([...loud, calm], 1e8, 10 * second)).toBe(false)
})

it('is nothing that a trickle of datagrams can be blamed for', () => {
  expect(areOverworked(since(0), 39e6, 10 * second)).toBe(false)
  expect(areOverworked(since(0), 40e6, 10 * second)).toBe(true)
})
