// What end-to-end tests send: random bytes, and a small tree of everything that a transfer may
// stumble over.

import { randomBytes } from 'node:crypto'
import { chmod, mkdir, open, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

export const mebibyte = 2 ** 20

/** Writes one file of random bytes and the folders above it. Resolves with its path. */
export async function randomFile(path: string, sizeBytes: number): Promise<string> {
  await mkdir(dirname(path), { recursive: true })
  const file = await open(path, 'w', 0o644)
  try {
    for (let left = sizeBytes; left > 0; left -= 4 * mebibyte) {
      await file.writeFile(randomBytes(Math.min(left, 4 * mebibyte)))
    }
  } finally {
    await file.close()
  }
  return path
}

/** Names that break what assumes ASCII, no blanks, or one direction of writing. */
const names = [
  'Übergrößenträger.txt',
  'Кириллица.log',
  'العربية.txt',
  '日本語のファイル.bin',
  '🚀 with blanks & "ampersand\'s".txt',
  '-not-an-option',
  '100%.$HOME',
]

/** Makes the tree of everything, with one big file of `bigBytes`, in an empty folder. */
export async function everyKind(folder: string, bigBytes: number): Promise<void> {
  await randomFile(join(folder, 'deep/er/big.bin'), bigBytes)
  for (const [at, name] of names.entries()) {
    await randomFile(join(folder, 'names', name), 1 + 20_000 * at)
  }
  await writeFile(join(folder, 'empty.file'), '')
  await writeFile(join(folder, 'deep/run'), '#!/bin/sh\necho hello\n')
  await chmod(join(folder, 'deep/run'), 0o755)
  await writeFile(join(folder, 'private'), 'not for all')
  await chmod(join(folder, 'private'), 0o600)
  await mkdir(join(folder, 'empty folder'), { mode: 0o755 })
  await symlink('deep/run', join(folder, 'link to run'))
  await symlink('nowhere/at/all', join(folder, 'dangling link'))
}
