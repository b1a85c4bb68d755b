import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { hexOf } from '../../../src/core/base/bytes.js'
import * as source from '../../../src/io/disk/hash-pool.js'
import { contentOf, torrents } from '../../vectors/torrents.js'
import { freshFolder } from './sample.js'

const MiB = 1024 * 1024
const compiledUrl = new URL('../../../dist/src/io/disk/hash-pool.js', import.meta.url)
// Uncompiled sources hash in this thread, the compiled ones in workers: one contract for both.
const twins: [string, typeof source][] = [['in this thread', source]]
if (existsSync(compiledUrl)) twins.push(['in threads', await import(compiledUrl.href)])

it('was compiled, so that threads are tried as well', () => expect(twins.length).toBe(2))

describe.each(twins)('hashing %s', (_, { hashFiles }) => {
  it.each(torrents)('gives the roots of an independent torrent: $name', async torrent => {
    const folder = freshFolder()
    const jobs = torrent.files.map(file => {
      const path = join(folder, file.path)
      writeFileSync(path, contentOf(file))
      return { path, sizeBytes: file.size }
    })
    const hashed = [...(await hashFiles(jobs, { hash: 'sha256', chunkBytes: torrent.chunkBytes }))]
    const hex = hashed.map(({ root, chunks }) => [root && hexOf(root), chunks && hexOf(chunks)])
    expect(hex).toEqual(torrent.files.map(({ root, chunks }) => [root, chunks]))
  })

  it('is the same however many threads share a file, and tells how far it is', async () => {
    const folder = freshFolder()
    const path = join(folder, 'big')
    const content = new Uint8Array(17 * MiB + 5)
    // No two blocks alike.
    for (let at = 0; at < content.length; at += 4096) content[at] = at / 4096 + (at >> 20)
    writeFileSync(path, content)
    writeFileSync(join(folder, 'small'), content.subarray(0, 5))
    const jobs = [
      { path, sizeBytes: content.length },
      { path: join(folder, 'small'), sizeBytes: 5 },
    ]
    const told: source.HashProgress[] = []
    const options = {
      hash: 'blake3',
      chunkBytes: MiB,
      onProgress: (p: source.HashProgress) => told.push(p),
    } as const
    const shared = [
      ...(await hashFiles(jobs, { ...options, threads: 3 } satisfies source.HashOptions)),
    ]
    const alone = [...(await hashFiles(jobs, { hash: 'blake3', chunkBytes: MiB, threads: 1 }))]
    expect(shared).toEqual(alone)
    expect(shared[0].chunks?.length).toBe(18 * 32)
    expect(told.length).toBeGreaterThan(1)
    expect(told.at(-1)).toEqual({ files: 2, bytes: content.length + 5 })
  })

  it.each([
    ['shorter', -1],
    ['longer', 1],
  ])('notices that a file has become %s', async (_, change) => {
    const path = join(freshFolder(), 'changed')
    writeFileSync(path, new Uint8Array(17 * MiB + change))
    const done = hashFiles([{ path, sizeBytes: 17 * MiB }], { hash: 'sha256', chunkBytes: MiB })
    await expect(done).rejects.toMatchObject({
      code: 'FILE_CHANGED',
      exit: 'storage',
      message: expect.stringContaining(path),
    })
  })

  it('names a file that is not there', async () => {
    const dir = freshFolder()
    const path = join(dir, 'nowhere')
    const jobs = [{ path: 'nowhere', sizeBytes: 17 * MiB }]
    const done = hashFiles(jobs, { hash: 'sha256', chunkBytes: MiB, dir })
    await expect(done).rejects.toMatchObject({
      exit: 'storage',
      message: expect.stringContaining(path),
    })
  })

  it('stops when it is told to', async () => {
    const path = join(freshFolder(), 'big')
    writeFileSync(path, new Uint8Array(33 * MiB))
    const stop = new AbortController()
    const done = hashFiles([{ path, sizeBytes: 33 * MiB }], {
      hash: 'sha256',
      chunkBytes: MiB,
      signal: stop.signal,
      onProgress: () => stop.abort(),
    })
    await expect(done).rejects.toMatchObject({ exit: 'interrupted' })
  })

  it('has nothing to do for empty files', async () => {
    const hashed = await hashFiles([{ path: '/nowhere', sizeBytes: 0 }], {
      hash: 'sha256',
      chunkBytes: MiB,
    })
    expect([...hashed]).toEqual([{}])
  })
})
