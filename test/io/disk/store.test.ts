// The store from outside: what a transfer leaves on the disk, what it refuses, and what a later run
// finds again.

import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Bitmap } from '../../../src/core/base/bitmap.js'
import { sha256 } from '../../../src/io/disk/hasher.js'
import { partsFolder } from '../../../src/io/disk/parts.js'
import { type OpenStore, openStore } from '../../../src/io/disk/store.js'
import { BLOCK, CHUNK, everything, freshFolder, type Sample, sampleOf } from './sample.js'

const opened = ({ meta, tree }: Sample, dir: string, overwrite = false) =>
  openStore({ dir, meta, tree, hash: sha256, overwrite })

/** Writes the blocks that are missing, at random, as a receiver does, and notes them. */
async function fetchBlocks(
  { tree, contents }: Sample,
  open: OpenStore,
  only = (_: number) => true,
) {
  const blocks = Array.from({ length: tree.geometry.blockCount }, (_, i) => i).reverse()
  await Promise.all(
    blocks
      .filter(block => !open.verified.has(block) && only(block))
      .map(async block => {
        const { file, offset, bytes } = tree.geometry.placeOfBlock(block)
        await open.store.write(file, offset, [contents[file].subarray(offset, offset + bytes)])
        open.verified.add(block)
      }),
  )
}

async function finishAll({ tree }: Sample, { store, finishedFiles }: OpenStore) {
  const files = Array.from({ length: tree.geometry.fileCount }, (_, i) => i)
  await Promise.all(
    files
      .filter(file => tree.geometry.sizeOfFile(file) > 0 && !finishedFiles.has(file))
      .map(file => store.finish(file)),
  )
  await store.complete()
}

async function fetchAll(sample: Sample, dir: string, overwrite = false) {
  const open = await opened(sample, dir, overwrite)
  await fetchBlocks(sample, open)
  await finishAll(sample, open)
  return open
}

function expectAll({ meta, contents }: Sample, dir: string) {
  for (const [index, file] of meta.files.entries()) {
    const path = join(dir, file.path)
    const status = lstatSync(path)
    if (file.link !== undefined) {
      expect(readlinkSync(path)).toBe(file.link)
      continue
    }
    expect(status.mode & 0o777).toBe(file.mode)
    expect(Math.floor(status.mtimeMs)).toBe(file.mtime)
    if (file.dir) expect(status.isDirectory()).toBe(true)
    else expect(Buffer.from(contents[index]).equals(readFileSync(path))).toBe(true)
  }
}

describe('a whole transfer', () => {
  it('leaves every byte, mode, time and link in place, and nothing else', async () => {
    const sample = everything()
    const dir = freshFolder()
    const { store } = await fetchAll(sample, dir)
    expectAll(sample, dir)
    expect(readdirSync(dir)).toEqual(['photos'])
    const tail = new Uint8Array(20_000)
    await store.read(0, 3 * CHUNK, tail)
    expect(tail).toEqual(sample.contents[0].subarray(3 * CHUNK))
    await store.close()
  })

  it('serves blocks before, while and after a file gets its name', async () => {
    const sample = sampleOf([{ path: 'a', size: 3 * BLOCK }])
    const open = await opened(sample, freshFolder())
    await fetchBlocks(sample, open)
    const reads = async () => {
      const into = new Uint8Array(BLOCK)
      await open.store.read(0, BLOCK, into)
      expect(into).toEqual(sample.contents[0].subarray(BLOCK, 2 * BLOCK))
    }
    await reads()
    const finished = open.store.finish(0)
    await Promise.all([reads(), finished, reads()])
    await reads()
    await open.store.close()
  })

  it('keeps many files apart with few descriptors', async () => {
    const entries = Array.from({ length: 300 }, (_, i) => ({
      path: `d/${String(i).padStart(4, '0')}`,
      size: 1 + 37 * i,
    }))
    const sample = sampleOf(entries)
    const dir = freshFolder()
    const open = await opened(sample, dir)
    await fetchBlocks(sample, open)
    await open.store.saveJournal(open.verified.bytes)
    await finishAll(sample, open)
    await open.store.close()
    expectAll(sample, dir)
  })
})

