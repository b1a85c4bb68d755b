import { expect, it } from 'vitest'
import { Span } from '../../../src/core/session/span.js'

it('is nothing at first, then a /24, and as wide as whoever is heard makes it', () => {
  const span = new Span()
  expect(span.has('10.0.0.1')).toBe(false)
  span.add('10.0.0.1')
  expect([span.has('10.0.0.254'), span.has('10.0.1.1')]).toEqual([true, false])
  span.add('10.0.1.7')
  expect([span.has('10.0.1.1'), span.has('10.0.2.1')]).toEqual([true, false])
  span.add('10.0.3.7')
  expect([span.has('10.0.2.1'), span.has('10.0.4.1')]).toEqual([true, false])
})

it('does not grow to whoever is far away, nor across the sign of an address', () => {
  const span = new Span()
  span.add('192.168.7.1')
  span.add('10.0.0.1')
  span.add('127.0.0.1')
  expect(['192.168.7.9', '192.168.6.1', '10.0.0.1'].map(each => span.has(each))).toEqual([
    true,
    false,
    false,
  ])
})

it('is a /64 of IPv6, or several', () => {
  const span = new Span()
  span.add('fd00:0:0:1::5')
  span.add('fd00:0:0:3::5')
  expect(['fd00:0:0:1::9', 'fd00:0:0:2::9', 'fd00:0:0:3::9'].map(each => span.has(each))).toEqual([
    true,
    false,
    true,
  ])
})
