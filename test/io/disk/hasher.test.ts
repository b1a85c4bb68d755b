import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { hexOf, utf8 } from '../../../src/core/base/bytes.js'
import { digestsAt, leavesOf } from '../../../src/core/base/merkle.js'
import { Prng } from '../../../src/core/base/prng.js'
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

describe.each([
  ['the native part, where there is one', sha256],
  ['its twin', (bytes: Uint8Array) => sha256(bytes)],
])('by %s', (_, hasher) => {
  it('hashes blocks of 16 KiB, the last as short as it is', () => {
    const bytes = Uint8Array.from({ length: 40_000 }, (_, i) => i % 251)
    const blocks = [
      bytes.subarray(0, 16_384),
      bytes.subarray(16_384, 32_768),
      bytes.subarray(32_768),
    ]
    const digests = blocks.map(block => createHash('sha256').update(block).digest())
    expect(hexOf(leavesOf(bytes, hasher))).toBe(hexOf(Buffer.concat(digests)))
    expect(leavesOf(new Uint8Array(0), hasher).length).toBe(0)
  })

  it('hashes pieces of any length wherever they lie, however many', () => {
    const prng = new Prng(20)
    const slab = Uint8Array.from({ length: 5000 }, () => prng.below(256))
    for (let count = 0; count <= 80; count++) {
      // Often of one length, as blocks are, and in every other round all of them.
      const [only, one] = [count % 2 === 0, prng.below(700)]
      const lengths = Array.from({ length: count }, () =>
        only ? one : [64, 64, 640, prng.below(300)][prng.below(4)],
      )
      const places = lengths.map(length => [prng.below(slab.length - length), length])
      const into = new Uint8Array(32 * count)
      digestsAt(into, hasher, slab, Int32Array.from(places.flat()), count)
      const wanted = places.map(([at, length]) =>
        createHash('sha256')
          .update(slab.subarray(at, at + length))
          .digest(),
      )
      expect(hexOf(into)).toBe(hexOf(Buffer.concat(wanted)))
    }
  })
})
