// A disk that refuses, at every place where the store touches it: one error of exit `storage` that
// names what was done to what, and a later run on a sound disk ends with every byte.

import type * as Fs from 'node:fs'
import { readdirSync, readFileSync } from 'node:fs'
import type * as FsPromises from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { Mcp2pError } from '../../../src/core/base/errors.js'
import { sha256 } from '../../../src/io/disk/hasher.js'
import { openStore } from '../../../src/io/disk/store.js'
import { freshFolder, sampleOf } from './sample.js'

/** The call that fails, from its `after`-th time on, and how. */
const fault = vi.hoisted(() => ({ call: '', errno: '', after: 0 }))

vi.mock('node:fs', async original => {
  const fs = (await original()) as typeof Fs & Record<string, (...args: unknown[]) => void>
  const failing =
    (call: string) =>
    (...args: unknown[]) => {
      if (fault.call !== call || fault.after-- > 0) return fs[call](...args)
      const back = args[args.length - 1] as (error: unknown) => void
      process.nextTick(back, Object.assign(new Error(fault.errno), { code: fault.errno }))
    }
  const calls = ['open', 'writev', 'fsync', 'fdatasync', 'fchmod', 'futimes', 'fstat']
  return { ...fs, ...Object.fromEntries(calls.map(call => [call, failing(call)])) }
})
vi.mock('node:fs/promises', async original => {
  const fs = (await original()) as typeof FsPromises &
    Record<string, (...args: unknown[]) => Promise<unknown>>
  const failing =
    (call: string) =>
    async (...args: unknown[]) => {
      if (fault.call !== `${call} by name` || fault.after-- > 0) return fs[call](...args)
      throw Object.assign(new Error(fault.errno), { code: fault.errno })
    }
  const calls = ['open', 'mkdir', 'rename', 'symlink', 'statfs', 'readdir', 'lstat']
  return { ...fs, ...Object.fromEntries(calls.map(call => [call, failing(call)])) }
})

const sample = sampleOf([
  { path: 'tree/a.bin', size: 100_000 },
  { path: 'tree/b.bin', size: 40_000 },
  { path: 'tree/empty' },
  { path: 'tree/hollow', dir: true, mode: 0o755 },
  { path: 'tree/link', link: 'a.bin' },
])
const { meta, tree, contents } = sample

afterEach(() => {
  fault.call = ''
})

async function receive(dir: string): Promise<void> {
  const { store, verified, finishedFiles } = await openStore({
    dir,
    meta,
    tree,
    hash: sha256,
    overwrite: false,
  })
  try {
    for (const file of [0, 1].filter(each => !finishedFiles.has(each))) {
      const { geometry } = tree
      const first = geometry.firstBlockOfFile(file)
      for (let block = first; block < first + geometry.blocksOfFile(file); block++) {
        if (verified.has(block)) continue
        const { offset, bytes } = geometry.placeOfBlock(block)
        await store.write(file, offset, [contents[file].subarray(offset, offset + bytes)])
        verified.add(block)
      }
      await store.saveJournal(verified.bytes)
      await store.finish(file)
    }
    await store.complete()
  } finally {
    await store.close()
  }
}

const names = ['open', 'mkdir', 'rename', 'symlink', 'statfs', 'readdir', 'lstat']
const calls = ['open', 'writev', 'fsync', 'fdatasync', 'fchmod', 'futimes', 'fstat']
const errnos = ['EIO', 'ENOSPC', 'EROFS', 'EDQUOT', 'EACCES']

it.each([...calls, ...names.map(name => `${name} by name`)])('%s', async call => {
  let failures = 0
  for (let after = 0; after < 40; after++) {
    const dir = freshFolder()
    const errno = errnos[after % errnos.length]
    Object.assign(fault, { call, errno, after })
    const error = await receive(dir).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    const wasReached = fault.after < 0
    fault.call = ''
    if (error !== undefined) {
      failures++
      expect(error, `${errno} at time ${after}`).toBeInstanceOf(Mcp2pError)
      expect(error).toMatchObject({ exit: 'storage', hint: expect.stringMatching(/./) })
      expect((error as Error).message).toMatch(/^cannot [^\n]+: [^\n]+$/)
      await receive(dir)
    }
    for (const file of [0, 1])
      expect(readFileSync(join(dir, meta.files[file].path)).equals(contents[file])).toBe(true)
    expect(readdirSync(dir)).toEqual(['tree'])
    expect(readdirSync(join(dir, 'tree')).sort()).toEqual([
      'a.bin',
      'b.bin',
      'empty',
      'hollow',
      'link',
    ])
    if (!wasReached) break
  }
  expect(failures).toBeGreaterThan(0)
})

it('writes no journal any more once a sync has failed, whatever the next one says', async () => {
  const dir = freshFolder()
  const open = () => openStore({ dir, meta, tree, hash: sha256, overwrite: false })
  const first = await open()
  await first.store.write(0, 0, [contents[0].subarray(0, 16_384)])
  first.verified.add(0)
  await first.store.saveJournal(first.verified.bytes)
  await first.store.write(0, 16_384, [contents[0].subarray(16_384, 32_768)])
  first.verified.add(1)
  Object.assign(fault, { call: 'fdatasync', errno: 'EIO', after: 0 })
  await expect(first.store.saveJournal(first.verified.bytes)).rejects.toThrow(/^cannot sync/)
  fault.call = ''
  // The kernel has forgotten what it lost: this one would succeed.
  await expect(first.store.saveJournal(first.verified.bytes)).rejects.toThrow(/^cannot sync/)
  await first.store.close()
  const again = await open()
  expect([again.verified.has(0), again.verified.has(1)]).toEqual([true, false])
  await again.store.close()
})
