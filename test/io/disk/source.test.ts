// The sender's files: what is read is what stands there, and what does not stand there has a name.

import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { openSource } from '../../../src/io/disk/source.js'
import { BLOCK, everything, freshFolder } from './sample.js'

function laidOut() {
  const sample = everything()
  const root = freshFolder()
  sample.meta.files.forEach(({ path, link, dir }, index) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    if (link === undefined && !dir) writeFileSync(join(root, path), sample.contents[index])
  })
  return { ...sample, root }
}

it('reads any stretch of any file, by root or by a path for each', async () => {
  const { meta, contents, root } = laidOut()
  const paths = meta.files.map(({ path }) => join(root, path))
  for (const from of [root, paths]) {
    const source = await openSource(meta, from)
    const into = new Uint8Array(BLOCK)
    await source.read(0, 5, into)
    expect(into).toEqual(contents[0].subarray(5, 5 + BLOCK))
    const one = new Uint8Array(1)
    await source.read(6, 0, one)
    expect(one).toEqual(contents[6])
    await source.close()
  }
})

it('names a file that is missing or has another size, before anything is read', async () => {
  const { meta, root } = laidOut()
  writeFileSync(join(root, 'photos/b.bin'), 'short')
  const other = openSource(meta, root)
  await expect(other).rejects.toMatchObject({ code: 'SOURCE_CHANGED', exit: 'storage' })
  await expect(other).rejects.toThrow(/photos\/b\.bin has 5 bytes, not 100/)
  rmSync(join(root, 'photos/b.bin'))
  const missing = openSource(meta, root)
  await expect(missing).rejects.toMatchObject({ code: 'SOURCE_MISSING', exit: 'notFound' })
  await expect(missing).rejects.toThrow('photos/b.bin')
})

it('names a file that shrinks or goes while it is read', async () => {
  const { meta, root } = laidOut()
  const source = await openSource(meta, root)
  await source.read(0, 0, new Uint8Array(1))
  truncateSync(join(root, 'photos/a.bin'), 10)
  await expect(source.read(0, 5, new Uint8Array(10))).rejects.toMatchObject({
    code: 'SOURCE_CHANGED',
    message: `${join(root, 'photos/a.bin')} became shorter`,
  })
  rmSync(join(root, 'photos/b.bin'))
  const gone = {
    code: 'SOURCE_CHANGED',
    exit: 'storage',
    message: `${join(root, 'photos/b.bin')} is gone`,
  }
  await expect(source.read(1, 0, new Uint8Array(1))).rejects.toMatchObject(gone)
  await expect(source.stamp(1)).rejects.toMatchObject(gone)
  await source.close()
})

it('does not wait at a pipe that took the place of a file', async () => {
  const { meta, root } = laidOut()
  const source = await openSource(meta, root)
  const path = join(root, meta.files[0].path)
  rmSync(path)
  expect(spawnSync('mkfifo', [path]).status).toBe(0)
  await expect(source.read(0, 0, new Uint8Array(1))).rejects.toMatchObject({
    code: 'SOURCE_CHANGED',
    exit: 'storage',
  })
  await source.close()
})
