// Somebody else changes what is being received: nothing that is wrong gets its final name, nothing is
// called complete that is not, and the next run ends with every byte.

import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { sha256 } from '../../../src/io/disk/hasher.js'
import { partsFolder } from '../../../src/io/disk/parts.js'
import { openStore } from '../../../src/io/disk/store.js'
import { BLOCK, CHUNK, freshFolder, sampleOf } from './sample.js'

const sample = sampleOf([
  { path: 'tree/a.bin', size: 2 * CHUNK + 100 },
  { path: 'tree/b.bin', size: 2 * BLOCK },
  { path: 'tree/c.bin', size: 100 },
])
const { meta, tree, contents } = sample
const { geometry } = tree
const FILES = [0, 1, 2]

let dir: string
let parts: string
beforeEach(() => {
  dir = freshFolder()
  parts = join(dir, partsFolder(meta.id))
})

const opened = () => openStore({ dir, meta, tree, hash: sha256, overwrite: false })
type Open = Awaited<ReturnType<typeof opened>>
const pathOf = (file: number) => join(dir, meta.files[file].path)

/** Writes the missing ones of the file's first `count` blocks, in their order, and notes them. */
async function write({ store, verified }: Open, file: number, count = 99): Promise<void> {
  const first = geometry.firstBlockOfFile(file)
  const end = first + Math.min(count, geometry.blocksOfFile(file))
  for (let block = first; block < end; block++) {
    if (verified.has(block)) continue
    const { offset, bytes } = geometry.placeOfBlock(block)
    await store.write(file, offset, [contents[file].subarray(offset, offset + bytes)])
    verified.add(block)
  }
}

async function finish(open: Open, file: number): Promise<void> {
  await write(open, file)
  if (!open.finishedFiles.has(file)) await open.store.finish(file)
}

/** Fails unless a later run, left alone, ends with every byte. */
async function expectRepaired(): Promise<void> {
  const again = await opened()
  for (const file of FILES) await finish(again, file)
  await again.store.complete()
  await again.store.close()
  for (const file of FILES) expect(readFileSync(pathOf(file)).equals(contents[file])).toBe(true)
  expect(readdirSync(dir)).toEqual(['tree'])
}

const stopped = { exit: 'storage', hint: expect.stringMatching(/the same command/) }

describe('a part', () => {
  const meddling: readonly [string, (part: string, sizeBytes: number) => void][] = [
    ['cut to nothing', part => truncateSync(part, 0)],
    ['cut in the middle', (part, size) => truncateSync(part, size >> 1)],
    ['cut at the end', (part, size) => truncateSync(part, size)],
    [
      'cut and made as long again',
      (part, size) => {
        truncateSync(part, 10)
        truncateSync(part, size)
      },
    ],
    ['removed', part => rmSync(part)],
    ['moved away', part => renameSync(part, `${part}.moved`)],
    [
      'replaced',
      part => {
        writeFileSync(`${part}.new`, new Uint8Array(statSync(part).size))
        renameSync(`${part}.new`, part)
      },
    ],
    [
      'replaced, and kept under another name',
      part => {
        linkSync(part, `${part}.old`)
        writeFileSync(`${part}.new`, new Uint8Array(statSync(part).size))
        renameSync(`${part}.new`, part)
      },
    ],
  ]

  // Cut in the middle of a long file, what comes later goes beyond, as if nothing had been.
  it.each(meddling)('that is %s while it is received becomes no file', async (_, meddle) => {
    for (const [file, count] of [
      [0, 5],
      [0, 9],
      [1, 1],
      [1, 2],
    ]) {
      const open = await opened()
      await write(open, file, count)
      await open.store.saveJournal(open.verified.bytes)
      meddle(join(parts, `${file}.part`), meta.files[file].size)
      await expect(finish(open, file)).rejects.toMatchObject(stopped)
      await open.store.saveJournal(open.verified.bytes).catch(() => {})
      await open.store.close()
      expect(existsSync(pathOf(file))).toBe(false)
      for (const name of readdirSync(parts)) if (/moved|old/.test(name)) rmSync(join(parts, name))
      await expectRepaired()
      rmSync(join(dir, 'tree'), { recursive: true })
    }
  })

  it('of one block that is cut or removed becomes no file', async () => {
    for (const meddle of [rmSync, (part: string) => truncateSync(part, 99)]) {
      const open = await opened()
      await write(open, 2)
      meddle(join(parts, '2.part'))
      await expect(open.store.finish(2)).rejects.toMatchObject(stopped)
      await open.store.close()
    }
    await expectRepaired()
  })

  it('that is cut between two runs is fetched anew', async () => {
    const open = await opened()
    await write(open, 0, 7)
    await open.store.saveJournal(open.verified.bytes)
    await open.store.close()
    truncateSync(join(parts, '0.part'), CHUNK + 5)
    const again = await opened()
    expect(again.verified.count).toBe(CHUNK / BLOCK)
    await again.store.close()
    await expectRepaired()
  })

  it('that is cut after it was looked at and before it is written to becomes no file', async () => {
    const open = await opened()
    await write(open, 0, 7)
    await open.store.saveJournal(open.verified.bytes)
    await open.store.close()
    const again = await opened()
    expect(again.verified.count).toBe(7)
    truncateSync(join(parts, '0.part'), 5)
    await expect(finish(again, 0)).rejects.toMatchObject(stopped)
    await again.store.close()
    await expectRepaired()
  })
})

describe('what has its final name', () => {
  it.each<[string, () => void]>([
    ['a file is removed', () => rmSync(pathOf(0))],
    ['a file is cut', () => truncateSync(pathOf(0), 5)],
    ['a folder is removed', () => rmSync(join(dir, 'tree'), { recursive: true })],
    ['the destination is removed', () => rmSync(dir, { recursive: true })],
    ['the destination is moved', () => renameSync(dir, join(freshFolder(), 'elsewhere'))],
    [
      'the destination is replaced',
      () => {
        renameSync(dir, join(freshFolder(), 'elsewhere'))
        mkdirSync(dir)
      },
    ],
  ])('is not called complete when %s', async (_, meddle) => {
    const open = await opened()
    for (const file of FILES) await finish(open, file)
    meddle()
    await expect(open.store.complete()).rejects.toMatchObject(stopped)
    await open.store.close()
    rmSync(pathOf(0), { force: true })
    await expectRepaired()
  })
})
