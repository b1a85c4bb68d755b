// A folder against its meta: what is missing, what is not as it should be, and what else lies in the
// folders that the meta names. First a walk that follows no link, so that a file behind a planted
// link is missing and not right; then the content, hashed on all cores. Times are not compared: a
// touched file is still the same file.

import { lstat, readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { Bitmap } from '../core/base/bitmap.js'
import { bytesEqual } from '../core/base/bytes.js'
import { Mcp2pError } from '../core/base/errors.js'
import { type MetaFile, type P2pMeta, parseMeta } from '../core/meta/p2pmeta.js'
import { MetaTree } from '../core/meta/tree.js'
import { errnoOf, stopIfAborted, storageError } from '../io/disk/fault.js'
import { hashFiles } from '../io/disk/hash-pool.js'
import { hasherOf, sha256 } from '../io/disk/hasher.js'
import { inLanes } from '../io/disk/lanes.js'
import { readMetaFile } from '../io/disk/meta-file.js'
import type { MetaEvents, VerifyResult } from './api.js'
import { Job } from './events.js'
import { checkFolder, checkMetaSource, checkVerifyOptions } from './options.js'

const LOOKS_AT_ONCE = 16
const PROGRESS_EVERY_MILLIS = 500

/** What was found under a name. */
interface Found {
  readonly kind: 'file' | 'folder' | 'link' | 'other'
  readonly size: number
  readonly mode: number
  readonly link?: string
}

/**
 * Compares the content of `dir` with a meta, given by its path or its bytes. Differences are the
 * result; `done` rejects only with a `Mcp2pError` for a meta that is refused (`integrity`,
 * `incompatible`), what is not there (`notFound`) and what cannot be read (`storage`, naming it).
 */
export function verify(
  meta: Uint8Array | string,
  dir: string,
  options: { readonly signal?: AbortSignal } = {},
): Job<MetaEvents, VerifyResult> {
  return new Job(async emit => {
    checkMetaSource(meta)
    checkFolder(dir)
    checkVerifyOptions(options)
    const parsed = await readMeta(meta)
    const seen = new Bitmap(parsed.files.length)
    const wrong = new Map<number, string>()
    const hashed: number[] = []
    const extra = await walk(parsed, dir, options.signal, (index, found) => {
      const file = parsed.files[index]
      seen.add(index)
      const difference = differenceOf(file, found)
      if (difference !== undefined) wrong.set(index, difference)
      if (found.kind === 'file' && file.size > 0 && found.size === file.size) hashed.push(index)
    })
    hashed.sort((a, b) => a - b)
    const missing = parsed.files.filter((_, index) => !seen.has(index)).map(({ path }) => path)
    const checkedFiles = seen.count
    const bare = checkedFiles - hashed.length
    const report = reporter(
      hashed.reduce((sum, i) => sum + parsed.files[i].size, 0),
      bare,
      checkedFiles,
      event => emit('progress', event),
    )
    const { changed, checkedBytes } = await hash(parsed, dir, hashed, report, options.signal)
    for (const index of changed)
      wrong.set(index, ['its content is different', wrong.get(index)].filter(Boolean).join('; '))
    return {
      id: parsed.id,
      checkedFiles,
      checkedBytes,
      missing,
      wrong: [...wrong]
        .sort(([a], [b]) => a - b)
        .map(([i, why]) => ({ path: parsed.files[i].path, why })),
      extra,
    }
  })
}

/** In a function of its own, so that the document is not kept while the folder is gone through. */
async function readMeta(meta: Uint8Array | string): Promise<P2pMeta> {
  const parsed = parseMeta(typeof meta === 'string' ? await readMetaFile(meta) : meta, sha256)
  new MetaTree(parsed, await hasherOf(parsed.hash)) // throws when its roots contradict each other
  return parsed
}

/** Why what was found is not what the meta says, content aside. */
function differenceOf(file: MetaFile, found: Found): string | undefined {
  const wanted = file.link !== undefined ? 'link' : file.dir ? 'folder' : 'file'
  if (found.kind !== wanted) return `it is a ${found.kind}, not a ${wanted}`
  if (wanted === 'link')
    return found.link === file.link ? undefined : `it points to ${found.link}, not to ${file.link}`
  if (wanted === 'file' && found.size !== file.size)
    return `it has ${found.size} bytes, not ${file.size}`
  // Windows knows no more than a read-only flag.
  if (process.platform === 'win32' || found.mode === file.mode) return undefined
  return `its mode is ${octal(found.mode)}, not ${octal(file.mode)}`
}

function octal(mode: number): string {
  return mode.toString(8).padStart(3, '0')
}

type Report = (done: { files: number; bytes: number }) => void

/** Which of these files have another content than the meta says. */
async function hash(
  meta: P2pMeta,
  dir: string,
  indices: readonly number[],
  onProgress: Report,
  signal: AbortSignal | undefined,
): Promise<{ changed: number[]; checkedBytes: number }> {
  const jobs = indices.map(index => {
    const { path, size } = meta.files[index]
    return { path, sizeBytes: size }
  })
  const options = { hash: meta.hash, chunkBytes: meta.chunkSize, dir, onProgress, signal }
  const roots = await hashFiles(jobs, options)
  const changed: number[] = []
  let at = 0
  for (const { root } of roots) {
    const index = indices[at++]
    const wanted = meta.files[index].root
    if (root === undefined || wanted === undefined || !bytesEqual(root, wanted)) changed.push(index)
  }
  return { changed, checkedBytes: jobs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) }
}

