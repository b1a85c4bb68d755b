// What is due and what is asked for: a block is asked of one peer at a time unless somebody means
// to, and never falls between the two.

import { describe, expect, it } from 'vitest'
import type { Run } from '../../../src/core/base/ranges.js'
import { Wants } from '../../../src/core/session/wants.js'

const always = () => true
const blocksOf = (runs: Iterable<Run>) =>
  [...runs].flatMap(({ first, count }) => Array.from({ length: count }, (_, i) => first + i))

const PATIENCE_MICROS = 250_000

describe('wants', () => {
  it('does not make due again what is asked for, whatever passes by', () => {
    const wants = new Wants(always)
    wants.pass(0, 8, 0)
    wants.asked(3, 1)
    wants.pass(0, 8, 2)
    wants.nothing()
    wants.pass(2, 4, 3)
    expect(blocksOf(wants.due.runs())).toEqual([2, 4, 5])
    expect(wants.answered(3)).toBe(true)
    expect(blocksOf(wants.due.runs())).toEqual([2, 3, 4, 5])
  })

  it('lets a transmitter be asked only for what nobody was asked for', () => {
    const wants = new Wants(always)
    wants.pass(0, 6, 0)
    wants.asked(1, 1)
    wants.settled(4)
    wants.age(PATIENCE_MICROS, PATIENCE_MICROS - 1)
    expect(wants.overdue.total).toBe(0)
    wants.age(PATIENCE_MICROS, PATIENCE_MICROS)
    expect(blocksOf(wants.overdue.runs())).toEqual([0, 2, 3, 5])
    wants.asked(2, PATIENCE_MICROS)
    expect(blocksOf(wants.overdue.runs())).toEqual([0, 3, 5])
  })

  it('is due again when the last of several answers is in, if it is still missing', () => {
    let missing = true
    const wants = new Wants(() => missing)
    wants.asked(1, 0)
    wants.asked(1, 5)
    expect([...wants.owedSince(0)]).toEqual([1])
    expect(wants.answered(1)).toBe(false)
    expect(wants.answered(1)).toBe(true)
    expect(wants.overdue.has(1)).toBe(true)
    wants.asked(1, 6)
    missing = false
    expect(wants.answered(1)).toBe(false)
    expect(wants.due.total + wants.overdue.total + wants.pendingCount).toBe(0)
  })
})
