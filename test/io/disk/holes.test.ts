// Whatever a file held before and wherever the zeros are: it holds afterwards what was to be written,
// and what had no room on the disk takes none for zeros.

import { closeSync, fstatSync, ftruncateSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { writeSparse } from '../../../src/io/disk/holes.js'
import { skipUnless } from '../../lab/skip.js'
import { BLOCK, contentOf, freshFolder } from './sample.js'

const KINDS = ['blank', 'full', 'nearly'] as const
type Kind = (typeof KINDS)[number]

/** `nearly`: one byte of it, anywhere, is not zero. */
function blockOf(kind: Kind, bytes: number, seed: number): Uint8Array {
  if (kind === 'full') return contentOf(seed, bytes)
  const block = new Uint8Array(bytes)
  if (kind === 'nearly') block[seed % bytes] = 1
  return block
}

async function within<T>(path: string, work: (fd: number) => Promise<T>): Promise<T> {
  const fd = openSync(path, 'r+')
  try {
    return await work(fd)
  } finally {
    closeSync(fd)
  }
}

it('holds what was written, over anything that was there', async () => {
  const path = join(freshFolder(), 'part')
  const kinds = fc.array(fc.constantFrom(...KINDS), { minLength: 1, maxLength: 12 })
  const shape = fc.record({
    before: kinds,
    written: kinds,
    from: fc.nat(8),
    lastBytes: fc.integer({ min: 1, max: BLOCK }),
    joins: fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
    seed: fc.nat(1_000_000),
  })
  await fc.assert(
    fc.asyncProperty(shape, async ({ before, written, from, lastBytes, joins, seed }) => {
      const old = Buffer.concat(before.map((kind, i) => blockOf(kind, BLOCK, seed + i)))
      writeFileSync(path, old)
      const last = written.length - 1
      const bytes = (i: number): number => (i === last ? lastBytes : BLOCK)
      const blocks = written.map((kind, i) => blockOf(kind, bytes(i), seed + 100 + i))
      // Neighbours are one stretch of memory, or each a piece of its own.
      const parts: Uint8Array[] = []
      for (const [i, block] of blocks.entries())
        if (i > 0 && joins[i]) parts.push(Buffer.concat([parts.pop()!, block]))
        else parts.push(block)
      const offset = from * BLOCK
      await within(path, fd => writeSparse(fd, parts, offset))
      const all = Buffer.concat(blocks)
      const wanted = Buffer.alloc(Math.max(old.length, offset + all.length))
      wanted.set(old)
      wanted.set(all, offset)
      expect(Buffer.compare(readFileSync(path), wanted)).toBe(0)
    }),
    { numRuns: 300 },
  )
})

const blocksTold = process.platform === 'linux' ? undefined : 'what a file takes is told by Linux'

skipUnless(blocksTold)('a new part', () => {
  it('takes room for what is not zero only', async () => {
    const path = join(freshFolder(), 'part')
    writeFileSync(path, '')
    const image = new Uint8Array(256 * BLOCK)
    image.set(contentOf(1, BLOCK), 100 * BLOCK)
    await within(path, async fd => {
      ftruncateSync(fd, image.length)
      for (let at = 0; at < image.length; at += 64 * BLOCK)
        await writeSparse(fd, [image.subarray(at, at + 64 * BLOCK)], at)
      expect(fstatSync(fd).blocks * 512).toBe(BLOCK)
    })
    expect(Buffer.compare(readFileSync(path), image)).toBe(0)
  })
})
