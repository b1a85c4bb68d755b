// What a sender reads for its peers: each chunk is checked before anything of it leaves, once, however
// many ask for parts of it and whatever becomes of the file meanwhile.

import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { LIMITS } from '../../src/core/base/limits.js'
import { Prng } from '../../src/core/base/prng.js'
import { parseMeta } from '../../src/core/meta/p2pmeta.js'
import { MetaTree } from '../../src/core/meta/tree.js'
import { Chunks } from '../../src/engine/chunks.js'
import { createMeta } from '../../src/engine/create-meta.js'
import { sha256 } from '../../src/io/disk/hasher.js'
import { openSource, type Source } from '../../src/io/disk/source.js'

const chunkBytes = 2 ** 20
const chunkCount = LIMITS.servedCacheBytes / chunkBytes + 4
const content = Buffer.alloc(chunkCount * chunkBytes)
const prng = new Prng(3)
for (let at = 0; at < content.length; at += 997) content[at] = prng.below(256)

let folder: string
let source: Source
let chunks: Chunks
/** Bytes of each read of the file. */
let reads: number[]

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mcp2p-chunks-'))
  writeFileSync(join(folder, 'x'), content)
  const { bytes } = await createMeta([join(folder, 'x')], { chunkBytes }).done
  const meta = parseMeta(bytes, sha256)
  source = await openSource(meta, folder)
  reads = []
  const counted: Source = {
    read: (file, offset, into) => {
      reads.push(into.length)
      return source.read(file, offset, into)
    },
    stamp: file => source.stamp(file),
    reopen: file => source.reopen(file),
    close: () => source.close(),
  }
  chunks = new Chunks(new MetaTree(meta, sha256), sha256, counted)
})
afterEach(async () => {
  await source.close()
  rmSync(folder, { recursive: true })
})

async function expectPart(offset: number, length: number): Promise<void> {
  const into = Buffer.alloc(length)
  await chunks.read(0, offset, into)
  expect(into.equals(content.subarray(offset, offset + length))).toBe(true)
}

it('reads a chunk once, however many ask for parts of it at a time', async () => {
  const parts = Array.from({ length: 16 }, (_, i) => expectPart(i * 65_536, 65_536))
  await Promise.all(parts)
  await expectPart(1000, 10)
  expect(reads).toEqual([chunkBytes])
})

it('gives everybody the right bytes while more chunks are asked for than are kept', async () => {
  const asked: Promise<void>[] = []
  for (let i = 0; i < 400; i++) {
    asked.push(expectPart(prng.below(content.length), 1))
    const chunk = prng.below(chunkCount)
    asked.push(expectPart(chunk * chunkBytes + prng.below(chunkBytes - 5000), 5000))
    if (i % 10 === 0) await Promise.all(asked.splice(0))
  }
  await Promise.all(asked)
  // Each whole chunk once: after that it is known to be right, and what is asked for is read alone.
  expect(reads.filter(bytes => bytes === chunkBytes)).toHaveLength(chunkCount)
})

it('never gives bytes of a file that has changed', async () => {
  await expectPart(0, 100)
  const changed = Buffer.from(content)
  changed[5]++
  changed[3 * chunkBytes]++
  writeFileSync(join(folder, 'x'), changed)
  // What is in memory was right.
  await expectPart(0, 100)
  await expect(chunks.read(0, 3 * chunkBytes + 50, Buffer.alloc(10))).rejects.toMatchObject({
    code: 'SOURCE_CHANGED',
  })
  await expectPart(chunkBytes, 100)
})

it('reads what stands under the name by now, not what it had open', async () => {
  const [path, other] = [join(folder, 'x'), join(folder, 'y')]
  await expectPart(0, 100)
  writeFileSync(other, content)
  renameSync(other, path)
  await expectPart(chunkBytes, 100)
  writeFileSync(other, Buffer.alloc(content.length, 1))
  renameSync(other, path)
  await expect(chunks.hold(2)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' })
})

it('takes a file that grew for one that changed', async () => {
  await expectPart(0, 100)
  appendFileSync(join(folder, 'x'), 'more')
  await expect(chunks.hold(2)).rejects.toMatchObject({
    code: 'SOURCE_CHANGED',
    message: expect.stringContaining(`has ${content.length + 4} bytes, not ${content.length}`),
  })
})
