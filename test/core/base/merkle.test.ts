import fc from 'fast-check'
import { expect, it } from 'vitest'
import { hexOf } from '../../../src/core/base/bytes.js'
import { BLOCK_BYTES } from '../../../src/core/base/limits.js'
import { DIGEST_BYTES, leavesOf, levelFor, Merkle } from '../../../src/core/base/merkle.js'
import { sha256 } from '../../../src/io/disk/hasher.js'
import { contentOf, torrents } from '../../vectors/torrents.js'

/** The definition, without any economy: all leaves are there, then halves of halves. */
function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 1) return leaves[0]
  const half = leaves.length / 2
  const pair = new Uint8Array(64)
  pair.set(naiveRoot(leaves.slice(0, half)))
  pair.set(naiveRoot(leaves.slice(half)), 32)
  return sha256(pair)
}

function padded(leaves: Uint8Array, width: number): Uint8Array[] {
  return Array.from({ length: width }, (_, i) => {
    const leaf = new Uint8Array(32)
    leaf.set(leaves.subarray(i * 32, (i + 1) * 32))
    return leaf
  })
}

it('knows how high a tree must be', () => {
  expect([1, 2, 3, 4, 5, 8, 9].map(levelFor)).toEqual([0, 1, 2, 2, 3, 3, 4])
})

it('agrees with the definition, however much is absent', () => {
  const merkle = new Merkle(sha256)
  const trees = fc
    .integer({ min: 0, max: 6 })
    .chain(top =>
      fc.tuple(fc.constant(top), fc.integer({ min: 1, max: 2 ** top }), fc.integer({ min: 0 })),
    )
  fc.assert(
    fc.property(trees, ([top, count, seed]) => {
      const leaves = contentOf({ seed: seed + 1, size: count * DIGEST_BYTES })
      const before = hexOf(leaves)
      const root = merkle.root(leaves, 0, top)
      expect(hexOf(root)).toBe(hexOf(naiveRoot(padded(leaves, 2 ** top))))
      expect(hexOf(leaves)).toBe(before)
    }),
    { numRuns: 60 },
  )
})

it('builds upon nodes as upon leaves', () => {
  const merkle = new Merkle(sha256)
  const leaves = contentOf({ seed: 9, size: 11 * DIGEST_BYTES })
  const chunks = [0, 4, 8].map(at => merkle.root(leaves.slice(at * 32, (at + 4) * 32), 0, 2))
  const joined = Uint8Array.from(chunks.flatMap(chunk => [...chunk]))
  expect(merkle.root(joined, 2, 4)).toEqual(merkle.root(leaves, 0, 4))
})

it('refuses more nodes than the tree has', () => {
  expect(() => new Merkle(sha256).root(new Uint8Array(5 * 32), 0, 2)).toThrow('assertion')
})

it.each(torrents)('has the roots of an independent torrent: $name', ({ chunkBytes, files }) => {
  const merkle = new Merkle(sha256)
  const chunkLevel = levelFor(chunkBytes / BLOCK_BYTES)
  expect(files.length).toBeGreaterThan(3)
  for (const file of files.filter(({ size }) => size > 0)) {
    const leaves = leavesOf(contentOf(file), sha256)
    const blocks = leaves.length / DIGEST_BYTES
    expect(hexOf(merkle.root(leaves, 0, levelFor(blocks))), file.path).toBe(file.root)
    if (file.chunks === undefined) continue
    const perChunk = (chunkBytes / BLOCK_BYTES) * DIGEST_BYTES
    let chunks = ''
    for (let at = 0; at < leaves.length; at += perChunk)
      chunks += hexOf(merkle.root(leaves.slice(at, at + perChunk), 0, chunkLevel))
    expect(chunks, file.path).toBe(file.chunks)
  }
})