/** Tells of all that the meta knows, by its index, and returns what else is in the meta's folders. */
async function walk(
  meta: P2pMeta,
  dir: string,
  signal: AbortSignal | undefined,
  onFound: (index: number, found: Found) => void,
): Promise<string[]> {
  const known = new Map<string, number>()
  const folders = new Set<string>()
  const tops = new Set<string>()
  for (const [index, { path, dir: isFolder }] of meta.files.entries()) {
    known.set(path, index)
    if (isFolder) folders.add(path)
    const names = path.split('/')
    tops.add(names[0])
    for (let depth = 1; depth < names.length; depth++) folders.add(names.slice(0, depth).join('/'))
  }
  await needFolder(dir)
  const extra: string[] = []
  const open: string[] = []
  const visit = async (path: string) => {
    const thing = await lookAt(join(dir, path), path)
    if (thing === undefined) return
    const index = known.get(path)
    if (index !== undefined) onFound(index, thing)
    if (thing.kind === 'folder' && folders.has(path)) open.push(path)
    else if (index === undefined) extra.push(thing.kind === 'folder' ? `${path}/` : path)
  }
  const level = [...tops]
  await inLanes(level.length, LOOKS_AT_ONCE, at => visit(level[at]))
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    stopIfAborted(signal)
    const inside = await namesIn(join(dir, folder), folder)
    await inLanes(inside.length, LOOKS_AT_ONCE, at => visit(`${folder}/${inside[at]}`))
  }
  return extra.sort()
}

async function needFolder(dir: string): Promise<void> {
  try {
    await readdir(dir)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw storageError(error, 'read', dir)
    const hint = 'Name the folder that the transfer was received into.'
    throw new Mcp2pError('NOT_FOUND', 'notFound', `${dir} does not exist`, hint, error)
  }
}

async function namesIn(location: string, path: string): Promise<string[]> {
  try {
    return await readdir(location)
  } catch (error) {
    throw storageError(error, 'read', path)
  }
}

async function lookAt(location: string, path: string): Promise<Found | undefined> {
  try {
    const status = await lstat(location)
    const plain = { size: status.size, mode: status.mode & 0o777 }
    if (status.isSymbolicLink()) return { ...plain, kind: 'link', link: await readlink(location) }
    if (status.isDirectory()) return { ...plain, kind: 'folder' }
    return { ...plain, kind: status.isFile() ? 'file' : 'other' }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw storageError(error, 'look at', path)
  }
}

/** Says how far it is, at the start, at the end and now and then between. */
function reporter(
  totalBytes: number,
  bare: number,
  totalFiles: number,
  say: (event: MetaEvents['progress']) => void,
): Report {
  const startMillis = performance.now()
  let saidMillis = startMillis
  say({ files: bare, totalFiles, hashedBytes: 0, totalBytes, rateBps: 0 })
  return ({ files, bytes }) => {
    const nowMillis = performance.now()
    if (bytes < totalBytes && nowMillis - saidMillis < PROGRESS_EVERY_MILLIS) return
    saidMillis = nowMillis
    const seconds = (nowMillis - startMillis) / 1000
    const rateBps = seconds > 0 ? (bytes * 8) / seconds : 0
    say({ files: bare + files, totalFiles, hashedBytes: bytes, totalBytes, rateBps })
  }
}
