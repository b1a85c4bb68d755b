// How fast a disk is: a file of this process's own that is written, synced and read again, and gone
// whatever happens. It has no name as soon as it is open, where the system allows that.

import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open, statfs, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { storageError } from './fault.js'

/** Written at a time, as a receiver does it. */
const PIECE_BYTES = 1024 * 1024
/** Never more than this, nor than a part of what is free. */
const FILE_BYTES_MAX = 1024 * 1024 * 1024
const FREE_SHARE = 0.1

export interface DiskSpeed {
  readonly writeBps: number
  /** Of what was just written: mostly out of memory. */
  readonly readBps: number
}

/** Takes `millis` for writing and at most as much for reading. Rejects with exit `storage`. */
export async function diskSpeed(folder: string, millis: number): Promise<DiskSpeed> {
  const path = join(folder, `.mcp2p-bench-${randomBytes(6).toString('hex')}`)
  let file: FileHandle | undefined
  try {
    const { bavail, bsize } = await statfs(folder)
    const most = Math.min(FILE_BYTES_MAX, FREE_SHARE * bavail * bsize)
    file = await open(path, constants.O_CREAT | constants.O_EXCL | constants.O_RDWR, 0o600)
    await unlink(path).catch(() => {})
    const piece = randomBytes(PIECE_BYTES) // nothing that a filesystem could make smaller
    const written = await timed(millis, Math.floor(most / PIECE_BYTES), at =>
      file!.write(piece, 0, PIECE_BYTES, at * PIECE_BYTES),
    )
    const synced = performance.now()
    await file.datasync()
    const writeMillis = written.millis + performance.now() - synced
    const read = await timed(millis, written.pieces, at =>
      file!.read(piece, 0, PIECE_BYTES, at * PIECE_BYTES),
    )
    const bits = (pieces: number) => 8000 * PIECE_BYTES * pieces
    return {
      writeBps: bits(written.pieces) / writeMillis,
      readBps: bits(read.pieces) / read.millis,
    }
  } catch (cause) {
    throw storageError(cause, 'measure', folder)
  } finally {
    await file?.close()
    await unlink(path).catch(() => {})
  }
}

async function timed(millis: number, most: number, work: (at: number) => Promise<unknown>) {
  const begin = performance.now()
  let pieces = 0
  do await work(pieces++)
  while (pieces < most && performance.now() - begin < millis)
  return { pieces, millis: performance.now() - begin }
}
