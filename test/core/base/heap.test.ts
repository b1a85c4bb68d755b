// The heap against sorting: the same order, and the oldest first among equals.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Heap } from '../../../src/core/base/heap.js'

describe('Heap', () => {
  it('gives what a stable sort gives', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 200 }), keys => {
        const heap = new Heap<[number, number]>()
        keys.forEach((key, i) => {
          heap.push(key, [key, i])
        })
        const out = keys.map(() => heap.pop())
        expect(out).toEqual(keys.map((key, i) => [key, i]).sort((a, b) => a[0] - b[0]))
        expect(heap.pop()).toBeUndefined()
      }),
    )
  })

  it('stays stable when pushes and pops alternate', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat(5)), { maxLength: 300 }), steps => {
        const heap = new Heap<number>()
        const model: { key: number; id: number }[] = []
        steps.forEach((key, id) => {
          if (key !== null) {
            heap.push(key, id)
            model.push({ key, id })
            return
          }
          const least = model.reduce((a, b) => (b.key < a.key ? b : a), model[0])
          expect(heap.leastKey).toBe(least?.key ?? Number.POSITIVE_INFINITY)
          expect(heap.top).toBe(least?.id)
          expect(heap.pop()).toBe(least?.id)
          if (least) model.splice(model.indexOf(least), 1)
        })
        expect(heap.size).toBe(model.length)
      }),
    )
  })

  it('takes Infinity, refuses NaN, and can be emptied', () => {
    const heap = new Heap<string>()
    heap.push(Number.POSITIVE_INFINITY, 'never')
    heap.push(-1, 'first')
    expect(() => heap.push(Number.NaN, 'lost')).toThrow('assertion failed')
    expect([heap.pop(), heap.pop()]).toEqual(['first', 'never'])
    heap.push(1, 'x')
    heap.clear()
    expect([heap.size, heap.leastKey, heap.pop()]).toEqual([0, Number.POSITIVE_INFINITY, undefined])
  })
})
