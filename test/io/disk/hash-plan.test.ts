import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  batchesUpTo,
  chunksOf,
  filesOf,
  type HashJob,
  planOf,
} from '../../../src/io/disk/hash-plan.js'
import { sha256 } from '../../../src/io/disk/hasher.js'

const MiB = 1024 * 1024
const jobsOf = (sizes: readonly number[]): HashJob[] =>
  sizes.map((sizeBytes, i) => ({ path: `f${i}`, sizeBytes }))

describe('a plan', () => {
  it('covers every byte of every file once, in order, and cuts between chunks', () => {
    const size = fc.oneof(
      fc.integer({ min: 0, max: 100_000 }),
      fc.integer({ min: 0, max: 200 * MiB }),
    )
    const chunkBytes = fc.constantFrom(16 * 1024, MiB, 16 * MiB)
    fc.assert(
      fc.property(fc.array(size, { maxLength: 300 }), chunkBytes, (sizes, chunk) => {
        const jobs = jobsOf(sizes)
        const done = sizes.map(() => 0)
        let chunks = 0
        let ending = 0
        for (const batch of planOf(jobs, chunk)) {
          expect(batch.chunk).toBe(chunks)
          expect(batch.stretches[0].path).toBe(`f${batch.file}`)
          expect(batch.bytes).toBe(batch.stretches.reduce((sum, { bytes }) => sum + bytes, 0))
          for (const { path, fileBytes, offset, bytes } of batch.stretches) {
            const file = Number(path.slice(1))
            expect(fileBytes).toBe(sizes[file])
            expect(offset).toBe(done[file])
            expect(offset % chunk).toBe(0)
            expect(bytes).toBeGreaterThan(0)
            done[file] += bytes
            chunks += Math.ceil(bytes / chunk)
          }
          ending += batch.filesEnding
        }
        expect(done).toEqual(sizes)
        expect(chunks).toBe(chunksOf(jobs, chunk))
        expect(ending).toBe(sizes.filter(bytes => bytes > 0).length)
      }),
      { numRuns: 50 },
    )
  })

  it('spreads one big file, and puts small ones together', () => {
    const big = [...planOf(jobsOf([1024 * MiB]), MiB)]
    expect(big.length).toBeGreaterThanOrEqual(64)
    expect(Math.max(...big.map(batch => batch.bytes))).toBeLessThanOrEqual(16 * MiB)
    const small = [...planOf(jobsOf(new Array(10_000).fill(1000)), MiB)]
    expect(small.length).toBeLessThan(100)
    expect(small.length).toBeGreaterThan(50)
    expect(batchesUpTo(50, jobsOf([1, 2, 3]), MiB)).toBe(1)
    expect(batchesUpTo(50, jobsOf([1024 * MiB]), MiB)).toBe(50)
  })
})

it('files get what a meta says of them', () => {
  const roots = Uint8Array.from({ length: 96 }, (_, i) => i)
  const files = [...filesOf(jobsOf([0, 5, 40_000 - 8000]), roots, 16 * 1024, sha256)]
  expect(files[0]).toEqual({})
  expect(files[1]).toEqual({ root: roots.subarray(0, 32) })
  expect(files[2].chunks).toEqual(roots.subarray(32))
  expect(files[2].root).toEqual(new Uint8Array(sha256(roots.subarray(32))))
})
