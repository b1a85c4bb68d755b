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
    return await readAll(file, path, size)
  } catch (error) {
    throw metaFileError(error, path)
  } finally {
    await file?.close().catch(() => {})
  }
}

/**
 * To the end, which may be where a file grew to, and nowhere for a device. The room is made once
 * for what the size promises: a document of a million files is a large part of what may be used.
 */
async function readAll(file: FileHandle, path: string, sizeBytes: number): Promise<Uint8Array> {
  let room = Buffer.allocUnsafe(sizeBytes + PIECE_BYTES)
  for (let at = 0; ; ) {
    const { bytesRead } = await file.read(room, at, PIECE_BYTES)
    if (bytesRead === 0) return room.subarray(0, at)
    at += bytesRead
    if (at > LIMITS.metaBytesMax) throw tooLarge(path)
    if (room.length - at < PIECE_BYTES) room = Buffer.concat([room], 2 * room.length)
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
