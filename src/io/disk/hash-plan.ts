// How files are divided among hashing threads: in batches of about equal work, so that a big file
// spreads over all threads, small files share one message, and the end comes for all at about once.

import { BLOCK_BYTES } from '../../core/base/limits.js'
import { DIGEST_BYTES, levelFor, Merkle } from '../../core/base/merkle.js'
import type { Hasher } from '../../ports.js'
import type { Stretch } from './hash-file.js'

/** A file to hash: where it is below the folder that all are in, and the size it must have. */
export interface HashJob {
  readonly path: string
  readonly sizeBytes: number
}

/** As in a meta: nothing at size 0, no `chunks` for a file of one chunk. */
export interface HashedFile {
  readonly root?: Uint8Array
  readonly chunks?: Uint8Array
}

export interface Batch {
  readonly stretches: readonly Stretch[]
  readonly bytes: number
  /** Of the first stretch: index of its file, and of its chunk among all chunks of all files. */
  readonly file: number
  readonly chunk: number
  /** Files that end within the batch. */
  readonly filesEnding: number
}

/** A few tens of milliseconds of work: coarse enough for messages, fine enough for progress. */
const BATCH_BYTES = 16 * 1024 * 1024
const BATCH_FILES = 128
/** What opening a file costs, in bytes that could be hashed meanwhile. */
const FILE_COST_BYTES = 32 * 1024

/** Batches in order of the files; each begins where the one before it ended. */
export function* planOf(jobs: readonly HashJob[], chunkBytes: number): Generator<Batch, void> {
  let stretches: Stretch[] = []
  let bytes = 0
  let cost = 0
  let from = { file: 0, chunk: 0 }
  let chunk = 0
  let filesEnding = 0
  for (const [file, { path, sizeBytes }] of jobs.entries()) {
    for (let offset = 0; offset < sizeBytes; ) {
      if (stretches.length === 0) from = { file, chunk }
      // Whole chunks, at least one; whatever is left of the batch's share.
      const share = Math.max(1, Math.floor((BATCH_BYTES - cost) / chunkBytes)) * chunkBytes
      const part = Math.min(share, sizeBytes - offset)
      stretches.push({ path, fileBytes: sizeBytes, offset, bytes: part })
      offset += part
      bytes += part
      cost += part + FILE_COST_BYTES
      chunk += Math.ceil(part / chunkBytes)
      if (offset === sizeBytes) filesEnding++
      if (cost < BATCH_BYTES && stretches.length < BATCH_FILES) continue
      yield { stretches, bytes, ...from, filesEnding }
      stretches = []
      bytes = cost = filesEnding = 0
    }
  }
  if (stretches.length > 0) yield { stretches, bytes, ...from, filesEnding }
}

/** How many batches a plan has, counted up to `most`. */
export function batchesUpTo(most: number, jobs: readonly HashJob[], chunkBytes: number): number {
  const plan = planOf(jobs, chunkBytes)
  let count = 0
  while (count < most && !plan.next().done) count++
  return count
}

/** Chunks of all these files. */
export function chunksOf(jobs: readonly HashJob[], chunkBytes: number): number {
  return jobs.reduce((sum, job) => sum + Math.ceil(job.sizeBytes / chunkBytes), 0)
}

/** What a meta says of each file in turn, from the roots of all chunks of all files. */
export function* filesOf(
  jobs: readonly HashJob[],
  roots: Uint8Array,
  chunkBytes: number,
  hash: Hasher,
): Generator<HashedFile, void> {
  const merkle = new Merkle(hash)
  const level = levelFor(chunkBytes / BLOCK_BYTES)
  let at = 0
  for (const { sizeBytes } of jobs) {
    const count = Math.ceil(sizeBytes / chunkBytes)
    const chunks = roots.subarray(at, (at += count * DIGEST_BYTES))
    if (count === 0) yield {}
    else if (count === 1) yield { root: chunks }
    else yield { root: merkle.root(chunks, level, level + levelFor(count)), chunks }
  }
}
