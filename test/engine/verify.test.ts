// A tree that is right, and then everything that can be wrong with it.

import {
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { buildMeta } from '../../src/core/meta/p2pmeta.js'
import type { MetaEvents } from '../../src/engine/api.js'
import { verify } from '../../src/engine/verify.js'
import { sha256 } from '../../src/io/disk/hasher.js'
import { CHUNK, everything, freshFolder, type Sample } from '../io/disk/sample.js'

function laidOut(): Sample & { bytes: Uint8Array; dir: string; at(path: string): string } {
  const sample = everything()
  const dir = freshFolder()
  for (const [index, file] of sample.meta.files.entries()) {
    const path = join(dir, file.path)
    mkdirSync(dirname(path), { recursive: true })
    if (file.link !== undefined) symlinkSync(file.link, path)
    else {
      if (file.dir) mkdirSync(path)
      else writeFileSync(path, sample.contents[index])
      chmodSync(path, file.mode)
    }
  }
  const { meta, bytes } = buildMeta(sample.meta, sha256)
  return { ...sample, meta, bytes, dir, at: path => join(dir, path) }
}

it('finds nothing to say about a tree that is right', async () => {
  const { meta, bytes, dir } = laidOut()
  const steps: MetaEvents['progress'][] = []
  const job = verify(bytes, dir).on('progress', step => steps.push(step))
  const totalBytes = meta.files.reduce((sum, { size }) => sum + size, 0)
  expect(await job.done).toEqual({
    id: meta.id,
    checkedFiles: 7,
    checkedBytes: totalBytes,
    missing: [],
    wrong: [],
    extra: [],
  })
  expect(steps[0]).toMatchObject({ hashedBytes: 0, totalBytes })
  expect(steps[steps.length - 1]).toMatchObject({ files: 7, hashedBytes: totalBytes })
})

it('names what is missing, wrong and extra', async () => {
  const { bytes, dir, at, contents } = laidOut()
  const flipped = contents[0].slice()
  flipped[2 * CHUNK] ^= 1
  writeFileSync(at('photos/a.bin'), flipped)
  truncateSync(at('photos/b.bin'), 99)
  rmSync(at('photos/deep/c.bin'))
  chmodSync(at('photos/empty'), 0o600)
  rmSync(at('photos/to-a'))
  symlinkSync('b.bin', at('photos/to-a'))
  writeFileSync(at('photos/hollow/new'), '')
  mkdirSync(at('photos/more/below'), { recursive: true })
  writeFileSync(at('elsewhere'), 'not of the transfer')
  const { missing, wrong, extra, checkedFiles } = await verify(bytes, dir).done
  expect(missing).toEqual(['photos/deep/c.bin'])
  expect(wrong).toEqual([
    { path: 'photos/a.bin', why: 'its content is different' },
    { path: 'photos/b.bin', why: 'it has 99 bytes, not 100' },
    { path: 'photos/empty', why: 'its mode is 600, not 644' },
    { path: 'photos/to-a', why: 'it points to b.bin, not to a.bin' },
  ])
  expect(extra).toEqual(['photos/hollow/new', 'photos/more/'])
  expect(checkedFiles).toBe(6)
})

it('does not look through a folder that is a link', async () => {
  const { bytes, dir, at } = laidOut()
  renameSync(at('photos/deep'), at('elsewhere'))
  symlinkSync('../elsewhere', at('photos/deep'))
  const { missing, extra } = await verify(bytes, dir).done
  expect(missing).toEqual(['photos/deep/c.bin'])
  expect(extra).toEqual(['photos/deep'])
})

it('says what stands where something else should', async () => {
  const { bytes, dir, at } = laidOut()
  rmSync(at('photos/b.bin'))
  mkdirSync(at('photos/b.bin'))
  rmSync(at('photos/hollow'), { recursive: true })
  writeFileSync(at('photos/hollow'), '')
  const { wrong } = await verify(bytes, dir).done
  expect(wrong).toEqual([
    { path: 'photos/b.bin', why: 'it is a folder, not a file' },
    { path: 'photos/hollow', why: 'it is a file, not a folder' },
  ])
})

it('refuses a damaged meta and a folder that is not there', async () => {
  const { bytes, dir } = laidOut()
  const damaged = verify(new TextEncoder().encode('{"version":1'), dir).done
  await expect(damaged).rejects.toMatchObject({ exit: 'integrity' })
  const gone = verify(bytes, join(dir, 'gone')).done
  await expect(gone).rejects.toMatchObject({ exit: 'notFound' })
  const aborted = verify(bytes, dir, { signal: AbortSignal.abort() }).done
  await expect(aborted).rejects.toMatchObject({ exit: 'interrupted' })
})
