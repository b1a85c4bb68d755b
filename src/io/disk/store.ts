// Opening a destination: looks at what is there, refuses what must not be done before anything is
// changed, and finds what a former run left. The store that comes of it is disk-store.ts.

import { statfs } from 'node:fs/promises'
import type { Bitmap } from '../../core/base/bitmap.js'
import { bytesEqual } from '../../core/base/bytes.js'
import { Mcp2pError } from '../../core/base/errors.js'
import type { P2pMeta } from '../../core/meta/p2pmeta.js'
import type { MetaTree } from '../../core/meta/tree.js'
import type { ChunkStore, Hasher } from '../../ports.js'
import { Confine } from './confine.js'
import { DiskStore } from './disk-store.js'
import { stopIfAborted, storageError } from './fault.js'
import { readJournal } from './journal.js'
import { type Lock, takeLock } from './lock.js'
import { nodeOf } from './node.js'
import { type Part, Parts } from './parts.js'
import { existing } from './placing.js'
import {
  type Checked,
  findInParts,
  findStanding,
  type Inspection,
  type Standing,
} from './present.js'

export interface StoreOptions {
  /** Destination; made when it is missing. */
  readonly dir: string
  readonly meta: P2pMeta
  readonly tree: Pick<MetaTree, 'geometry' | 'layerMatches'>
  /** The hash that the meta names. */
  readonly hash: Hasher
  /** Replace existing different files. */
  readonly overwrite: boolean
  /** While what is already there is hashed. */
  readonly onProgress?: (checked: Checked) => void
  /** Ends the checking; the open store does not listen to it. */
  readonly signal?: AbortSignal
}

export interface OpenStore {
  readonly store: ChunkStore
  /** What is written can be read again, so it may be offered to others. */
  readonly keeps: boolean
  /** Global blocks that are on disk and verified. */
  readonly verified: Bitmap
  /** Files with content that already stand, right, under their final names. */
  readonly finishedFiles: Set<number>
  /** The name of this destination in the swarm, the same in every run until it is complete. */
  readonly node: string
}

/**
 * Looks at what is there, refuses what must not be done, and opens the store.
 *
 * Rejects with a `Mcp2pError` of exit `storage`: `EXISTS` (different files are there and `overwrite`
 * is not set: nothing was changed), `NO_SPACE`, `LOCKED`, `IN_THE_WAY`, or what the disk says; of
 * exit `interrupted` when the signal ends the checking.
 */
export async function openStore(options: StoreOptions): Promise<OpenStore> {
  const { dir, meta, tree, overwrite } = options
  const confine = await Confine.open(dir)
  let parts: Parts | undefined
  let lock: Lock | undefined
  try {
    parts = await Parts.open(confine, meta.id)
    lock = await takeLock(parts.folder, parts.identity, dir)
    const inspection: Inspection = { ...options, confine }
    const standing = await findStanding(inspection)
    refuse(meta, standing, overwrite)
    const left = await parts.list(meta.files.length)
    for (const file of standing.right) {
      if (left.delete(file)) await parts.discard(file)
    }
    await needSpace(confine.dir, tree, standing.right, left)
    const journal = await readJournal(parts.folder, meta.id, tree.geometry.blockCount)
    const { verified, unsynced } = await findInParts(inspection, parts, left, journal)
    const node = await nodeOf(parts.folder)
    const finishedFiles = new Set<number>()
    for (const file of standing.right) {
      const blocks = tree.geometry.blocksOfFile(file)
      if (blocks === 0) continue
      finishedFiles.add(file)
      verified.addRange(tree.geometry.firstBlockOfFile(file), blocks)
    }
    stopIfAborted(options.signal)
    const { blockCount } = tree.geometry
    const place = { confine, parts, lock, standing, left, unsynced }
    const store = new DiskStore({ meta, blockCount, overwrite, ...place })
    // A journal that claims what is gone must not live on: a part made anew is as long as the old one,
    // and a crash before the next journal would make its holes believed.
    if (journal !== undefined && !bytesEqual(journal, verified.bytes))
      await store.saveJournal(verified.bytes)
    return { store, keeps: true, verified, finishedFiles, node }
  } catch (error) {
    await lock?.release()
    await parts?.close()
    await confine.close()
    throw storageError(error, 'prepare', dir)
  }
}

/** Throws when something stands in the way that must not be replaced, before anything is changed. */
function refuse(meta: P2pMeta, { different, blocked }: Standing, overwrite: boolean): void {
  if (different.length === 0) return
  if (!overwrite) throw existing(meta.files[different[0]].path, different.length)
  if (blocked.length === 0) return
  const count = blocked.length === 1 ? '' : ` (the first of ${blocked.length})`
  const message = `${meta.files[blocked[0]].path} is a folder where a file should be${count}`
  const hint = 'Move it away or choose another folder: --overwrite replaces files, not folders.'
  throw new Mcp2pError('IN_THE_WAY', 'storage', message, hint)
}

/** Throws `NO_SPACE` with both numbers unless what is missing fits. */
async function needSpace(
  dir: string,
  { geometry }: StoreOptions['tree'],
  right: ReadonlySet<number>,
  parts: ReadonlyMap<number, Part>,
): Promise<void> {
  let needBytes = 0
  for (let file = 0; file < geometry.fileCount; file++) {
    if (right.has(file)) continue
    const has = parts.get(file)?.allocatedBytes ?? 0
    needBytes += Math.max(0, geometry.sizeOfFile(file) - has)
  }
  const { bavail, bsize, blocks } = await statfs(dir)
  const freeBytes = bavail * bsize
  // Some virtual filesystems say nothing about their size.
  if (blocks === 0 || needBytes <= freeBytes) return
  const message = `${dir} has ${mebibytes(freeBytes)} MiB free, ${mebibytes(needBytes)} MiB are needed`
  throw new Mcp2pError('NO_SPACE', 'storage', message, 'Free some space or choose another folder.')
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1)
}
