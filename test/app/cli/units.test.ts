import { describe, expect, it } from 'vitest'
import {
  formatBytes,
  formatLoss,
  formatPercent,
  formatRate,
  formatSeconds,
  parseRate,
  parseSize,
  parseTime,
} from '../../../src/app/cli/units.js'

describe('what is read', () => {
  it.each([
    ['900Mbit', 900e6],
    ['1.5Gbit', 1.5e9],
    ['1.5gbit/s', 1.5e9],
    ['100 kbitps', 100e3],
    ['64bit', 64],
  ])('rate %s', (text, bps) => expect(parseRate(text)).toBe(bps))

  it.each([
    ['64KiB', 65_536],
    ['1MiB', 1_048_576],
    ['1mib', 1_048_576],
    ['1.5 GiB', 1_610_612_736],
    ['64kB', 64_000],
    ['512B', 512],
  ])('size %s', (text, bytes) => expect(parseSize(text)).toBe(bytes))

  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['0.5s', 500],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['0s', 0],
  ])('time %s', (text, millis) => expect(parseTime(text)).toBe(millis))
})

describe('what is refused, with what to write', () => {
  it.each([
    [parseRate, '900', '"900" has no unit', 'Write the rate with its unit, for example 900Mbit.'],
    [parseSize, '64', '"64" has no unit', 'Write the size with its unit, for example 64KiB.'],
    [parseTime, '30', '"30" has no unit', 'Write the time with its unit, for example 30s.'],
    [parseRate, '900M', '"900M" has an unknown unit', '900Mbit'],
    [parseRate, '900MB', '"900MB" has an unknown unit', '900Mbit'],
    [parseSize, '64K', '"64K" has an unknown unit', '64KiB'],
    [parseSize, '64Mb', '"64Mb" has an unknown unit', '64KiB'],
    [parseTime, '30S', '"30S" has an unknown unit', '30s'],
    [parseRate, '-1Mbit', '"-1Mbit" is not a rate', '900Mbit'],
    [parseRate, 'fast', '"fast" is not a rate', '900Mbit'],
    [parseSize, '', '"" is not a size', '64KiB'],
    [parseSize, '99999999999TiB', '"99999999999TiB" is too large', '64KiB'],
    [parseRate, '0', '"0" has no unit', '900Mbit'],
    [parseSize, '1toString', '"1toString" has an unknown unit', '64KiB'],
  ])('%o %j', (parse, text, message, hint) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({ exit: 'usage', message, hint: expect.stringContaining(hint) }),
    )
  })
})

it('shows three figures in the unit that fits', () => {
  expect(
    [0, 1023, 1024, 1.5 * 2 ** 30, 999 * 1024, 999.9 * 1024, 61.2 * 2 ** 30].map(formatBytes),
  ).toEqual(['0 B', '1023 B', '1.00 KiB', '1.50 GiB', '999 KiB', '0.98 MiB', '61.2 GiB'])
  expect([0, 941e6, 999.9e6, 9.41e9].map(formatRate)).toEqual([
    '0 bit/s',
    '941 Mbit/s',
    '1.00 Gbit/s',
    '9.41 Gbit/s',
  ])
})

it('shows times by their two figures that matter', () => {
  expect(
    [0, 4.24, 9.96, 59.4, 59.6, 63, 3599.7, 7500, 90_000, Number.NaN].map(formatSeconds),
  ).toEqual(['0.0s', '4.2s', '10s', '59s', '1m 00s', '1m 03s', '1h 00m', '2h 05m', '1d 01h', '–'])
})

it('says 100% only of all of it', () => {
  expect([0, 0.999_9, 1, 1.2, 0.29].map(formatPercent)).toEqual([
    '0%',
    '99%',
    '100%',
    '100%',
    '29%',
  ])
  expect(formatLoss(0.0034)).toBe('0.3%')
})
