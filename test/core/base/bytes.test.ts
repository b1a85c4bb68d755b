// Text and bytes: the vectors of RFC 4648, Buffer as an independent second opinion, and strictness.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  base64Of,
  bytesEqual,
  bytesOfBase64,
  bytesOfHex,
  hexOf,
  textOf,
  utf8,
} from '../../../src/core/base/bytes.js'

const anyBytes = fc.uint8Array({ maxLength: 300 })

describe('bytes and text', () => {
  it('writes the base64 vectors of RFC 4648', () => {
    const vectors = ['', 'Zg==', 'Zm8=', 'Zm9v', 'Zm9vYg==', 'Zm9vYmE=', 'Zm9vYmFy']
    vectors.forEach((text, length) => {
      expect(base64Of(utf8('foobar'.slice(0, length)))).toBe(text)
      expect(textOf(bytesOfBase64(text)!)).toBe('foobar'.slice(0, length))
    })
  })

  it('agrees with Buffer, there and back', () => {
    fc.assert(
      fc.property(anyBytes, bytes => {
        const buffer = Buffer.from(bytes)
        expect(base64Of(bytes)).toBe(buffer.toString('base64'))
        expect(hexOf(bytes)).toBe(buffer.toString('hex'))
        expect(bytesOfBase64(base64Of(bytes))).toEqual(bytes)
        expect(bytesOfHex(hexOf(bytes).toUpperCase())).toEqual(bytes)
      }),
    )
  })

  it('writes base64 longer than one of its parts', () => {
    const bytes = Uint8Array.from({ length: 50_000 }, (_, i) => i * 7)
    expect(base64Of(bytes)).toBe(Buffer.from(bytes).toString('base64'))
  })

  it('refuses text that is not base64 or hex', () => {
    for (const text of [
      'A',
      'AAA',
      'AA=A',
      'A===',
      'AA A',
      'AAA\u00e9',
      'AA-_',
      '====',
      'AA==AAAA',
      'AB==',
      'AAB=',
      'AAAAA///AAA/A/==',
    ])
      expect(bytesOfBase64(text), text).toBeUndefined()
    for (const text of ['0', '0g', ' 00', '0x00']) expect(bytesOfHex(text), text).toBeUndefined()
  })

  it('reads valid UTF-8 only, and keeps a byte order mark', () => {
    expect(textOf(utf8('grüße 🙂'))).toBe('grüße 🙂')
    expect(textOf(Uint8Array.of(0xef, 0xbb, 0xbf, 0x41))).toBe('\ufeffA')
    for (const bad of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82]])
      expect(textOf(Uint8Array.from(bad))).toBeUndefined()
  })

  it('compares', () => {
    expect(bytesEqual(utf8('ab'), utf8('ab'))).toBe(true)
    expect(bytesEqual(utf8('ab'), utf8('ac'))).toBe(false)
    expect(bytesEqual(utf8('ab'), utf8('abc'))).toBe(false)
  })
})
