// RangeSet against a plain Set of integers, after a random life of any length.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RangeSet, type Run } from '../../../src/core/base/ranges.js'

const SPAN = 60

/** The shortest list of runs that covers the members. */
function runsOf(members: Iterable<number>): Run[] {
  const runs: { first: number; count: number }[] = []
  for (const value of [...members].sort((a, b) => a - b)) {
    const last = runs[runs.length - 1]
    if (last && last.first + last.count === value) last.count++
    else runs.push({ first: value, count: 1 })
  }
  return runs
}

const integers = (first: number, count: number) =>
  Array.from({ length: count }, (_, i) => first + i)

function expectSame(set: RangeSet, model: Set<number>): void {
  const sorted = [...model].sort((a, b) => a - b)
  expect([...set.runs()]).toEqual(runsOf(model))
  expect(set.runCount).toBe(runsOf(model).length)
  expect(set.total).toBe(model.size)
  expect(set.first).toBe(sorted[0] ?? -1)
  expect(set.end).toBe((sorted[sorted.length - 1] ?? -1) + 1)
  for (let i = 0; i < SPAN; i += 11) {
    expect(set.has(i)).toBe(model.has(i))
    expect(set.nextFrom(i)).toBe(sorted.find(value => value >= i) ?? -1)
    const window = integers(i, 13)
    expect(set.countIn(i, 13)).toBe(window.filter(value => model.has(value)).length)
    expect([...set.complementIn(i, 13)]).toEqual(runsOf(window.filter(value => !model.has(value))))
  }
}

describe('RangeSet', () => {
  it('behaves as a set of integers', () => {
    const step = fc.record({
      add: fc.boolean(),
      first: fc.nat(SPAN - 10),
      count: fc.nat(12),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), steps => {
        const set = new RangeSet()
        const model = new Set<number>()
        for (const { add, first, count } of steps) {
          if (add) set.add(first, count)
          else set.delete(first, count)
          for (const value of integers(first, count)) add ? model.add(value) : model.delete(value)
        }
        expectSame(set, model)
        expectSame(RangeSet.from([...set.runs()].reverse()), model)
        set.clear()
        expectSame(set, new Set())
      }),
    )
  })

  it('does not split a range when nothing is deleted', () => {
    const set = RangeSet.from([{ first: 0, count: 10 }])
    set.delete(5, 0)
    expect([...set.runs()]).toEqual([{ first: 0, count: 10 }])
  })

  it('holds 2^32 blocks in one range', () => {
    const set = RangeSet.from([{ first: 0, count: 2 ** 32 }])
    set.delete(2 ** 31, 1)
    expect([set.total, set.runCount, set.has(2 ** 31)]).toEqual([2 ** 32 - 1, 2, false])
  })
})