describe('a later run', () => {
  it('believes the journal and no more', async () => {
    const sample = everything()
    const dir = freshFolder()
    const first = await opened(sample, dir)
    await fetchBlocks(sample, first, block => block < 6)
    await first.store.saveJournal(first.verified.bytes)
    await fetchBlocks(sample, first, block => block < 10)
    await first.store.close()
    const second = await opened(sample, dir)
    expect(second.verified.count).toBe(6)
    expect(second.verified.nextClear(0)).toBe(6)
    await fetchBlocks(sample, second)
    await finishAll(sample, second)
    await second.store.close()
    expectAll(sample, dir)
    expect(readdirSync(dir)).toEqual(['photos'])
  })

  it('finds small files that came after the journal by their content', async () => {
    const sizes = [3 * BLOCK, 3 * BLOCK, CHUNK, CHUNK + 1]
    const sample = sampleOf(sizes.map((size, i) => ({ path: `${i}`, size })))
    const dir = freshFolder()
    const first = await opened(sample, dir)
    await fetchBlocks(sample, first, block => block === 0)
    await first.store.saveJournal(first.verified.bytes)
    await fetchBlocks(sample, first, block => block !== 4)
    await first.store.close()
    const second = await opened(sample, dir)
    // All of the first and the third, nothing of the second, which has a hole, nor of the long one.
    const found = Array.from({ length: 15 }, (_, block) => block).filter(b =>
      second.verified.has(b),
    )
    expect(found).toEqual([0, 1, 2, 6, 7, 8, 9])
    await second.store.close()
    const third = await opened(sample, dir)
    expect(third.verified.bytes).toEqual(second.verified.bytes)
    await fetchBlocks(sample, third)
    await finishAll(sample, third)
    await third.store.close()
    expectAll(sample, dir)
  })

  it('does not believe the journal about a part that is gone or shorter', async () => {
    const sample = sampleOf([
      { path: 'a', size: 4 * BLOCK },
      { path: 'b', size: 4 * BLOCK },
    ])
    const dir = freshFolder()
    const first = await opened(sample, dir)
    await fetchBlocks(sample, first)
    await first.store.saveJournal(first.verified.bytes)
    await first.store.close()
    const folder = join(dir, partsFolder(sample.meta.id))
    rmSync(join(folder, '0.part'))
    truncateSync(join(folder, '1.part'), 2 * BLOCK + 1)
    const second = await opened(sample, dir)
    expect(second.verified.count).toBe(0)
    await second.store.close()
  })

  it('does not believe an old journal about a part that was made anew', async () => {
    const sample = sampleOf([{ path: 'a', size: 4 * BLOCK }])
    const dir = freshFolder()
    const first = await opened(sample, dir)
    await fetchBlocks(sample, first)
    await first.store.finish(0)
    await first.store.saveJournal(first.verified.bytes)
    await first.store.close()
    rmSync(join(dir, 'a'))
    const second = await opened(sample, dir)
    expect(second.verified.count).toBe(0)
    await fetchBlocks(sample, second, block => block === 3)
    await second.store.close() // as after a crash: no journal of this run
    const third = await opened(sample, dir)
    expect(third.verified.count).toBe(0)
    await fetchBlocks(sample, third)
    await finishAll(sample, third)
    await third.store.close()
    expectAll(sample, dir)
  })

  it('hashes the parts when the journal is torn: only whole right chunks count', async () => {
    const sample = sampleOf([{ path: 'a', size: 3 * CHUNK + 100 }])
    const dir = freshFolder()
    const first = await opened(sample, dir)
    await fetchBlocks(sample, first, block => block !== 5)
    await first.store.saveJournal(first.verified.bytes)
    await first.store.close()
    const journal = join(dir, partsFolder(sample.meta.id), 'journal')
    truncateSync(journal, statSync(journal).size - 1)
    const second = await opened(sample, dir)
    const has = Array.from({ length: 13 }, (_, block) => second.verified.has(block))
    expect(has.map((yes, block) => (yes ? -1 : block)).filter(block => block >= 0)).toEqual([
      4, 5, 6, 7,
    ])
    await second.store.close()
  })

  it('finds finished files finished, and mends their mode and time', async () => {
    const sample = everything()
    const dir = freshFolder()
    await (await fetchAll(sample, dir)).store.close()
    utimesSync(join(dir, 'photos/b.bin'), 5, 5)
    const again = await opened(sample, dir)
    expect(again.verified.full).toBe(true)
    expect([...again.finishedFiles].sort()).toEqual([0, 1, 2, 6])
    await again.store.complete()
    await again.store.close()
    expectAll(sample, dir)
  })
})

