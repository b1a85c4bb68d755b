// The independent check must find every difference there can be: it is what the demo, the benches
// and the end-to-end tests call right.

import { chmod, cp, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { compareTrees } from './compare.js'

let folder: string
let ours: string
let theirs: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcp2p-compare-'))
  ours = join(folder, 'ours')
  theirs = join(folder, 'theirs')
  await mkdir(join(ours, 'sub/empty'), { recursive: true })
  await writeFile(join(ours, 'big'), new Uint8Array(3_000_000).fill(7))
  await writeFile(join(ours, 'sub/run'), 'x', { mode: 0o755 })
  await symlink('big', join(ours, 'link'))
  await cp(ours, theirs, { recursive: true, verbatimSymlinks: true })
})

afterEach(() => rm(folder, { recursive: true }))

it('finds nothing in equal trees, and counts what it saw', async () => {
  expect(await compareTrees(ours, theirs)).toEqual({
    files: 2,
    folders: 2,
    links: 1,
    bytes: 3_000_001,
    differences: [],
  })
})

const damages: Record<string, { path: string; damage: (path: string) => Promise<void> }> = {
  'one byte': {
    path: 'big',
    damage: path => writeFile(path, new Uint8Array(3_000_000).fill(7).fill(8, 2_999_999)),
  },
  'a lost end': { path: 'big', damage: path => truncate(path, 2_999_999) },
  'a mode': { path: 'sub/run', damage: path => chmod(path, 0o644) },
  'a mode of an empty folder': { path: 'sub/empty', damage: path => chmod(path, 0o700) },
  'a missing empty folder': { path: 'sub/empty', damage: path => rm(path, { recursive: true }) },
  'a link that is a file': {
    path: 'link',
    damage: path => rm(path).then(() => writeFile(path, '')),
  },
  'a link elsewhere': { path: 'link', damage: path => rm(path).then(() => symlink('sub', path)) },
  'one file too many': { path: 'sub/more', damage: path => writeFile(path, '') },
}

for (const [name, { path, damage }] of Object.entries(damages)) {
  it(`finds ${name}`, async () => {
    await damage(join(theirs, path))
    const { differences } = await compareTrees(ours, theirs)
    expect(differences).toHaveLength(1)
    expect(differences[0]).toContain(path)
  })
}
