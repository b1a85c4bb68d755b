// Whether what a peer asks for may be given: a range of one chunk, all of it verified.

import type { Bitmap } from '../base/bitmap.js'
import { BLOCK_BYTES, LIMITS } from '../base/limits.js'
import type { Geometry } from '../meta/geometry.js'
import type { Range } from '../wire/message.js'
import { blocksOf } from './link.js'

export function isServable(range: Range, geometry: Geometry, verified: Bitmap): boolean {
  const { block, offsetBytes, lengthBytes } = range
  if (block >= geometry.blockCount || offsetBytes >= BLOCK_BYTES) return false
  if (lengthBytes < 1 || lengthBytes > LIMITS.rangeBytesMax) return false
  const chunk = geometry.chunkOfBlock(block)
  const inChunk = (block - geometry.firstBlockOfChunk(chunk)) * BLOCK_BYTES + offsetBytes
  if (inChunk + lengthBytes > geometry.bytesOfChunk(chunk)) return false
  for (const each of blocksOf(range)) if (!verified.has(each)) return false
  return true
}
