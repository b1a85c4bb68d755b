// What is written by one call, and when: in virtual time.

import { expect, it } from 'vitest'
import { BLOCK_BYTES } from '../../../src/core/base/limits.js'
import { Geometry } from '../../../src/core/meta/geometry.js'
import { Gathering } from '../../../src/core/session/gathering.js'
import type { Piece } from '../../../src/core/session/partial.js'

const BLOCKS = 1024
const geometry = new Geometry([BLOCKS * BLOCK_BYTES, 4 * BLOCK_BYTES], 1 << 20)

const piece = (block: number, count = 1): Piece => ({ block, at: 0, bytes: count * BLOCK_BYTES })
/** The runs as their first blocks and numbers of blocks. */
const told = (runs: readonly (readonly Piece[])[]): [number, number][] =>
  runs.map(run => [run[0].block, run.reduce((sum, { bytes }) => sum + bytes / BLOCK_BYTES, 0)])
const ms = (millis: number): number => 1000 * millis

it('writes neighbours by one call, whatever order they came in', () => {
  const gathering = new Gathering(geometry, BLOCKS)
  gathering.add([piece(8, 8), piece(40)], ms(0))
  expect(gathering.deadline).toBe(ms(30))
  gathering.add([piece(0, 8)], ms(20))
  expect(gathering.take(ms(29))).toEqual([])
  expect(told(gathering.take(ms(30)))).toEqual([[0, 16]])
  // The one alone waits for others, but not for long.
  expect(gathering.deadline).toBe(ms(60))
  gathering.add([piece(60)], ms(50))
  expect(told(gathering.take(ms(60)))).toEqual([[40, 1]])
  // Nothing came since.
  expect(told(gathering.take(ms(90)))).toEqual([[60, 1]])
  expect(gathering.deadline).toBe(Number.POSITIVE_INFINITY)
})

it('fills the holes of a group before it is written', () => {
  const gathering = new Gathering(geometry, BLOCKS)
  for (let block = 0; block < 16; block += 2) gathering.add([piece(block)], ms(0))
  expect(gathering.take(ms(30))).toEqual([])
  for (let block = 1; block < 16; block += 2) gathering.add([piece(block)], ms(45))
  expect(told(gathering.take(ms(60)))).toEqual([[0, 16]])
})

it('writes at once what is much, and cuts it where a call would be long or a file ends', () => {
  const gathering = new Gathering(geometry, 2 * BLOCKS)
  gathering.add([piece(0, 40), piece(40, 40), piece(80, 40)], ms(0))
  expect(gathering.deadline).toBe(ms(0))
  expect(told(gathering.take(ms(0)))).toEqual([
    [0, 80],
    [80, 40],
  ])
  gathering.add([piece(BLOCKS - 40, 40), piece(BLOCKS, 4), piece(500, 20)], ms(1))
  expect(told(gathering.take(ms(1)))).toEqual([
    [500, 20],
    [BLOCKS - 40, 40],
    [BLOCKS, 4],
  ])
})

it('keeps no more than it may of what stands alone', () => {
  const gathering = new Gathering(geometry, BLOCKS)
  for (let block = 0; block < 512; block += 2) gathering.add([piece(block)], ms(0))
  expect(gathering.take(ms(0))).toEqual([])
  gathering.add([piece(600)], ms(1))
  expect(gathering.take(ms(30)).length).toBe(257)
})

it('waits for nothing once all is here', () => {
  const gathering = new Gathering(geometry, 3)
  gathering.add([piece(5)], ms(0))
  gathering.add([piece(9), piece(2)], ms(1))
  expect(gathering.deadline).toBe(ms(1))
  expect(told(gathering.take(ms(1)))).toEqual([
    [2, 1],
    [5, 1],
    [9, 1],
  ])
})
