// Writing a `.p2pmeta`: under a temporary name, then renamed, so that no reader ever sees half of
// one; and never over a file that says something else, unless told to.

import { randomBytes } from 'node:crypto'
import { link, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Mcp2pError } from '../../core/base/errors.js'
import { kindOf } from './source.js'
import { printable } from './text.js'

/** `<name>.p2pmeta` here; whatever a path could be made of becomes `_`. */
export function metaFileName(name: string): string {
  const safe = name.replace(/[\p{Cc}/\\:]/gu, '_').replace(/^\.+/, '_')
  return `${safe}.p2pmeta`
}

/** Refuses a place that cannot be written, before hours of hashing. Exits `notFound`, `usage`. */
export async function checkMetaPath(path: string): Promise<void> {
  const kind = await kindOf(path)
  if (kind === 'folder' || kind === 'device') {
    throw new Mcp2pError(
      'OUTPUT_IS_NO_FILE',
      'usage',
      `${printable(path)} is a ${kind}`,
      'Give the name of a file: -o x.p2pmeta.',
    )
  }
  if ((await kindOf(dirname(path))) !== 'folder') {
    throw new Mcp2pError(
      'NOT_FOUND',
      'notFound',
      `no such folder: ${printable(dirname(path))}`,
      'Make it first, or write the .p2pmeta elsewhere with -o.',
    )
  }
}

/** Writes `bytes` to `path`. Throws errors of exit `storage`. */
export async function writeMetaFile(
  path: string,
  bytes: Uint8Array,
  overwrite: boolean,
): Promise<void> {
  const part = join(dirname(path), `.mcp2p-${randomBytes(8).toString('hex')}.part`)
  try {
    const file = await open(part, 'wx')
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    if (overwrite) await rename(part, path)
    else await placeNew(part, path, bytes)
  } catch (error) {
    if (error instanceof Mcp2pError) throw error
    const code = (error as NodeJS.ErrnoException).code
    throw new Mcp2pError(
      'META_UNWRITABLE',
      'storage',
      `cannot write ${printable(path)} (${code})`,
      'Check space and permissions, or write it elsewhere with -o.',
      error,
    )
  } finally {
    await rm(part, { force: true })
  }
}

/** A hard link fails where the name is taken, which a rename would not. */
async function placeNew(part: string, path: string, bytes: Uint8Array): Promise<void> {
  try {
    await link(part, path)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'EEXIST') {
      if (Buffer.compare(await readFile(path), bytes) === 0) return
      throw new Mcp2pError(
        'META_EXISTS',
        'storage',
        `${printable(path)} exists and says something else`,
        'Pass --overwrite to replace it, or -o to write elsewhere.',
      )
    }
    // FAT and some network filesystems have no hard links; there the check has to come first.
    const hasNoLinks = code === 'EPERM' || code === 'ENOTSUP' || code === 'ENOSYS'
    if (!hasNoLinks || (await kindOf(path)) !== undefined) throw error
    await rename(part, path)
  }
}
