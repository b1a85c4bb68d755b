// One hashing thread: takes batches of stretches, answers each with the roots of its chunks.

import { parentPort, workerData } from 'node:worker_threads'
import type { HashName } from '../../ports.js'
import { FileHasher, type Stretch } from './hash-file.js'
import { hasherOf } from './hasher.js'

/** What the thread is started with. */
export interface HashSetup {
  readonly hash: HashName
  readonly chunkBytes: number
  readonly follows: boolean
}

const port = parentPort!
const { hash, chunkBytes, follows } = workerData as HashSetup
const hasher = new FileHasher(await hasherOf(hash), chunkBytes, follows)

port.on('message', (batch: readonly Stretch[]) => {
  const answer = hasher.answer(batch)
  port.postMessage(answer, 'roots' in answer ? [answer.roots.buffer] : [])
})
