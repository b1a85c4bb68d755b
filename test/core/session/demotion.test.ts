import { expect, it } from 'vitest'
import { Demotion, Laggards } from '../../../src/core/session/demotion.js'

const second = 1_000_000

/** Seven that lose 1 %, and one that loses `loss` of each report, every half second. */
function reports(laggards: Laggards, loss: (at: number) => number, seconds: number): void {
  for (let at = 0; at < seconds; at += 0.5) {
    for (let index = 0; index < 7; index++) laggards.onReport(index, 4000, 3960, at * second)
    laggards.onReport(7, 4000, 4000 * (1 - loss(at)), at * second)
  }
}

it('advises one that loses far more than the others for 5 s, and nobody else', () => {
  const laggards = new Laggards()
  reports(laggards, () => 0.9, 5)
  expect(laggards.advice(7, 4.9 * second)).toBeUndefined()
  reports(laggards, () => 0.9, 7)
  expect(laggards.advice(7, 6.5 * second)).toBeCloseTo(0.9)
  for (let index = 0; index < 7; index++)
    expect(laggards.advice(index, 6.5 * second)).toBeUndefined()
})

it('does not mind a burst, nor loss that all have', () => {
  const burst = new Laggards()
  reports(burst, at => (at > 2 && at < 5 ? 1 : 0.01), 12)
  expect(burst.advice(7, 12 * second)).toBeUndefined()
  const all = new Laggards()
  for (let at = 0; at < 12; at++)
    for (let index = 0; index < 8; index++) all.onReport(index, 1000, 700, at * second)
  expect(all.advice(3, 12 * second)).toBeUndefined()
})

it('has no measure for one that is alone', () => {
  const laggards = new Laggards()
  for (let at = 0; at < 20; at++) laggards.onReport(0, 1000, 100, at * second)
  expect(laggards.advice(0, 20 * second)).toBeUndefined()
})

it('forgets advice when the reports end', () => {
  const laggards = new Laggards()
  reports(laggards, () => 0.5, 8)
  expect(laggards.advice(7, 8 * second)).toBeCloseTo(0.5)
  expect(laggards.advice(7, 12 * second)).toBeUndefined()
})

it('leaves once advised, says why, and comes back once', () => {
  const demotion = new Demotion()
  expect(demotion.advised(undefined, 0)).toBe(false)
  expect(demotion.advised(0.87, 0)).toBe(true)
  expect(demotion.advised(0.87, second)).toBe(false)
  expect(demotion.why).toContain('87 %')
  expect(demotion.returns(30 * second)).toBe(false)
  expect(demotion.returns(61 * second)).toBe(true)
  expect(demotion.why).toBeUndefined()
  expect(demotion.advised(0.6, 70 * second)).toBe(true)
  expect(demotion.returns(1000 * second)).toBe(false)
})

it('comes back for good where the flood goes on without it', () => {
  const demotion = new Demotion()
  demotion.advised(0.9, 0)
  // 10 Mbit/s arrive, 1 Mbit/s of it from peers.
  for (let at = 0; at <= 4; at += 0.25) demotion.onLoad(at * 1_250_000, at * 125_000, at * second)
  expect(demotion.returns(4 * second)).toBe(true)
  expect(demotion.advised(0.9, 20 * second)).toBe(false)
})

it('stays out where only peers use the line, or nobody counts', () => {
  const demotion = new Demotion()
  demotion.advised(0.9, 0)
  for (let at = 0; at <= 20; at += 0.25) {
    demotion.onLoad(at * 1_250_000, at * 1_150_000, at * second)
    demotion.onLoad(undefined, 0, at * second)
  }
  expect(demotion.returns(20 * second)).toBe(false)
})
