// What of a transfer is already in the destination: finished files under their final names, parts
// of a former run, and whatever stands in the way. Only looks; nothing is changed here.

import { constants, open, type Stats } from 'node:fs'
import { lstat, readlink } from 'node:fs/promises'
import { promisify } from 'node:util'
import { Bitmap } from '../../core/base/bitmap.js'
import { bytesEqual } from '../../core/base/bytes.js'
import { leavesOf } from '../../core/base/merkle.js'
import type { P2pMeta } from '../../core/meta/p2pmeta.js'
import type { MetaTree } from '../../core/meta/tree.js'
import type { Hasher } from '../../ports.js'
import type { Confine } from './confine.js'
import { errnoOf, stopIfAborted, storageError } from './fault.js'
import { closeFile, readAt } from './handles.js'
import { hashFiles } from './hash-pool.js'
import { inLanes } from './lanes.js'
import { type Part, type Parts, partBytesOf } from './parts.js'

const openFd = promisify(open)
const LOOKS_AT_ONCE = 16
/** Each has a buffer of one chunk. */
const CHECKS_AT_ONCE = 2

export interface Checked {
  readonly checkedBytes: number
  readonly totalBytes: number
}

export interface Inspection {
  readonly meta: P2pMeta
  readonly tree: Pick<MetaTree, 'geometry' | 'layerMatches'>
  readonly hash: Hasher
  readonly confine: Confine
  readonly onProgress?: (checked: Checked) => void
  readonly signal?: AbortSignal
}

/** What stands under the final names. */
export interface Standing {
  /** Files, links and folders that are there and right. */
  readonly right: Set<number>
  /** Of those, the ones whose mode or time is another than the meta's. */
  readonly unlike: Set<number>
  /** Entries whose name is taken by something else, in the order of the meta. */
  readonly different: number[]
  /** Of those, files and links under whose name stands a folder: no rename replaces that. */
  readonly blocked: number[]
}

/**
 * Compares everything under its final name with the meta, files by their content. Links are never
 * followed. Rejects with `IN_THE_WAY` when a parent folder is a link or a file.
 */
export async function findStanding(inspection: Inspection): Promise<Standing> {
  const { meta, confine, signal } = inspection
  const right = new Set<number>()
  const unlike = new Set<number>()
  const different = new Set<number>()
  const blocked = new Set<number>()
  const candidates: number[] = []
  await inLanes(meta.files.length, LOOKS_AT_ONCE, async index => {
    stopIfAborted(signal)
    const file = meta.files[index]
    await confine.at(file.path, 'look', async location => {
      const status = await lookAt(location, file.path)
      if (status === undefined) return
      const verdict = await compare(file, status, location)
      if (verdict === 'hash') candidates.push(index)
      else if (verdict === 'right') right.add(index)
      else different.add(index)
      if (verdict === 'different' && status.isDirectory()) blocked.add(index)
      if (verdict !== 'different' && isUnlike(file, status)) unlike.add(index)
    })
  })
  candidates.sort((a, b) => a - b)
  const hashed = await hashCandidates(inspection, candidates)
  for (const [at, index] of candidates.entries()) {
    if (hashed[at]) right.add(index)
    else different.add(index)
  }
  return { right, unlike, different: inOrder(different), blocked: inOrder(blocked) }
}

/** What a former run left in its parts. */
export interface Left {
  /** Global blocks that are there and right; those of other files are clear. */
  readonly verified: Bitmap
  /** Files of which some were found by their content: they may still be in the system's cache alone. */
  readonly unsynced: readonly number[]
}

/**
 * Believes the journal about parts that nobody cut; without one, and in others, it looks for chunks
 * whose content is right. It looks, too, at files of one chunk that are not in the journal: where small
 * files come by the thousand each journal waits for as many syncs, and is seconds behind.
 */
