// One hashing thread: takes batches of stretches, answers each with the roots of its chunks.

import { parentPort, workerData } from 'node:worker_threads'
import { FileHasher, type HashSetup, type Stretch } from './hash-file.js'
import { hasherOf } from './hasher.js'

const port = parentPort!
const setup = workerData as HashSetup
const hasher = new FileHasher(await hasherOf(setup.hash), setup)

port.on('message', (batch: readonly Stretch[]) => {
  const answer = hasher.answer(batch)
  port.postMessage(answer, 'roots' in answer ? [answer.roots.buffer] : [])
})
