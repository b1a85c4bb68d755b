// Who holds which blocks. Told in two levels: a run per stretch of complete chunks, a bitmap for a
// chunk that is still incomplete. A message says what was verified since the last one (the first says
// all), so it only ever adds.

import { Bitmap } from '../base/bitmap.js'
import type { Geometry } from '../meta/geometry.js'
import type { Have } from '../wire/message.js'

/** A message carries at most so many bytes of bitmaps, so that a frame stays well below its limit. */
const PARTIAL_BYTES_MAX = 256 * 1024

/** Messages that tell which of `chunks` (ascending) are held, given the verified blocks. */
export function haveMessages(
  geometry: Geometry,
  verified: Bitmap,
  chunks: Iterable<number>,
): Have[] {
  const messages: Have[] = []
  let runs: number[] = []
  let partial: { chunk: number; bits: Uint8Array }[] = []
  let bytes = 0
  const flush = (): void => {
    if (runs.length + partial.length > 0) messages.push({ type: 'have', chunkRuns: runs, partial })
    runs = []
    partial = []
    bytes = 0
  }
  for (const chunk of chunks) {
    const first = geometry.firstBlockOfChunk(chunk)
    const count = geometry.blocksOfChunk(chunk)
    const held = verified.countIn(first, count)
    if (held === count) {
      if (runs.length > 0 && runs[runs.length - 2] + runs[runs.length - 1] === chunk)
        runs[runs.length - 1]++
      else runs.push(chunk, 1)
      bytes += 8
    } else if (held > 0) {
      const bits = new Bitmap(count)
      for (let i = 0; i < count; i++) if (verified.has(first + i)) bits.add(i)
      partial.push({ chunk, bits: bits.bytes })
      bytes += bits.bytes.length + 6
    }
    if (bytes > PARTIAL_BYTES_MAX) flush()
  }
  flush()
  return messages
}

/** Chunks of which something is verified, ascending. */
export function* startedChunks(geometry: Geometry, verified: Bitmap): Iterable<number> {
  for (let block = verified.nextSet(0); block >= 0; ) {
    const chunk = geometry.chunkOfBlock(block)
    yield chunk
    const next = geometry.firstBlockOfChunk(chunk) + geometry.blocksOfChunk(chunk)
    block = next < verified.size ? verified.nextSet(next) : -1
  }
}

/**
 * Adds what a peer says to what it is known to hold; false when it speaks of impossible chunks. They
 * ascend, so that one message is worth one walk over the blocks at most.
 */
export function learnHave(geometry: Geometry, held: Bitmap, have: Have): boolean {
  let next = 0
  for (let i = 0; i < have.chunkRuns.length; i += 2) {
    const chunk = have.chunkRuns[i]
    const count = have.chunkRuns[i + 1]
    if (chunk < next || count < 1 || chunk + count > geometry.chunkCount) return false
    next = chunk + count
    const first = geometry.firstBlockOfChunk(chunk)
    const last = chunk + count - 1
    const end = geometry.firstBlockOfChunk(last) + geometry.blocksOfChunk(last)
    held.addRange(first, end - first)
  }
  next = 0
  for (const { chunk, bits } of have.partial) {
    if (chunk < next || chunk >= geometry.chunkCount) return false
    next = chunk + 1
    const count = geometry.blocksOfChunk(chunk)
    if (bits.length !== Math.ceil(count / 8)) return false
    const first = geometry.firstBlockOfChunk(chunk)
    for (let i = 0; i < count; i++) if ((bits[i >> 3] & (1 << (i & 7))) !== 0) held.add(first + i)
  }
  return true
}
