// Bitmap against a plain Set, at sizes on both sides of a byte's border.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Bitmap } from '../../../src/core/base/bitmap.js'

function expectSame(bitmap: Bitmap, model: Set<number>): void {
  const indexes = Array.from({ length: bitmap.size }, (_, i) => i)
  expect(indexes.filter(i => bitmap.has(i))).toEqual(indexes.filter(i => model.has(i)))
  expect(bitmap.count).toBe(model.size)
  expect(bitmap.full).toBe(model.size === bitmap.size)
  for (let from = 0; from <= bitmap.size; from += 7) {
    const to = Math.min(bitmap.size, from + 19)
    const window = indexes.slice(from, to)
    expect(bitmap.countIn(from, to - from)).toBe(window.filter(i => model.has(i)).length)
    expect(bitmap.nextSet(from, to)).toBe(window.find(i => model.has(i)) ?? -1)
    expect(bitmap.nextClear(from, to)).toBe(window.find(i => !model.has(i)) ?? -1)
  }
}

describe('Bitmap', () => {
  it('behaves as a set of small integers', () => {
    const step = fc.record({ add: fc.boolean(), index: fc.integer({ min: -2, max: 50 }) })
    fc.assert(
      fc.property(fc.nat(45), fc.array(step, { maxLength: 60 }), (size, steps) => {
        const bitmap = new Bitmap(size)
        const model = new Set<number>()
        for (const { add, index } of steps) {
          const isInside = index >= 0 && index < size
          const changes = isInside && model.has(index) !== add
          expect(add ? bitmap.add(index) : bitmap.delete(index)).toBe(changes)
          if (changes) add ? model.add(index) : model.delete(index)
        }
        expectSame(bitmap, model)
        expectSame(Bitmap.from(size, bitmap.bytes), model)
      }),
    )
  })

  it('finds over whole bytes to its end', () => {
    const bitmap = new Bitmap(1000)
    expect([bitmap.nextSet(0), bitmap.nextClear(3)]).toEqual([-1, 3])
    bitmap.addRange(0, 997)
    expect([bitmap.count, bitmap.nextClear(1), bitmap.full]).toEqual([997, 997, false])
    bitmap.addRange(990, 10)
    expect([bitmap.count, bitmap.nextClear(0), bitmap.full]).toEqual([1000, -1, true])
  })

  it('believes no foreign bit beyond its size, and copies', () => {
    const bytes = Uint8Array.of(0xff, 0xff)
    const bitmap = Bitmap.from(11, bytes)
    expect([bitmap.count, bitmap.full, bitmap.bytes[1]]).toEqual([11, true, 0b111])
    expect(bytes[1]).toBe(0xff)
    expect(Bitmap.from(20, Uint8Array.of(0xff)).count).toBe(8)
    expect(Bitmap.from(3, Uint8Array.of(0xff, 0xff)).count).toBe(3)
  })
})
