import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { hexOf, utf8 } from '../../../src/core/base/bytes.js'
import { leavesOf } from '../../../src/core/base/merkle.js'
import { hasherOf, sha256 } from '../../../src/io/disk/hasher.js'

it('is SHA-256 and, where it is installed, BLAKE3', async () => {
  expect(hexOf((await hasherOf('sha256'))(utf8('abc')))).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  )
  // From the test vectors of the BLAKE3 authors: no input at all.
  expect(hexOf((await hasherOf('blake3'))(new Uint8Array(0)))).toBe(
    'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262',
  )
})

it.each([
  ['the native part, where there is one', sha256],
  ['its twin', (bytes: Uint8Array) => sha256(bytes)],
])('hashes blocks of 16 KiB by %s, the last as short as it is', (_, hasher) => {
  const bytes = Uint8Array.from({ length: 40_000 }, (_, i) => i % 251)
  const blocks = [bytes.subarray(0, 16_384), bytes.subarray(16_384, 32_768), bytes.subarray(32_768)]
  const digests = blocks.map(block => createHash('sha256').update(block).digest())
  expect(hexOf(leavesOf(bytes, hasher))).toBe(hexOf(Buffer.concat(digests)))
  expect(leavesOf(new Uint8Array(0), hasher).length).toBe(0)
})
