// A small transfer with one of everything, and its content: what tests of the disk put into their
// folders. Content is a function of the file's number, so nobody has to carry it around.

import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from 'vitest'
import { hexOf, utf8 } from '../../../src/core/base/bytes.js'
import { leavesOf, levelFor, Merkle } from '../../../src/core/base/merkle.js'
import { Prng } from '../../../src/core/base/prng.js'
import type { MetaFile, P2pMeta } from '../../../src/core/meta/p2pmeta.js'
import { fileRoot, MetaTree } from '../../../src/core/meta/tree.js'
import { sha256 } from '../../../src/io/disk/hasher.js'

export const CHUNK = 64 * 1024
export const BLOCK = 16 * 1024
const MTIME = 1_700_000_000_123

/** A fresh folder that goes away with the test. */
export function freshFolder(): string {
  const folder = mkdtempSync(join(base, 'mcp2p-disk-'))
  folders.push(folder)
  return folder
}

/** In memory where there is such a place: no test here waits for a real disk. */
const base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

export function contentOf(seed: number, sizeBytes: number): Uint8Array {
  const prng = new Prng(seed + 1)
  const words = Uint32Array.from({ length: Math.ceil(sizeBytes / 4) }, () => prng.u32())
  return new Uint8Array(words.buffer, 0, sizeBytes)
}

export interface Sample {
  readonly meta: P2pMeta
  readonly tree: MetaTree
  readonly contents: readonly Uint8Array[]
  indexOf(path: string): number
}

export interface Entry {
  readonly path: string
  readonly size?: number
  readonly mode?: number
  readonly link?: string
  readonly dir?: boolean
  /** Bytes [from, to) of it are zeros. */
  readonly blank?: readonly [number, number]
}

/** Entries must be in the order of a meta. */
export function sampleOf(entries: readonly Entry[]): Sample {
  const contents = entries.map(({ size = 0, blank = [0, 0] }, index) =>
    contentOf(index, size).fill(0, ...blank),
  )
  const files = entries.map((entry, index): MetaFile => {
    const { path, size = 0, mode = 0o644, link, dir } = entry
    const plain = { path, size, mode, mtime: MTIME + index }
    if (link !== undefined) return { ...plain, link }
    if (dir) return { ...plain, dir }
    return size === 0 ? plain : { ...plain, ...rootsOf(contents[index]) }
  })
  const id = hexOf(sha256(utf8(JSON.stringify(entries))))
  const shape = { version: 1, hash: 'sha256', name: 'sample', managers: [] } as const
  const meta: P2pMeta = { ...shape, id, chunkSize: CHUNK, files }
  const indexOf = (path: string) => files.findIndex(file => file.path === path)
  return { meta, tree: new MetaTree(meta, sha256), contents, indexOf }
}

function rootsOf(content: Uint8Array): { root: Uint8Array; chunks?: Uint8Array } {
  const merkle = new Merkle(sha256)
  const single = content.length <= CHUNK
  const level = levelFor(single ? Math.ceil(content.length / BLOCK) : CHUNK / BLOCK)
  const chunks = new Uint8Array(32 * Math.ceil(content.length / CHUNK))
  for (let at = 0; at * CHUNK < content.length; at++) {
    const leaves = leavesOf(content.subarray(at * CHUNK, (at + 1) * CHUNK), sha256)
    chunks.set(merkle.root(leaves, 0, level), 32 * at)
  }
  return single ? { root: chunks } : { root: fileRoot(chunks, level, merkle), chunks }
}

export const everything = (): Sample =>
  sampleOf([
    { path: 'photos/a.bin', size: 3 * CHUNK + 20_000 },
    { path: 'photos/b.bin', size: 100, mode: 0o755 },
    { path: 'photos/deep/c.bin', size: CHUNK, mode: 0o400 },
    { path: 'photos/empty' },
    { path: 'photos/hollow', dir: true, mode: 0o750 },
    { path: 'photos/to-a', link: 'a.bin' },
    { path: 'photos/ünïcode/日本', size: 1 },
  ])
