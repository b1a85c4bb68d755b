import { expect, it } from 'vitest'
import { worse } from './sim-compare.js'

const figures = { medianSeconds: 10, lastSeconds: 20, overhead: 1 }

it('tells what got worse by more than a tenth, and what is no longer measured', () => {
  expect(worse({ a: figures }, { a: { ...figures, lastSeconds: 21.9 } })).toEqual([])
  expect(worse({ a: figures }, { a: { ...figures, lastSeconds: 5 }, b: figures })).toEqual([])
  expect(worse({ a: figures }, { a: { ...figures, lastSeconds: 22.1 } })).toHaveLength(1)
  expect(
    worse({ a: figures }, { a: { ...figures, overhead: 1.2, medianSeconds: 12 } }),
  ).toHaveLength(2)
  expect(worse({ a: figures }, {})).toEqual(['a: gone'])
  // Who never completes is worse than anybody.
  expect(worse({ a: figures }, { a: { ...figures, lastSeconds: Infinity } })).toHaveLength(1)
})