export async function findInParts(
  inspection: Inspection,
  parts: Parts,
  found: ReadonlyMap<number, Part>,
  journal: Uint8Array | undefined,
): Promise<Left> {
  const { geometry } = inspection.tree
  const verified = new Bitmap(geometry.blockCount)
  const kept = journal && Bitmap.from(geometry.blockCount, journal)
  const unknown: number[] = []
  for (const [file, { sizeBytes }] of found) {
    if (kept === undefined || sizeBytes !== partBytesOf(geometry.sizeOfFile(file))) {
      unknown.push(file)
      continue
    }
    const first = geometry.firstBlockOfFile(file)
    const blocks = geometry.blocksOfFile(file)
    const end = first + blocks
    for (let b = kept.nextSet(first, end); b >= 0; b = kept.nextSet(b + 1, end)) verified.add(b)
    const isSmall = geometry.chunksOfFile(file) === 1
    if (isSmall && verified.countIn(first, blocks) < blocks) unknown.push(file)
  }
  const whole = (file: number) =>
    range(geometry.chunksOfFile(file)).filter(chunk => {
      const place = geometry.placeOfChunk(geometry.firstChunkOfFile(file) + chunk)
      return place.offset + place.bytes <= found.get(file)!.sizeBytes
    })
  const meter = new Meter(
    inspection,
    unknown.map(file => found.get(file)!.sizeBytes),
  )
  await inLanes(unknown.length, CHECKS_AT_ONCE, async at => {
    const file = unknown[at]
    const good = await checkChunks(inspection, meter, parts.pathOf(file), file, whole(file))
    for (const chunk of good) {
      const global = geometry.firstChunkOfFile(file) + chunk
      verified.addRange(geometry.firstBlockOfChunk(global), geometry.blocksOfChunk(global))
    }
  })
  return { verified, unsynced: unknown }
}

/** Which of these files, of the right size, have the right content; all cores work on it. */
async function hashCandidates(
  { meta, tree, confine, onProgress, signal }: Inspection,
  candidates: readonly number[],
): Promise<boolean[]> {
  const jobs = candidates.map(index => {
    const { path, size } = meta.files[index]
    return { path, sizeBytes: size }
  })
  const totalBytes = jobs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const found = await hashFiles(jobs, {
    hash: meta.hash,
    chunkBytes: tree.geometry.chunkBytes,
    dir: confine.dir,
    onProgress: ({ bytes }) => onProgress?.({ checkedBytes: bytes, totalBytes }),
    signal,
  })
  const right: boolean[] = []
  for (const { root } of found)
    right.push(bytesEqual(root!, meta.files[candidates[right.length]].root!))
  return right
}

/** Counts checked bytes over several files and says so. */
class Meter {
  readonly #inspection: Inspection
  readonly #totalBytes: number
  #checkedBytes = 0

  constructor(inspection: Inspection, sizes: readonly number[]) {
    this.#inspection = inspection
    this.#totalBytes = sizes.reduce((sum, size) => sum + size, 0)
  }

  add(bytes: number): void {
    this.#checkedBytes += bytes
    const { onProgress } = this.#inspection
    onProgress?.({ checkedBytes: this.#checkedBytes, totalBytes: this.#totalBytes })
  }
}

type Verdict = 'right' | 'hash' | 'different'

async function compare(
  file: P2pMeta['files'][number],
  status: Stats,
  location: string,
): Promise<Verdict> {
  if (file.link !== undefined) {
    if (!status.isSymbolicLink()) return 'different'
    return (await readlink(location)) === file.link ? 'right' : 'different'
  }
  if (file.dir) return status.isDirectory() ? 'right' : 'different'
  if (!status.isFile() || status.size !== file.size) return 'different'
  return file.size === 0 ? 'right' : 'hash'
}

function isUnlike(file: P2pMeta['files'][number], status: Stats): boolean {
  if (file.link !== undefined) return false
  return (status.mode & 0o777) !== file.mode || Math.floor(status.mtimeMs) !== file.mtime
}

async function lookAt(location: string, path: string): Promise<Stats | undefined> {
  try {
    return await lstat(location)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw storageError(error, 'look at', path)
  }
}

/** Which of these chunks of the file are right in its part at `location`. */
async function checkChunks(
  inspection: Inspection,
  meter: Meter,
  location: string,
  file: number,
  chunks: readonly number[],
): Promise<number[]> {
  const { tree, hash, meta, signal } = inspection
  const { geometry } = tree
  const good: number[] = []
  let fd = -1
  try {
    fd = await openFd(location, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
    const buffer = new Uint8Array(Math.min(geometry.chunkBytes, geometry.sizeOfFile(file)))
    for (const chunk of chunks) {
      stopIfAborted(signal)
      const global = geometry.firstChunkOfFile(file) + chunk
      const place = geometry.placeOfChunk(global)
      const bytes = buffer.subarray(0, place.bytes)
      const count = await readAt(fd, bytes, place.offset)
      meter.add(count)
      if (count === bytes.length && tree.layerMatches(global, leavesOf(bytes, hash)))
        good.push(chunk)
    }
    return good
  } catch (error) {
    throw storageError(error, 'read', meta.files[file].path)
  } finally {
    if (fd >= 0) await closeFile(fd)
  }
}

function inOrder(indices: Iterable<number>): number[] {
  return [...indices].sort((a, b) => a - b)
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}
