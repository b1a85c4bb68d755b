// What is owed on one connection: every request has one answer, and a block that was given up is not
// asked for again while an answer for it may still come.

import { describe, expect, it } from 'vitest'
import { BLOCK_BYTES } from '../../../src/core/base/limits.js'
import { Link } from '../../../src/core/swarm/link.js'

const range = (block: number, offsetBytes: number, lengthBytes: number) => ({
  block,
  offsetBytes,
  lengthBytes,
})

describe('a link', () => {
  it('takes one answer for each request and no other', () => {
    const link = new Link(1, '10.0.0.1', true, 0)
    link.ask(range(7, 0, 1000), 0)
    expect(link.askedBytes).toBe(1000)
    expect(link.answer(range(7, 0, 999), 0)).toBeUndefined()
    expect(link.answer(range(7, 0, 1000), 0)).toMatchObject({ abandoned: false })
    expect(link.answer(range(7, 0, 1000), 0)).toBeUndefined()
    expect(link.askedBytes).toBe(0)
  })

  it('takes the blocks of a request in parts, in their order, and awaits the rest', () => {
    const link = new Link(1, '10.0.0.1', true, 0)
    const block = BLOCK_BYTES
    link.ask(range(7, 0, 3 * block + 1000), 0)
    expect(link.answer(range(8, 0, block), 0)).toBeUndefined()
    expect(link.answer(range(7, 0, block - 1), 0)).toBeUndefined()
    expect(link.answer(range(7, 0, 2 * block), 0)).toBeDefined()
    expect(link.askedBytes).toBe(block + 1000)
    for (const asked of link.asked.values()) link.abandon(asked)
    link.complete = true
    expect([7, 8, 9, 10].map(each => link.has(each))).toEqual([true, true, false, false])
    expect(link.answer(range(9, 0, block + 1000), 0)).toMatchObject({ abandoned: true })
    expect([9, 10].every(each => link.has(each))).toBe(true)
    expect(link.asked.size).toBe(0)
  })

  it('keeps a given-up block from being asked for until all its answers came', () => {
    const link = new Link(1, '10.0.0.1', true, 0)
    link.complete = true
    link.ask(range(7, 0, 1000), 0)
    link.ask(range(7, 4000, 1000), 0)
    for (const asked of link.asked.values()) link.abandon(asked)
    expect(link.askedBytes).toBe(0)
    expect(link.has(7)).toBe(false)
    link.answer(range(7, 4000, 1000), 0)
    expect(link.has(7)).toBe(false)
    link.answer(range(7, 0, 1000), 0)
    expect(link.has(7)).toBe(true)
  })

  it('owes every block that a request touches, until it was answered or given up', () => {
    const link = new Link(1, '10.0.0.1', true, 0)
    link.ask(range(7, 0, 2 * BLOCK_BYTES + 1000), 0)
    link.ask(range(12, 4000, 1000), 0)
    const owed = () => [6, 7, 8, 9, 10, 12, 13].filter(block => link.owes(block))
    expect(owed()).toEqual([7, 8, 9, 12])
    link.answer(range(7, 0, BLOCK_BYTES), 0)
    expect(owed()).toEqual([8, 9, 12])
    for (const asked of link.asked.values()) link.abandon(asked)
    expect(owed()).toEqual([])
  })

  it('that says "later" again and again is asked more rarely, until it gives something', () => {
    const link = new Link(1, '10.0.0.1', true, 0)
    const quiet = (): number => {
      link.putOff(0)
      return link.quietUntil
    }
    expect([quiet(), quiet(), quiet(), quiet(), quiet()]).toEqual([2e5, 4e5, 8e5, 1e6, 1e6])
    link.delivered(1000, 0)
    expect(quiet()).toBe(2e5)
  })
})
