// Reading a `.p2pmeta` from disk. How large it is counts before any of it is in memory: a path may
// name a gigabyte of anything, a device without an end, or a pipe, and only the first bytes of a
// document are ever needed to know that it is none.

import { type FileHandle, open } from 'node:fs/promises'
import { Mcp2pError } from '../../core/base/errors.js'
import { LIMITS } from '../../core/base/limits.js'
import { errnoOf, storageError } from './fault.js'

const PIECE_BYTES = 1024 * 1024

/**
 * The bytes of the file at `path`, at most `LIMITS.metaBytesMax` of them. Rejects with a `Mcp2pError`
 * of exit `notFound`, `usage` (a folder), `integrity` (too large to be a meta) or `storage`.
 */
export async function readMetaFile(path: string): Promise<Uint8Array> {
  let file: FileHandle | undefined
  try {
    file = await open(path, 'r')
    const { size } = await file.stat()
    if (size > LIMITS.metaBytesMax) throw tooLarge(path)
    return await readAll(file, path)
  } catch (error) {
    throw metaFileError(error, path)
  } finally {
    await file?.close().catch(() => {})
  }
}

/** To the end, which may be where a file grew to, and nowhere for a device. */
async function readAll(file: FileHandle, path: string): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for (;;) {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(PIECE_BYTES), 0, PIECE_BYTES)
    if (bytesRead === 0) return Buffer.concat(pieces, bytes)
    bytes += bytesRead
    if (bytes > LIMITS.metaBytesMax) throw tooLarge(path)
    pieces.push(buffer.subarray(0, bytesRead))
  }
}

function metaFileError(error: unknown, path: string): Error {
  const errno = errnoOf(error)
  if (errno === 'ENOENT' || errno === 'ENOTDIR')
    return new Mcp2pError('NO_META_FILE', 'notFound', `no such file: ${path}`, 'Check the path.')
  if (errno !== 'EISDIR') return storageError(error, 'read', path)
  const hint = 'Give the file that `mcp2p meta` wrote.'
  return new Mcp2pError('NOT_A_META', 'usage', `not a .p2pmeta: ${path} is a folder`, hint)
}

function tooLarge(path: string): Mcp2pError {
  const most = `${LIMITS.metaBytesMax / 2 ** 20} MiB`
  return new Mcp2pError(
    'META_TOO_LARGE',
    'integrity',
    `${path} is larger than any .p2pmeta may be (${most})`,
    'Give the file that `mcp2p meta` wrote, not what it describes.',
  )
}
