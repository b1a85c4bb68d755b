// Conversions against numbers that anyone can check by hand.

import { expect, it } from 'vitest'
import { assert } from '../../../src/core/base/assert.js'
import { EXIT, Mcp2pError } from '../../../src/core/base/errors.js'
import * as units from '../../../src/core/base/units.js'

it('converts between bytes, rates and times', () => {
  const { GBIT_BPS, MBIT_BPS, MIB, SECONDS } = units
  expect(units.microsOf(1250, 10 * MBIT_BPS)).toBe(1000)
  expect(units.microsOf(125 * 1_000_000, GBIT_BPS)).toBe(SECONDS)
  expect(units.microsOf(MIB, Number.POSITIVE_INFINITY)).toBe(0)
  expect(units.bytesIn(2 * units.MILLIS, 100 * MBIT_BPS)).toBe(25_000)
  expect(units.bpsOf(256 * MIB, 60 * SECONDS)).toBeCloseTo(35_791_394.13, 2)
  expect(units.MIB / units.KIB).toBe(1 << 10)
})

it('tells an error of the world from a bug', () => {
  const cause = new Error('EIO')
  const error = new Mcp2pError('DISK', 'storage', 'cannot write a.bin', 'free some space', cause)
  expect(error).toBeInstanceOf(Error)
  expect([error.code, error.hint, error.cause, EXIT[error.exit]]).toEqual([
    'DISK',
    'free some space',
    cause,
    8,
  ])
  expect('cause' in new Mcp2pError('X', 'usage', 'what', 'do')).toBe(false)
  expect(() => assert(false, 'one is two')).toThrow('assertion failed: one is two')
  expect(() => assert(true, 'fine')).not.toThrow()
})
