// What takes the place of a file between the look and the open: a pipe nobody writes to, or a link.

import { spawnSync } from 'node:child_process'
import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { FileHasher } from '../../../src/io/disk/hash-file.js'
import { sha256 } from '../../../src/io/disk/hasher.js'
import { freshFolder } from './sample.js'

it('neither waits at a pipe nor follows a link, unless it may', () => {
  const dir = freshFolder()
  const [file, link, pipe] = ['file', 'link', 'pipe']
  writeFileSync(join(dir, file), 'abc')
  symlinkSync(file, join(dir, link))
  expect(spawnSync('mkfifo', [join(dir, pipe)]).status).toBe(0)
  const answer = (path: string, follows: boolean) =>
    new FileHasher(sha256, { chunkBytes: 16_384, dir, follows }).answer([
      { path, fileBytes: 3, offset: 0, bytes: 3 },
    ])
  expect(answer(file, false)).toHaveProperty('roots')
  expect(answer(link, true)).toEqual(answer(file, false))
  expect(answer(link, false)).toMatchObject({ path: link, errno: 'ELOOP' })
  expect(answer(pipe, true)).toMatchObject({ path: pipe, errno: '' })
})
