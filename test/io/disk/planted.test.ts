// What somebody may have put into the destination, or puts there while we run, to have us write
// elsewhere or wait for ever. Outside nothing changes, and what comes out is right or an error.

import { execFileSync } from 'node:child_process'
import {
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { sha256 } from '../../../src/io/disk/hasher.js'
import { lockName } from '../../../src/io/disk/lock.js'
import { partsFolder } from '../../../src/io/disk/parts.js'
import { openStore } from '../../../src/io/disk/store.js'
import { freshFolder, sampleOf } from './sample.js'

const sample = sampleOf([
  { path: 'tree/a.bin', size: 100_000 },
  { path: 'tree/b.bin', size: 40_000 },
  { path: 'tree/c', size: 0 },
])
const { meta, tree, contents } = sample

let dir: string
let parts: string
let outside: string
let victim: string
beforeEach(() => {
  dir = freshFolder()
  parts = join(dir, partsFolder(meta.id))
  outside = freshFolder()
  victim = join(outside, 'victim')
  writeFileSync(victim, 'precious', { mode: 0o640 })
})

const opened = () => openStore({ dir, meta, tree, hash: sha256, overwrite: false })
type Open = Awaited<ReturnType<typeof opened>>

async function write({ store, verified }: Open, file: number): Promise<void> {
  await store.write(file, 0, [contents[file]])
  const { geometry } = tree
  verified.addRange(geometry.firstBlockOfFile(file), geometry.blocksOfFile(file))
}

async function receive(): Promise<void> {
  const open = await opened()
  for (const file of [0, 1]) {
    await write(open, file)
    await open.store.saveJournal(open.verified.bytes)
    await open.store.finish(file)
  }
  await open.store.complete()
  await open.store.close()
}

function expectOutsideUntouched(): void {
  expect(readdirSync(outside)).toEqual(['victim'])
  expect(readFileSync(victim, 'utf8')).toBe('precious')
  expect(lstatSync(victim).mode & 0o777).toBe(0o640)
}

describe('planted before', () => {
  const inParts: readonly [string, string, (at: string) => void][] = [
    ['a link as a part', '0.part', at => symlinkSync(victim, at)],
    ['a hard link as a part', '0.part', at => linkSync(victim, at)],
    ['a pipe as a part', '1.part', at => execFileSync('mkfifo', [at])],
    ['a link as the journal', 'journal', at => symlinkSync('/dev/zero', at)],
    ['a pipe as the journal', 'journal', at => execFileSync('mkfifo', [at])],
    ['a link as the new journal', 'journal.new', at => symlinkSync(victim, at)],
    ['a hard link as the new journal', 'journal.new', at => linkSync(victim, at)],
    ['a pipe as the new journal', 'journal.new', at => execFileSync('mkfifo', [at])],
    ['a link as our lock', lockName(process.pid), at => symlinkSync(victim, at)],
    ['a hard link as our lock', lockName(process.pid), at => linkSync(victim, at)],
  ]
  it.each(inParts)('%s does not matter', async (_, name, plant) => {
    mkdirSync(parts)
    plant(join(parts, name))
    await receive()
    expectOutsideUntouched()
    for (const file of [0, 1])
      expect(readFileSync(join(dir, meta.files[file].path)).equals(contents[file])).toBe(true)
    expect(readdirSync(dir)).toEqual(['tree'])
  })

  it.each<[string, (at: string) => void]>([
    ['a link', at => symlinkSync(outside, at)],
    ['a file', at => writeFileSync(at, '')],
    ['a pipe', at => execFileSync('mkfifo', [at])],
  ])('%s as our folder, or as one of the tree, is in the way', async (_, plant) => {
    plant(parts)
    await expect(receive()).rejects.toMatchObject({ code: 'IN_THE_WAY', exit: 'storage' })
    rmSync(parts)
    plant(join(dir, 'tree'))
    await expect(receive()).rejects.toMatchObject({ code: 'IN_THE_WAY', exit: 'storage' })
    expectOutsideUntouched()
  })

  it('a folder as a part is named', async () => {
    mkdirSync(join(parts, '0.part'), { recursive: true })
    await expect(receive()).rejects.toMatchObject({ exit: 'storage' })
  })
})

describe('planted while we run', () => {
  async function halfway(): Promise<Open> {
    const open = await opened()
    for (const file of [0, 1]) await write(open, file)
    await open.store.finish(0)
    return open
  }

  it.each<[string, () => void]>([
    ['moved aside', () => renameSync(join(dir, 'tree'), join(dir, 'aside'))],
    ['moved out', () => renameSync(join(dir, 'tree'), join(outside, 'tree'))],
    ['removed', () => rmSync(join(dir, 'tree'), { recursive: true })],
  ])('a link instead of a folder that was %s is in the way', async (_, away) => {
    const open = await halfway()
    away()
    const moved = readdirSync(outside).includes('tree') ? join(outside, 'tree') : outside
    symlinkSync(moved, join(dir, 'tree'))
    const refusal = { code: 'IN_THE_WAY', exit: 'storage' }
    await expect(open.store.saveJournal(open.verified.bytes)).rejects.toMatchObject(refusal)
    await expect(open.store.finish(1)).rejects.toMatchObject(refusal)
    await open.store.close()
    rmSync(join(dir, 'tree'))
    // What came before went with the folder; nothing came after it.
    if (moved !== outside) {
      expect(readdirSync(moved)).toEqual(['a.bin'])
      rmSync(moved, { recursive: true })
    }
    expectOutsideUntouched()
    const again = await opened()
    expect([...again.finishedFiles]).toEqual([])
    await again.store.close()
  })
})
