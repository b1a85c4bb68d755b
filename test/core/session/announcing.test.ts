// When a transmitter announces itself.

import { expect, it } from 'vitest'
import { Announcing } from '../../../src/core/session/announcing.js'

const second = 1_000_000

/** When it is said, until `untilMicros`, by whoever says it as soon as it is due. */
function times(announcing: Announcing, untilMicros: number): number[] {
  const said: number[] = []
  while (announcing.at <= untilMicros) {
    said.push(announcing.at / 1e6)
    announcing.said(announcing.at)
  }
  return said
}

it('is said three times as it begins, and then each second', () => {
  const announcing = new Announcing()
  expect(announcing.at).toBe(Number.POSITIVE_INFINITY)
  announcing.begin(5 * second)
  expect(times(announcing, 8 * second)).toEqual([5, 5.1, 5.3, 6.3, 7.3])
  announcing.begin(10 * second)
  expect(times(announcing, 11 * second)).toEqual([10, 10.1, 10.3])
})

it('never waits longer than was wanted', () => {
  const announcing = new Announcing(150_000)
  announcing.begin(0)
  expect(times(announcing, 0.6 * second)).toEqual([0, 0.1, 0.25, 0.4, 0.55])
})

it('is said at once when somebody asks, and ten times a second at most', () => {
  const announcing = new Announcing()
  announcing.begin(0)
  times(announcing, second)
  expect(announcing.at).toBe(1.3 * second)
  announcing.soon(1.2 * second)
  expect(announcing.at).toBe(1.2 * second)
  announcing.said(1.2 * second)
  for (let now = 1.2 * second; now < 1.3 * second; now += 10_000) announcing.soon(now)
  expect(announcing.at).toBe(1.3 * second)
})

it('numbers its datagrams', () => {
  const announcing = new Announcing()
  expect([0, 1, 2].map(() => announcing.nextSequence())).toEqual([0, 1, 2])
})
