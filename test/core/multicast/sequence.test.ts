// The window of sequence numbers against a plain set, number by number and by runs.

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { SequenceWindow } from '../../../src/core/multicast/sequence.js'

const WINDOW = 65_536
const step = fc.oneof(
  fc.integer({ min: -300, max: 300 }),
  fc.integer({ min: -70_000, max: 70_000 }),
)

it('knows what came, by ones and by runs, as far back as it reaches', () => {
  fc.assert(
    fc.property(
      fc.nat(1e9),
      fc.array(fc.tuple(step, fc.integer({ min: 1, max: 40 })), { maxLength: 60 }),
      (start, steps) => {
        const window = new SequenceWindow()
        const seen = new Set<number>()
        const addOne = (sequence: number): void => {
          const isNew = !seen.has(sequence) && window.highest - sequence < WINDOW
          expect(window.add(sequence)).toBe(isNew)
          seen.add(sequence)
        }
        let at = start + 200_000
        for (const [by, count] of steps) {
          at = Math.max(0, at + by)
          const isAbove = at > window.highest
          expect(window.addAbove(at, count)).toBe(isAbove)
          for (let i = 0; i < count; i++) {
            if (isAbove) seen.add(at + i)
            else addOne(at + i)
          }
          addOne(at)
        }
      },
    ),
    { numRuns: 300 },
  )
})
