// Writing that leaves holes: zeros are not written where zeros are read, and nobody wrote anything
// where a part is new. An image that is mostly empty takes no more room here than at its source. What
// is there is looked at each time, not remembered: a part may be a former run's, or somebody else's.

import { BLOCK_BYTES } from '../../core/base/limits.js'
import { readAt, writeAt } from './handles.js'

/** Neighbours in a file that are all zeros, or none of which is. */
interface Run {
  readonly offset: number
  readonly parts: Uint8Array[]
  readonly isBlank: boolean
  bytes: number
}

const ZEROS = new Uint8Array(BLOCK_BYTES)
const LOOK_BYTES = 256 * 1024
/** What was looked into, for the next look: as many as there were at once. */
const spare: Uint8Array[] = []

/** Makes the file hold all of `parts` from `offset` on; rejects with the system's error. */
export function writeSparse(
  fd: number,
  parts: readonly Uint8Array[],
  offset: number,
): Promise<void> {
  return parts.some(holdsZeros) ? writeRuns(fd, runsOf(parts, offset)) : writeAt(fd, parts, offset)
}

/** Some block of it is blank. */
function holdsZeros(part: Uint8Array): boolean {
  for (let at = 0; at < part.length; at += BLOCK_BYTES)
    if (part[at] === 0 && isZeros(part.subarray(at, at + BLOCK_BYTES))) return true
  return false
}

async function writeRuns(fd: number, runs: readonly Run[]): Promise<void> {
  for (const run of runs)
    if (!run.isBlank || !(await readsBlank(fd, run))) await writeAt(fd, run.parts, run.offset)
}

function runsOf(parts: readonly Uint8Array[], offset: number): Run[] {
  const runs: Run[] = []
  let last: Run | undefined
  for (const part of parts)
    for (let at = 0; at < part.length; at += BLOCK_BYTES) {
      const block = part.subarray(at, at + BLOCK_BYTES)
      const isBlank = isZeros(block)
      if (last?.isBlank !== isBlank) {
        last = { offset, parts: [], isBlank, bytes: 0 }
        runs.push(last)
      }
      last.parts.push(block)
      last.bytes += block.length
      offset += block.length
    }
  return runs
}

/** False also where the file ends before the run does. */
async function readsBlank(fd: number, { offset, bytes }: Run): Promise<boolean> {
  const look = spare.pop() ?? new Uint8Array(LOOK_BYTES)
  try {
    for (let done = 0; done < bytes; done += LOOK_BYTES) {
      const into = look.subarray(0, Math.min(LOOK_BYTES, bytes - done))
      if ((await readAt(fd, into, offset + done)) < into.length) return false
      for (let at = 0; at < into.length; at += BLOCK_BYTES)
        if (!isZeros(into.subarray(at, at + BLOCK_BYTES))) return false
    }
    return true
  } finally {
    spare.push(look)
  }
}

/** Of a block at most. */
function isZeros(bytes: Uint8Array): boolean {
  const { length } = bytes
  return (
    bytes[0] === 0 &&
    bytes[length - 1] === 0 &&
    Buffer.compare(bytes, length === BLOCK_BYTES ? ZEROS : ZEROS.subarray(0, length)) === 0
  )
}
