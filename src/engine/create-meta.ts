// From paths to a `.p2pmeta`: scan, hash in parallel, write it down. `send` with bare paths takes
// the same road, and also needs to know where each file of the meta was found.

import { basename, resolve } from 'node:path'
import { Mcp2pError } from '../core/base/errors.js'
import {
  buildMeta,
  checkDraft,
  chunkSizeFor,
  fileCountOf,
  type MetaFile,
  type P2pMeta,
} from '../core/meta/p2pmeta.js'
import type { HashedFile } from '../io/disk/hash-plan.js'
import { hashFiles } from '../io/disk/hash-pool.js'
import { sha256 } from '../io/disk/hasher.js'
import { type ScannedFile, scan } from '../io/disk/scan.js'
import type { CreateMetaOptions, MetaEvents, MetaResult } from './api.js'
import { Job } from './events.js'
import { checkMetaOptions, checkPaths } from './options.js'

export interface MadeMeta {
  readonly meta: P2pMeta
  /** The document. */
  readonly bytes: Uint8Array
  /** Where each file of the meta was found, absolute, in the meta's order. */
  readonly sources: readonly string[]
}

const PROGRESS_EVERY_MILLIS = 500

/** Hashes files and folders; `done` rejects with a `Mcp2pError` that names what is in the way. */
export function createMeta(
  paths: readonly string[],
  options: CreateMetaOptions = {},
): Job<MetaEvents, MetaResult> {
  return new Job(async emit => {
    checkPaths(paths)
    checkMetaOptions(options)
    const startMillis = performance.now()
    const { meta, bytes } = await makeMeta(paths, options, event => emit('progress', event))
    return {
      id: meta.id,
      name: meta.name,
      totalBytes: totalOf(meta.files),
      files: fileCountOf(meta),
      chunkBytes: meta.chunkSize,
      bytes,
      seconds: (performance.now() - startMillis) / 1000,
    }
  })
}

/** The meta of `paths`; a folder's files are `<name of the folder>/…`. Rejects as `createMeta`. */
export async function makeMeta(
  paths: readonly string[],
  options: CreateMetaOptions,
  onProgress: (event: MetaEvents['progress']) => void,
): Promise<MadeMeta> {
  if (paths.length === 0)
    throw new Mcp2pError('NO_PATHS', 'usage', 'there is nothing to hash', 'Name files or folders.')
  const { hash = 'sha256', managers = [], signal } = options
  const scanned = await scan(paths, { signal })
  const totalBytes = totalOf(scanned)
  const chunkSize = options.chunkBytes ?? chunkSizeFor(totalBytes)
  const draft = { name: options.name ?? basename(resolve(paths[0])), hash, managers, chunkSize }
  // What the meta would refuse is refused before an hour of hashing, not after it.
  checkDraft({ ...draft, files: scanned })
  const report = reporter(scanned, totalBytes, options, onProgress)
  const jobs = scanned.map(({ source, size }) => ({ path: source, sizeBytes: size }))
  const hashed = await hashFiles(jobs, {
    hash,
    chunkBytes: chunkSize,
    follows: true,
    signal,
    onProgress: report,
  })
  const files: MetaFile[] = []
  for (const file of hashed) files.push(entryOf(scanned[files.length], file))
  const { meta, bytes } = buildMeta({ ...draft, files }, sha256)
  return { meta, bytes, sources: scanned.map(file => file.source) }
}

/** Each kind is spelled out: of a million objects copied by `...` each would have a shape of its own. */
function entryOf(scanned: ScannedFile, { root, chunks }: HashedFile): MetaFile {
  const { path, size, mode, mtime, link, dir } = scanned
  if (link !== undefined) return { path, size, mode, mtime, link }
  if (dir !== undefined) return { path, size, mode, mtime, dir }
  if (root === undefined) return { path, size, mode, mtime }
  if (chunks === undefined) return { path, size, mode, mtime, root }
  return { path, size, mode, mtime, root, chunks }
}

function reporter(
  scanned: readonly ScannedFile[],
  totalBytes: number,
  options: CreateMetaOptions,
  onProgress: (event: MetaEvents['progress']) => void,
): (done: { files: number; bytes: number }) => void {
  const everyMillis = options.progressEveryMillis ?? PROGRESS_EVERY_MILLIS
  // What has no content is done before the first byte is hashed.
  const bare = scanned.filter(file => file.size === 0).length
  const startMillis = performance.now()
  let toldMillis = startMillis
  const tell = (files: number, hashedBytes: number, nowMillis: number) => {
    const seconds = (nowMillis - startMillis) / 1000
    const rateBps = seconds > 0 ? (hashedBytes * 8) / seconds : 0
    const totalFiles = scanned.length
    onProgress({ files: bare + files, totalFiles, hashedBytes, totalBytes, rateBps })
  }
  tell(0, 0, startMillis)
  return ({ files, bytes }) => {
    const nowMillis = performance.now()
    if (bytes < totalBytes && nowMillis - toldMillis < everyMillis) return
    toldMillis = nowMillis
    tell(files, bytes, nowMillis)
  }
}

function totalOf(files: readonly { readonly size: number }[]): number {
  return files.reduce((sum, file) => sum + file.size, 0)
}
