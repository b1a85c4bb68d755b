// What a receiver has verified, kept for its next run. The file is written beside, synced and
// renamed, so a crash leaves the old one or the new one; its checksum covers everything, and it is
// bound to the id of the meta. Whatever is wrong with it, it is as if there were none: then the
// parts themselves are hashed.
//
//   0 8 "mcp2pjnl" | 8 4 version | 12 4 blocks | 16 32 id | 48 … bitmap | last 32 SHA-256 of the rest

import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { open, rename, unlink } from 'node:fs/promises'
import { bytesEqual, bytesOfHex, utf8 } from '../../core/base/bytes.js'
import { syncFolder } from './confine.js'

export const JOURNAL_NAME = 'journal'
export const JOURNAL_DRAFT = 'journal.new'

const MAGIC = utf8('mcp2pjnl')
const VERSION = 1
const HEADER_BYTES = 48
const SUM_BYTES = 32

function journalBytes(blocks: number): number {
  return HEADER_BYTES + Math.ceil(blocks / 8) + SUM_BYTES
}

/** The journal's bytes; `id` is hex, `bitmap` has one bit per block. */
export function encodeJournal(id: string, blocks: number, bitmap: Uint8Array): Uint8Array {
  const bitmapBytes = Math.ceil(blocks / 8)
  const bytes = new Uint8Array(journalBytes(blocks))
  const view = new DataView(bytes.buffer)
  bytes.set(MAGIC, 0)
  view.setUint32(8, VERSION)
  view.setUint32(12, blocks)
  bytes.set(bytesOfHex(id)!.subarray(0, 32), 16)
  bytes.set(bitmap.subarray(0, bitmapBytes), HEADER_BYTES)
  bytes.set(sumOf(bytes.subarray(0, HEADER_BYTES + bitmapBytes)), HEADER_BYTES + bitmapBytes)
  return bytes
}

/** The bitmap of a sound journal of this transfer, else undefined. */
export function decodeJournal(
  bytes: Uint8Array,
  id: string,
  blocks: number,
): Uint8Array | undefined {
  const bitmapBytes = Math.ceil(blocks / 8)
  if (bytes.length !== journalBytes(blocks)) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const body = bytes.subarray(0, HEADER_BYTES + bitmapBytes)
  if (!bytesEqual(bytes.subarray(0, 8), MAGIC) || view.getUint32(8) !== VERSION) return undefined
  if (view.getUint32(12) !== blocks) return undefined
  if (!bytesEqual(bytes.subarray(16, 48), bytesOfHex(id)!.subarray(0, 32))) return undefined
  if (!bytesEqual(sumOf(body), bytes.subarray(body.length))) return undefined
  return new Uint8Array(body.subarray(HEADER_BYTES))
}

/** Writes the journal durably into `folder`; rejects with the system's error. */
export async function writeJournal(folder: string, bytes: Uint8Array): Promise<void> {
  // Made anew: what stands there may be a link to elsewhere, or a pipe that nobody reads.
  await unlink(`${folder}/${JOURNAL_DRAFT}`).catch(() => {})
  const file = await open(`${folder}/${JOURNAL_DRAFT}`, 'wx', 0o600)
  try {
    await file.writeFile(bytes)
    await file.datasync()
  } finally {
    await file.close()
  }
  await rename(`${folder}/${JOURNAL_DRAFT}`, `${folder}/${JOURNAL_NAME}`)
  await syncFolder(folder)
}

/** The bitmap that a former run of this transfer left in `folder`, or undefined. */
export async function readJournal(
  folder: string,
  id: string,
  blocks: number,
): Promise<Uint8Array | undefined> {
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
  try {
    const file = await open(`${folder}/${JOURNAL_NAME}`, flags)
    try {
      const status = await file.stat()
      if (!status.isFile() || status.size !== journalBytes(blocks)) return undefined
      return decodeJournal(await file.readFile(), id, blocks)
    } finally {
      await file.close()
    }
  } catch {
    return undefined // missing or unreadable is as good as none
  }
}

function sumOf(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest()
}