describe('what is there already', () => {
  it('is not replaced: the first name and the count, and nothing is changed', async () => {
    const sample = everything()
    const dir = freshFolder()
    const put = (path: string, content: string | Uint8Array) => {
      mkdirSync(dirname(join(dir, path)), { recursive: true })
      writeFileSync(join(dir, path), content)
    }
    const wrong = sample.contents[2].slice()
    wrong[CHUNK - 1] ^= 1
    put('photos/b.bin', sample.contents[1])
    put('photos/deep/c.bin', wrong)
    put('photos/empty', 'not empty')
    symlinkSync('elsewhere', join(dir, 'photos/to-a'))
    const refusal = await opened(sample, dir).catch(error => error)
    expect(refusal).toMatchObject({ code: 'EXISTS', exit: 'storage' })
    expect(refusal.message).toBe('3 files exist and are different, the first is photos/deep/c.bin')
    expect(refusal.hint).toContain('--overwrite')
    expect(readdirSync(dir)).toEqual(['photos'])
    expect(readFileSync(join(dir, 'photos/empty'), 'utf8')).toBe('not empty')

    await (await fetchAll(sample, dir, true)).store.close()
    expectAll(sample, dir)
  })

  it('is not replaced either when it comes during the transfer', async () => {
    const sample = sampleOf([{ path: 'a', size: 10 }])
    const dir = freshFolder()
    const open = await opened(sample, dir)
    await fetchBlocks(sample, open)
    writeFileSync(join(dir, 'a'), 'mine')
    await expect(open.store.finish(0)).rejects.toMatchObject({ code: 'EXISTS', exit: 'storage' })
    expect(readFileSync(join(dir, 'a'), 'utf8')).toBe('mine')
    await open.store.close()
  })

  it('is not replaced when it is a folder, whatever the user says', async () => {
    const sample = sampleOf([{ path: 'a', size: 10 }])
    const dir = freshFolder()
    mkdirSync(join(dir, 'a'))
    await expect(opened(sample, dir)).rejects.toMatchObject({ code: 'EXISTS' })
    await expect(opened(sample, dir, true)).rejects.toMatchObject({ code: 'IN_THE_WAY' })
    expect(readdirSync(dir)).toEqual(['a'])
  })
})

describe('what is refused', () => {
  it('a planted link: nothing is written through it', async () => {
    const sample = everything()
    const outside = freshFolder()
    const dir = freshFolder()
    symlinkSync(outside, join(dir, 'photos'))
    await expect(opened(sample, dir, true)).rejects.toMatchObject({ code: 'IN_THE_WAY' })
    rmSync(join(dir, 'photos'))
    const open = await opened(sample, dir)
    await fetchBlocks(sample, open)
    symlinkSync(outside, join(dir, 'photos'))
    await expect(open.store.finish(0)).rejects.toMatchObject({
      code: 'IN_THE_WAY',
      exit: 'storage',
    })
    expect(readdirSync(outside)).toEqual([])
    await open.store.close()
    const parts = join(freshFolder(), 'd')
    mkdirSync(parts)
    symlinkSync(outside, join(parts, partsFolder(sample.meta.id)))
    await expect(opened(sample, parts)).rejects.toMatchObject({ exit: 'storage' })
    expect(readdirSync(outside)).toEqual([])
  })

  it('a second process, or a second store of this one', async () => {
    const sample = everything()
    const dir = freshFolder()
    const { store } = await opened(sample, dir)
    await expect(opened(sample, dir)).rejects.toMatchObject({ code: 'LOCKED', exit: 'storage' })
    await store.close()
    await (await opened(sample, dir)).store.close()
    expect(readdirSync(dir)).toEqual([])
  })

  it('a file that no disk can hold, with both numbers', async () => {
    const small = sampleOf([{ path: 'a', size: 10 }])
    const size = 2 ** 44
    const geometry = Object.assign(Object.create(small.tree.geometry), {
      fileCount: 1,
      sizeOfFile: () => size,
    })
    const tree = { geometry, layerMatches: () => false }
    const dir = freshFolder()
    const { meta } = small
    const refusal = openStore({ dir, meta, tree, hash: sha256, overwrite: false })
    await expect(refusal).rejects.toMatchObject({ code: 'NO_SPACE', exit: 'storage' })
    await expect(refusal).rejects.toThrow(/has [\d.]+ MiB free, 16777216\.0 MiB are needed/)
    expect(readdirSync(dir)).toEqual([])
  })

  it('the checking ends when it is told to', async () => {
    const sample = everything()
    const { meta, tree } = sample
    const options = { dir: freshFolder(), meta, tree, hash: sha256, overwrite: false }
    const aborted = openStore({ ...options, signal: AbortSignal.abort() })
    await expect(aborted).rejects.toMatchObject({ exit: 'interrupted' })
  })
})

it('the journal is of the moment it was asked for', async () => {
  const sample = sampleOf([{ path: 'a', size: 2 * BLOCK }])
  const dir = freshFolder()
  const open = await opened(sample, dir)
  await open.store.write(0, 0, [sample.contents[0].subarray(0, BLOCK)])
  const live = new Bitmap(2)
  live.add(0)
  const saved = open.store.saveJournal(live.bytes)
  live.add(1)
  await saved
  await open.store.close()
  expect(existsSync(join(dir, partsFolder(sample.meta.id), 'journal'))).toBe(true)
  const again = await opened(sample, dir)
  expect(again.verified.count).toBe(1)
  await again.store.close()
})
