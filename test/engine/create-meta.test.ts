import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hexOf } from '../../src/core/base/bytes.js'
import { leavesOf } from '../../src/core/base/merkle.js'
import { parseMeta } from '../../src/core/meta/p2pmeta.js'
import { MetaTree } from '../../src/core/meta/tree.js'
import type { MetaEvents } from '../../src/engine/api.js'
import { createMeta, makeMeta } from '../../src/engine/create-meta.js'
import { sha256 } from '../../src/io/disk/hasher.js'
import { contentOf, torrents } from '../vectors/torrents.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp2p-meta-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

it.each(torrents)('describes a tree as an independent torrent does: $name', async torrent => {
  mkdirSync(join(folder, torrent.name))
  for (const file of torrent.files)
    writeFileSync(join(folder, torrent.name, file.path), contentOf(file))
  const job = createMeta([join(folder, torrent.name)], { chunkBytes: torrent.chunkBytes })
  const result = await job.done
  const meta = parseMeta(result.bytes, sha256)
  expect(result).toMatchObject({
    id: meta.id,
    name: torrent.name,
    files: torrent.files.length,
    chunkBytes: torrent.chunkBytes,
    totalBytes: torrent.files.reduce((sum, { size }) => sum + size, 0),
  })
  const described = meta.files.map(({ path, root, chunks }) => ({
    path,
    root: root && hexOf(root),
    chunks: chunks && hexOf(chunks),
  }))
  expect(described).toEqual(
    torrent.files.map(({ path, root, chunks }) => ({
      path: `${torrent.name}/${path}`,
      root,
      chunks,
    })),
  )
})

describe('a made meta', () => {
  it('says where each of its files was found, and fits their content', async () => {
    mkdirSync(join(folder, 'a/b'), { recursive: true })
    writeFileSync(join(folder, 'a/b/one'), contentOf({ seed: 1, size: 50_000 }))
    writeFileSync(join(folder, 'two'), contentOf({ seed: 2, size: 3 }))
    const told: MetaEvents['progress'][] = []
    const made = await makeMeta([join(folder, 'two'), join(folder, 'a/b')], {}, e => told.push(e))
    expect(made.meta.name).toBe('two')
    expect(made.meta.files.map(file => file.path)).toEqual(['b/one', 'two'])
    expect(made.sources).toEqual([join(folder, 'a/b/one'), join(folder, 'two')])
    const tree = new MetaTree(made.meta, sha256)
    for (let chunk = 0; chunk < tree.geometry.chunkCount; chunk++) {
      const { file, offset, bytes } = tree.geometry.placeOfChunk(chunk)
      const content = readFileSync(made.sources[file]).subarray(offset, offset + bytes)
      expect(tree.layerMatches(chunk, leavesOf(content, sha256))).toBe(true)
    }
    expect(told[0]).toMatchObject({ files: 0, hashedBytes: 0, totalBytes: 50_003 })
    expect(told.at(-1)).toMatchObject({ files: 2, hashedBytes: 50_003, totalBytes: 50_003 })
  })

  it('has the name, hash and managers that were asked for', async () => {
    writeFileSync(join(folder, 'x'), 'x')
    const options = { name: 'Ünïcode', hash: 'blake3', managers: ['10.0.0.1:8889'] } as const
    const { bytes } = await createMeta([join(folder, 'x')], options).done
    expect(parseMeta(bytes, sha256)).toMatchObject(options)
  })

  it('may hold nothing but an empty file', async () => {
    writeFileSync(join(folder, 'x'), '')
    const told: MetaEvents['progress'][] = []
    const job = createMeta([join(folder, 'x')]).on('progress', event => told.push(event))
    const { bytes, totalBytes } = await job.done
    expect(totalBytes).toBe(0)
    expect(parseMeta(bytes, sha256).files[0]).toMatchObject({ path: 'x', size: 0 })
    expect(told.at(-1)).toMatchObject({ files: 1, totalBytes: 0 })
  })
})

it('counts no folder as a file', async () => {
  mkdirSync(join(folder, 'tree/empty'), { recursive: true })
  expect(await createMeta([join(folder, 'tree/empty')]).done).toMatchObject({ files: 0 })
  writeFileSync(join(folder, 'tree/x'), 'x')
  symlinkSync('x', join(folder, 'tree/y'))
  expect(await createMeta([join(folder, 'tree')]).done).toMatchObject({ files: 2 })
})

describe('what no meta can hold', () => {
  const fails = async (paths: string[], options = {}) => createMeta(paths, options).done

  it('is refused before anything is hashed, and named', async () => {
    mkdirSync(join(folder, 't'))
    // A sparse file of a terabyte: this test would not end in time if it were hashed.
    writeFileSync(join(folder, 't/big'), '')
    truncateSync(join(folder, 't/big'), 2 ** 40)
    symlinkSync('/etc/passwd', join(folder, 't/link'))
    await expect(fails([join(folder, 't')])).rejects.toMatchObject({
      exit: 'usage',
      message: expect.stringContaining('"t/link" is an absolute link'),
    })
  })

  it.each([
    ['nothing', [], {}],
    ['an odd chunk size', ['.'], { chunkBytes: 50_000 }],
    ['an odd manager', ['.'], { managers: ['nonsense'] }],
    ['an odd name', ['.'], { name: '\n' }],
  ])('%s', async (_, paths, options) => {
    writeFileSync(join(folder, 'x'), 'x')
    const given = paths.map(path => join(folder, path))
    await expect(fails(given, options)).rejects.toMatchObject({ exit: 'usage' })
  })
})
