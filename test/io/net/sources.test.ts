import { networkInterfaces } from 'node:os'
import { expect, it } from 'vitest'
import { Sources } from '../../../src/io/net/sources.js'

/** A record as udp.h has it. */
function record(family: 4 | 6, address: readonly number[], scope = 0): Int32Array {
  const words = new Int32Array(16)
  words[3] = family
  words[4] = scope
  new Uint8Array(words.buffer, 24, 16).set(address)
  return words
}

it('spells addresses as node does', () => {
  const sources = new Sources()
  const v6 = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0a]
  expect(sources.text(record(4, [10, 42, 0, 1]), 0)).toBe('10.42.0.1')
  expect(sources.text(record(4, [10, 42, 0, 2]), 0)).toBe('10.42.0.2')
  expect(sources.text(record(6, v6), 0)).toBe('2001:db8::a')
  expect(sources.text(record(6, [...Array(15).fill(0), 1]), 0)).toBe('::1')
})

it('tells records of one batch apart, wherever they stand', () => {
  const sources = new Sources()
  const both = new Int32Array(32)
  both.set(record(4, [192, 0, 2, 1]))
  both.set(record(4, [192, 0, 2, 9]), 16)
  expect([0, 16, 16, 0].map(at => sources.text(both, at).at(-1))).toEqual(['1', '9', '9', '1'])
})

it('gives a link-local address its interface, by name where it has one', () => {
  const linkLocal = [0xfe, 0x80, ...Array(13).fill(0), 1]
  expect(new Sources().text(record(6, linkLocal, 9999), 0)).toBe('fe80::1%9999')
  for (const [name, addresses] of Object.entries(networkInterfaces()))
    for (const { family, scopeid } of addresses ?? [])
      if (family === 'IPv6' && scopeid)
        expect(new Sources().text(record(6, linkLocal, scopeid), 0)).toBe(`fe80::1%${name}`)
})
