// What a receiver has verified, kept for its next run. The file is written beside, synced and
// renamed, so a crash leaves the old one or the new one; its checksum covers everything, and it is
// bound to the id of the meta. Whatever is wrong with it, it is as if there were none: then the
// parts themselves are hashed.
//
//   0 8 "mcp2pjnl" | 8 4 version | 12 4 blocks | 16 32 id | 48 … bitmap | last 32 SHA-256 of the rest

import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { open, readFile, rename } from 'node:fs/promises'
import { bytesEqual, bytesOfHex, utf8 } from '../../core/base/bytes.js'
import { syncFolder } from './confine.js'

export const JOURNAL_NAME = 'journal'
export const JOURNAL_DRAFT = 'journal.new'

const MAGIC = utf8('mcp2pjnl')
const VERSION = 1
const HEADER_BYTES = 48
const SUM_BYTES = 32

/** The journal's bytes; `id` is hex, `bitmap` has one bit per block. */
export function encodeJournal(id: string, blocks: number, bitmap: Uint8Array): Uint8Array {
  const bitmapBytes = Math.ceil(blocks / 8)
  const bytes = new Uint8Array(HEADER_BYTES + bitmapBytes + SUM_BYTES)
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
  if (bytes.length !== HEADER_BYTES + bitmapBytes + SUM_BYTES) return undefined
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
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants
  const flags = O_WRONLY | O_CREAT | O_TRUNC | (O_NOFOLLOW ?? 0)
  const file = await open(`${folder}/${JOURNAL_DRAFT}`, flags, 0o600)
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
  try {
    return decodeJournal(await readFile(`${folder}/${JOURNAL_NAME}`), id, blocks)
  } catch {
    return undefined // missing or unreadable is as good as none
  }
}

function sumOf(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest()
}
