// Hashing of many files, or of one big one, by one thread per core. Little work is not worth
// starting threads for and is done right here; so is all of it where the thread's compiled file is
// not beside this one, as when the sources run uncompiled.

import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { setImmediate as breathe } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { Mcp2pError } from '../../core/base/errors.js'
import { DIGEST_BYTES } from '../../core/base/merkle.js'
import type { HashName } from '../../ports.js'
import { stopIfAborted, storageError } from './fault.js'
import { type Answer, FileHasher, type HashSetup } from './hash-file.js'
import {
  type Batch,
  batchesUpTo,
  chunksOf,
  filesOf,
  type HashedFile,
  type HashJob,
  planOf,
} from './hash-plan.js'
import { hasherOf } from './hasher.js'

export type { HashedFile, HashJob } from './hash-plan.js'

export interface HashProgress {
  /** Files hashed to their end, empty ones not counted. */
  readonly files: number
  readonly bytes: number
}

export interface HashOptions {
  readonly hash: HashName
  /** A power of two, at least one block. */
  readonly chunkBytes: number
  /** After each batch of about 16 MiB. */
  readonly onProgress?: (progress: HashProgress) => void
  readonly signal?: AbortSignal
  /** At most so many threads; default: one per core. */
  readonly threads?: number
  /** What paths are relative to; default: the working folder. */
  readonly dir?: string
  /** Paths may be links to what is to be hashed; default: they are refused. */
  readonly follows?: boolean
}

/**
 * Roots of each file, to be gone through once, in the order of `jobs`. Rejects with a `Mcp2pError`: exit `storage` naming
 * the file that cannot be read or has another size, `incompatible` without the hash, `interrupted`.
 */
export async function hashFiles(
  jobs: readonly HashJob[],
  options: HashOptions,
): Promise<Iterable<HashedFile>> {
  stopIfAborted(options.signal)
  const hash = await hasherOf(options.hash)
  const { dir = '', chunkBytes, follows = false, signal } = options
  const setup: HashSetup = { hash: options.hash, chunkBytes, dir, follows }
  const roots = new Uint8Array(chunksOf(jobs, chunkBytes) * DIGEST_BYTES)
  const batches = planOf(jobs, chunkBytes)
  let files = 0
  let bytes = 0
  const onAnswer = (batch: Batch, answer: Answer) => {
    if (!('roots' in answer)) throw faultOf(answer, dir)
    roots.set(answer.roots, batch.chunk * DIGEST_BYTES)
    files += batch.filesEnding
    bytes += batch.bytes
    options.onProgress?.({ files, bytes })
  }
  const threads = batchesUpTo(options.threads ?? availableParallelism(), jobs, chunkBytes)
  if (threads > 1 && existsSync(workerUrl))
    await inThreads(batches, threads, setup, signal, onAnswer)
  else await here(batches, new FileHasher(hash, setup), signal, onAnswer)
  return filesOf(jobs, roots, chunkBytes, hash)
}

type OnAnswer = (batch: Batch, answer: Answer) => void

const workerUrl = new URL('./hash-worker.js', import.meta.url)

async function here(
  batches: Iterable<Batch>,
  hasher: FileHasher,
  signal: AbortSignal | undefined,
  onAnswer: OnAnswer,
): Promise<void> {
  for (const batch of batches) {
    onAnswer(batch, hasher.answer(batch.stretches))
    await breathe()
    stopIfAborted(signal)
  }
}

async function inThreads(
  batches: Iterator<Batch>,
  threads: number,
  setup: HashSetup,
  signal: AbortSignal | undefined,
  onAnswer: OnAnswer,
): Promise<void> {
  const workers = Array.from(
    { length: threads },
    () => new Worker(workerUrl, { workerData: setup }),
  )
  const feed = (worker: Worker) =>
    new Promise<void>((resolve, reject) => {
      let batch: Batch
      const give = () => {
        const next = batches.next()
        if (next.done) return resolve()
        batch = next.value
        worker.postMessage(batch.stretches)
      }
      worker.on('error', reject)
      worker.on('exit', code => reject(new Error(`a hashing thread ended with code ${code}`)))
      worker.on('message', (answer: Answer) => {
        try {
          onAnswer(batch, answer)
          give()
        } catch (error) {
          reject(error)
        }
      })
      give()
    })
  let onAbort: (() => void) | undefined
  const aborted = new Promise<void>((_, reject) => {
    onAbort = () => {
      try {
        stopIfAborted(signal)
      } catch (error) {
        reject(error)
      }
    }
    signal?.addEventListener('abort', onAbort, { once: true })
  })
  try {
    await Promise.race([Promise.all(workers.map(feed)), aborted])
    stopIfAborted(signal)
  } finally {
    if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort)
    await Promise.all(workers.map(worker => worker.terminate()))
  }
}

function faultOf(answer: Exclude<Answer, { roots: unknown }>, dir: string): Error {
  const path = join(dir, answer.path)
  if (answer.errno === '') {
    const message = `${path} changed while it was read`
    return new Mcp2pError('FILE_CHANGED', 'storage', message, 'Run it again when it is left alone.')
  }
  const cause = Object.assign(new Error(answer.message), { code: answer.errno })
  return storageError(cause, 'read', path)
}
