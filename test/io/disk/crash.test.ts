// Power goes at any moment: after every write, sync and rename of whole transfers, what a crash could
// leave at worst is laid out in a fresh folder and opened as a later run opens it. Every block that it
// then believes must be there, byte by byte; and what was said to be complete must be.

import { mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { Prng } from '../../../src/core/base/prng.js'
import { sha256 } from '../../../src/io/disk/hasher.js'
import { type OpenStore, openStore } from '../../../src/io/disk/store.js'
import { skipUnless } from '../../lab/skip.js'
import { type Image, listening, Recorder } from './recorder.js'
import { BLOCK, freshFolder, sampleOf } from './sample.js'

vi.mock('node:fs', async original => (await import('./recorder.js')).overheardFs(await original()))
vi.mock('node:fs/promises', async original =>
  (await import('./recorder.js')).overheardPromises(await original()),
)

const byDescriptor = process.platform === 'linux' ? undefined : 'names are followed by /proc here'
const sample = sampleOf([
  { path: 'tree/a.bin', size: 9 * BLOCK + 1234 },
  { path: 'tree/deep/b.bin', size: 5 * BLOCK },
  { path: 'tree/deep/c.bin', size: 100, mode: 0o400 },
  { path: 'tree/deep/hollow.img', size: 7 * BLOCK, blank: [BLOCK, 6 * BLOCK + 100] },
  { path: 'z.bin', size: 3 * BLOCK - 1 },
])
const { meta, tree, contents } = sample
const { geometry } = tree

const opened = (dir: string) => openStore({ dir, meta, tree, hash: sha256, overwrite: false })

/** Writes what is missing in a random order, many at a time, with journals in between. */
async function receive({ store, verified, finishedFiles }: OpenStore, luck: Prng): Promise<void> {
  const missing: number[] = []
  for (let block = 0; block < geometry.blockCount; block++)
    if (!verified.has(block)) missing.splice(luck.below(missing.length + 1), 0, block)
  const works: Promise<void>[] = []
  const write = async (block: number): Promise<void> => {
    const { file, offset, bytes } = geometry.placeOfBlock(block)
    await store.write(file, offset, [contents[file].subarray(offset, offset + bytes)])
    verified.add(block)
    const first = geometry.firstBlockOfFile(file)
    const blocks = geometry.blocksOfFile(file)
    if (verified.countIn(first, blocks) < blocks || finishedFiles.has(file)) return
    finishedFiles.add(file)
    await store.finish(file)
  }
  for (const block of missing) {
    works.push(write(block))
    if (luck.unit() < 0.3) works.push(store.saveJournal(verified.bytes.slice()))
    if (luck.unit() < 0.4) await works[luck.below(works.length)]
  }
  await Promise.all(works)
  for (let file = 0; file < geometry.fileCount; file++)
    if (!finishedFiles.has(file)) await store.finish(file)
  await store.complete()
}

/** A whole transfer, and what crashes on its way would have left; the last after its end. */
async function imagesOf(seed: number): Promise<{ step: string; image: Image }[]> {
  const dir = realpathSync(freshFolder())
  const luck = new Prng(seed)
  const images: { step: string; image: Image }[] = []
  const keep = (step: string): void => {
    images.push({ step: `${step}, nothing more`, image: recorder.crash(undefined) })
    if (luck.unit() < 0.5) images.push({ step: `${step}, torn`, image: recorder.crash(luck) })
  }
  const recorder = new Recorder(dir, step => {
    if (step !== 'write' || luck.unit() < 0.25) keep(step)
  })
  listening.recorder = recorder
  try {
    const open = await opened(dir)
    await receive(open, luck)
    await open.store.close()
  } finally {
    listening.recorder = undefined
  }
  images.push({ step: 'the end', image: recorder.crash(undefined) })
  return images
}

function laidOut(image: Image): string {
  const dir = freshFolder()
  for (const [path, bytes] of image) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), bytes)
  }
  return dir
}

/** How many blocks a later run believes; fails unless each of them is right. */
async function believed(step: string, image: Image): Promise<number> {
  const { store, verified } = await opened(laidOut(image))
  try {
    for (let block = verified.nextSet(0); block >= 0; block = verified.nextSet(block + 1)) {
      const { file, offset, bytes } = geometry.placeOfBlock(block)
      const there = new Uint8Array(bytes)
      await store.read(file, offset, there)
      const right = Buffer.compare(there, contents[file].subarray(offset, offset + bytes)) === 0
      expect(right, `block ${block} after ${step}`).toBe(true)
    }
    return verified.countIn(0, geometry.blockCount)
  } finally {
    await store.close()
  }
}

skipUnless(byDescriptor)('a crash', () => {
  it.each([1, 4, 6, 9])('leaves nothing that is believed and wrong (seed %d)', async seed => {
    const images = await imagesOf(seed)
    const counts: number[] = []
    for (const { step, image } of images) counts.push(await believed(step, image))
    // It would prove nothing if nothing were believed: a part of it must be, in the middle.
    expect(images.length).toBeGreaterThan(40)
    expect(counts.filter(count => count > 0 && count < geometry.blockCount).length).toBeGreaterThan(
      5,
    )
    expect(counts[counts.length - 1]).toBe(geometry.blockCount)
    const names = meta.files.map(file => file.path)
    expect([...images[images.length - 1].image.keys()].sort()).toEqual(names)
  })

  it('during what comes after a crash changes nothing about it', async () => {
    const luck = new Prng(77)
    const images = await imagesOf(5)
    for (const { image } of images.filter((_, i) => i % 9 === 4)) {
      const open = await opened(laidOut(image))
      await receive(open, luck)
      await open.store.close()
    }
  })
})

describe('the recorder', () => {
  it('loses what was not synced, and only that', () => {
    const disk = new Recorder('/r', () => {})
    disk.opened(1, '/r', false)
    disk.opened(2, '/r/x', true)
    disk.write(2, 0, [Uint8Array.of(1, 2)])()
    expect([...disk.crash(undefined)]).toEqual([])
    disk.sync(1)()
    expect([...disk.crash(undefined)]).toEqual([['x', new Uint8Array(0)]])
    const late = disk.write(2, 2, [Uint8Array.of(3)])
    const synced = disk.sync(2)
    late()
    synced()
    expect([...disk.crash(undefined)]).toEqual([['x', Uint8Array.of(1, 2)]])
    disk.renamed('/r/x', '/r/y')
    expect([...disk.crash(undefined).keys()]).toEqual(['x'])
    disk.sync(1)()
    expect([...disk.crash(undefined).keys()]).toEqual(['y'])
  })
})
