// The sender's schedule in virtual time: it keeps its rate however late it is woken.

import { expect, it } from 'vitest'
import { Prng } from '../../../src/core/base/prng.js'
import { type Run, Schedule } from '../../../src/core/bench/schedule.js'

const second = 1_000_000
const base = { lengthBytes: 1470, micros: Infinity, datagrams: Infinity }

/** Runs it to its end with wake-ups that come late; returns when that was. */
function play(
  run: Run,
  lateMicros: (at: number) => number,
  most = 178,
): { sent: number; at: number } {
  let now = 5 * second
  const schedule = new Schedule(run, now)
  while (!schedule.isOver(now)) {
    const count = Math.min(most, schedule.due(now))
    schedule.spend(count)
    now = Math.max(now + 20, schedule.deadline) + lateMicros(now - 5 * second)
  }
  return { sent: schedule.sent, at: now - 5 * second }
}

it.each([1e5, 1e7, 95e6, 3e9])('keeps %d bit/s although it is woken late', rateBps => {
  for (let seed = 1; seed <= 5; seed++) {
    const prng = new Prng(seed)
    const late = (at: number) =>
      at > 2.8 * second ? 0 : prng.unit() < 0.02 ? prng.below(100_000) : prng.below(1500)
    const { sent } = play({ ...base, rateBps, micros: 3 * second }, rateBps > 1e9 ? () => 0 : late)
    const exact = (3 * rateBps) / (8 * 1470)
    expect(Math.abs(sent - exact), `seed ${seed}`).toBeLessThan(1 + (50 * rateBps) / 8e6 / 1470)
  }
})

it('ends with the amount where that is given', () => {
  const { sent, at } = play({ ...base, rateBps: 11_760_000, datagrams: 1000 }, () => 0)
  expect(sent).toBe(1000)
  expect(at / second).toBeCloseTo(1, 2)
})

it('sends whatever there is room for without a rate, until the time is over', () => {
  const schedule = new Schedule({ ...base, rateBps: Infinity, micros: second }, 0)
  expect([schedule.due(0), schedule.due(second - 1), schedule.due(second)]).toEqual([
    Infinity,
    Infinity,
    0,
  ])
  expect(schedule.isOver(second)).toBe(true)
})

it('does not make up for a long sleep', () => {
  const schedule = new Schedule({ ...base, rateBps: 11_760_000 }, 0) // 1000 a second
  schedule.spend(schedule.due(0))
  expect(schedule.due(60 * second)).toBeLessThanOrEqual(501)
})
