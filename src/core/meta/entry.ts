// One entry of a meta's `files`, read from JSON and checked by hand: a meta can hold a million of
// them, for which a schema library would take seconds.

import { bytesOfBase64 } from '../base/bytes.js'
import { DIGEST_BYTES } from '../base/merkle.js'
import { linkTrouble, type PathOrder, pathTrouble, shownPath } from './names.js'

/** One entry of a meta: a file, a symlink (`link`) or an empty directory (`dir`). */
export interface MetaFile {
  /** Relative, components separated by `/`. */
  readonly path: string
  /** Bytes; 0 for links and directories. */
  readonly size: number
  /** Permission bits, 0…0o777. */
  readonly mode: number
  /** Integer milliseconds since 1970. */
  readonly mtime: number
  /** Merkle root, 32 bytes; absent at size 0. */
  readonly root?: Uint8Array
  /** Chunk roots, 32 bytes each; absent when the file is one chunk or less. */
  readonly chunks?: Uint8Array
  /** Where a symlink points to. */
  readonly link?: string
  readonly dir?: boolean
}

const MODE_MAX = 0o777
/** What a Date can hold, ms on either side of 1970. */
const MTIME_MAX = 8.64e15

/**
 * An entry, or what is wrong with it in words. Entries are given in order to one `order`, and their
 * roots go to `roots`, 32 bytes each: a buffer of its own for each would take ten times as much.
 */
export function parseFile(
  entry: unknown,
  index: number,
  chunkBytes: number,
  order: PathOrder,
  roots: Uint8Array,
): MetaFile | string {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry))
    return `file number ${index} is no object`
  const raw = entry as Record<string, unknown>
  const { path, link, dir } = raw
  if (typeof path !== 'string') return `file number ${index} has no path`
  const trouble = fileTrouble(raw as typeof raw & { path: string }, order)
  if (trouble !== undefined) return `${shownPath(path)} ${trouble}`
  const { size, mode, mtime } = raw as unknown as MetaFile
  if (typeof link === 'string') return { path, size, mode, mtime, link }
  if (dir === true) return { path, size, mode, mtime, dir }
  if (size === 0) {
    const isBare = raw.root === undefined && raw.chunks === undefined
    return isBare ? { path, size, mode, mtime } : `${shownPath(path)} is empty but has roots`
  }
  const digest = digests(raw.root, 1)
  if (digest === undefined) return `${shownPath(path)} has no valid root`
  const root = roots.subarray(DIGEST_BYTES * index, DIGEST_BYTES * (index + 1))
  root.set(digest)
  if (size <= chunkBytes) {
    return raw.chunks === undefined
      ? { path, size, mode, mtime, root }
      : `${shownPath(path)} is one chunk but lists several`
  }
  const chunks = digests(raw.chunks, Math.ceil(size / chunkBytes))
  if (chunks === undefined) return `${shownPath(path)} has no valid list of chunks`
  return { path, size, mode, mtime, root, chunks }
}

/** What an entry has, of unknown types except for its path. */
type Raw = { readonly path: string } & { readonly [K in keyof MetaFile]?: unknown }

/** What is wrong with an entry apart from its roots, in words that follow its path. */
export function fileTrouble(raw: Raw, order: PathOrder): string | undefined {
  const { path, size, mode, mtime } = raw
  if (!isCount(size, Number.MAX_SAFE_INTEGER)) return 'has no valid size'
  if (!isCount(mode, MODE_MAX)) return 'has no valid mode'
  if (typeof mtime !== 'number' || !Number.isInteger(mtime) || Math.abs(mtime) > MTIME_MAX)
    return 'has no valid time'
  return pathTrouble(path) ?? kindTrouble(raw) ?? order.add(path, raw.dir === undefined)
}

function isCount(value: unknown, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max
}

/** What is wrong with a link or directory as such. */
function kindTrouble(raw: Raw): string | undefined {
  const { path, size, link, dir } = raw
  if (link === undefined && dir === undefined) return undefined
  if (link !== undefined && dir !== undefined) return 'is both a link and a directory'
  if (size !== 0 || raw.root !== undefined || raw.chunks !== undefined)
    return 'is a link or directory but has content'
  if (dir !== undefined) return dir === true ? undefined : 'says dir but not true'
  return typeof link === 'string' ? linkTrouble(path, link) : 'is a link to nothing'
}

function digests(value: unknown, count: number): Uint8Array | undefined {
  if (typeof value !== 'string' || value.length !== 4 * Math.ceil((count * DIGEST_BYTES) / 3))
    return undefined
  const bytes = bytesOfBase64(value)
  return bytes?.length === count * DIGEST_BYTES ? bytes : undefined
}
