import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { hexOf, utf8 } from '../../../src/core/base/bytes.js'
import { digestsAt, digestsInto, leavesOf } from '../../../src/core/base/merkle.js'
import { Prng } from '../../../src/core/base/prng.js'
import { blake3ByPackage, hasherOf, sha256 } from '../../../src/io/disk/hasher.js'

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

describe('BLAKE3 by the native part, where there is one, against the package', async () => {
  const [native, twin] = [await hasherOf('blake3'), await blake3ByPackage()]
  const prng = new Prng(3)
  const slab = Uint8Array.from({ length: 70_000 }, () => prng.below(256))

  it('hashes any length', () => {
    const lengths = Array.from({ length: 1000 }, (_, i) => [i, prng.below(70_001)]).flat()
    for (let chunks = 0; chunks <= 68; chunks++)
      for (const more of [-64, -1, 0, 1, 63, 65]) lengths.push(Math.max(0, 1024 * chunks + more))
    for (const length of lengths) {
      const bytes = slab.subarray(slab.length - length)
      expect(hexOf(native(bytes)), `${length} bytes`).toBe(hexOf(twin(bytes)))
    }
  })

  it('hashes every piece of a stretch, also in its place', () => {
    for (const pieceBytes of [
      32, 64, 100, 1000, 1024, 1500, 5000, 16_384, 20_000, 35_000, 80_000,
    ]) {
      const bytes = slab.slice(0, 1 + prng.below(slab.length))
      const wanted = new Uint8Array(32 * Math.ceil(bytes.length / pieceBytes))
      digestsInto(wanted, twin, bytes, pieceBytes)
      const into = bytes.length < wanted.length ? new Uint8Array(wanted.length) : bytes
      digestsInto(into, native, bytes, pieceBytes)
      expect(hexOf(into.subarray(0, wanted.length)), `${pieceBytes} bytes`).toBe(hexOf(wanted))
    }
  })

  it('hashes pieces of any length wherever they lie, however many', () => {
    for (let count = 0; count <= 80; count++) {
      const one = prng.below(17_000)
      const places = Array.from({ length: count }, () => {
        const length = count % 2 === 0 ? one : [64, 16_384, 640, prng.below(40_000)][prng.below(4)]
        return [prng.below(slab.length - length), length]
      }).flat()
      const [into, wanted] = [new Uint8Array(32 * count), new Uint8Array(32 * count)]
      digestsAt(into, native, slab, Int32Array.from(places), count)
      digestsAt(wanted, twin, slab, Int32Array.from(places), count)
      expect(hexOf(into), `${places}`).toBe(hexOf(wanted))
    }
  })
})
