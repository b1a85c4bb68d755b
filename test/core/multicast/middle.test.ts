import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Middle } from '../../../src/core/multicast/middle.js'

const VALUES = 128

function middleOf(values: readonly number[]): number {
  const latest = values.slice(-VALUES).sort((a, b) => a - b)
  return latest[(latest.length - 1) >> 1]
}

describe('the middle', () => {
  it('is that of the latest values, however often in a row each was told', () => {
    const told = fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 1, max: 200 }))
    // No -0: it equals 0 when values are sorted, so which of the two is the middle is nobody's matter.
    const value = fc.double({ noNaN: true }).map(value => value + 0)
    const each = fc.tuple(value, fc.constant(1))
    fc.assert(
      fc.property(fc.array(fc.oneof(told, each), { maxLength: 400 }), all => {
        const middle = new Middle()
        const values: number[] = []
        for (const [value, times] of all) {
          const isNew = middle.add(value, times)
          for (let i = 0; i < times; i++) values.push(value)
          if (isNew) expect(middle.recent).toBe(middleOf(values))
        }
        if (values.length > 0) expect(middle.renew()).toBe(middleOf(values))
      }),
      { numRuns: 300 },
    )
  })

  it('is worked out after each of the first few, then after every 64', () => {
    const middle = new Middle()
    const renewed: number[] = []
    for (let i = 1; i <= 200; i++) if (middle.add(i)) renewed.push(i)
    expect(renewed).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 64, 128, 192])
  })
})
