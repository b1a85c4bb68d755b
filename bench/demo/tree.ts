// The tree that the demo sends when it is given none: everything that a transfer may stumble over,
// in 256 MiB. The same bytes every time.

import { chmod, mkdir, open, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Prng } from '../../src/core/base/prng.js'

const smallFiles = 500
const smallBytesMax = 64 * 1024
const totalBytes = 256 * 2 ** 20
const stepBytes = 4 * 2 ** 20
const seed = 67

/** Names that break what assumes ASCII, no blanks, or one direction of writing. */
const names = [
  'Übergrößenträger.txt',
  'Ελληνικά.md',
  'Кириллица.log',
  'العربية.txt',
  'עברית.txt',
  'हिन्दी.txt',
  'ไทย.txt',
  '日本語のファイル.bin',
  '한국어.txt',
  '简体中文.dat',
  '🚀 with blanks & "ampersand\'s".txt',
  '-not-an-option',
  '100%.$HOME',
]

/** Makes the tree in an empty folder. Resolves with its bytes. */
export async function makeTree(folder: string): Promise<number> {
  const prng = new Prng(seed)
  let bytes = 0
  const put = async (path: string, content: Uint8Array, mode = 0o644) => {
    const full = join(folder, path)
    await mkdir(dirname(full), { recursive: true })
    await writeFile(full, content)
    await chmod(full, mode) // unlike the mode of a creation, not less the umask
    bytes += content.length
  }
  const small = () => fresh(prng, 1 + prng.below(smallBytesMax))
  for (const name of names) await put(join('names', name), small())
  for (let i = 0; i < smallFiles - names.length; i++) {
    const path = `small/${String(i % 20).padStart(2, '0')}/${String(i).padStart(3, '0')}.bin`
    await put(path, small(), i % 7 === 0 ? 0o600 : 0o644)
  }
  await put('empty.file', new Uint8Array(0))
  await put('bin/hello', new TextEncoder().encode('#!/bin/sh\necho hello\n'), 0o755)
  await mkdir(join(folder, 'empty folder'), { mode: 0o755 })
  await symlink(join('bin', 'hello'), join(folder, 'link to hello')).catch(ignoreOnWindows)
  const big = totalBytes - bytes
  await writeBig(join(folder, 'big.bin'), big, prng)
  return bytes + big
}

async function writeBig(path: string, sizeBytes: number, prng: Prng): Promise<void> {
  const file = await open(path, 'w', 0o644)
  try {
    for (let left = sizeBytes; left > 0; left -= stepBytes) {
      await file.writeFile(fresh(prng, Math.min(left, stepBytes)))
    }
  } finally {
    await file.close()
  }
}

/** Random bytes that no two places of the tree share. */
function fresh(prng: Prng, sizeBytes: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(sizeBytes / 4))
  for (let i = 0; i < words.length; i++) words[i] = prng.u32()
  return new Uint8Array(words.buffer, 0, sizeBytes)
}

/** Links need a privilege there that most users do not have; the rest of the demo stands. */
function ignoreOnWindows(error: NodeJS.ErrnoException): void {
  if (process.platform !== 'win32') throw error
}
