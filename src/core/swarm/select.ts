// Which blocks to ask of a peer: rarest first with random ties, found by sampling, so that the cost
// does not grow with the file. A choice is a run of blocks inside one chunk, so that neighbours in a
// swarm end up with whole chunks to offer.

import { BLOCK_BYTES, LIMITS } from '../base/limits.js'
import type { Prng } from '../base/prng.js'
import type { RangeSet } from '../base/ranges.js'
import type { Geometry } from '../meta/geometry.js'
import type { Link } from './link.js'

const SAMPLES = 8
const RUN_BLOCKS = LIMITS.rangeBytesMax / BLOCK_BYTES
/** Candidates looked at one by one when sampling finds nothing that the peer holds. */
const SCAN = 2048

export interface Selection {
  readonly geometry: Geometry
  /** Blocks that may be asked for. */
  readonly due: RangeSet
  readonly link: Link
  /** All links, to tell what is rare. */
  readonly links: readonly Link[]
  readonly prng: Prng
}

/** A run of due blocks that the peer holds: first and count (≤ 256 KiB, one chunk), or undefined. */
export function selectRun(selection: Selection): { first: number; count: number } | undefined {
  const { due, link, links, prng } = selection
  if (due.total === 0) return undefined
  let best = -1
  let bestHolders = Number.POSITIVE_INFINITY
  const low = due.first
  const span = due.end - low
  for (let i = 0; i < SAMPLES; i++) {
    let block = due.nextFrom(low + prng.below(span))
    if (block < 0) block = low
    if (!link.has(block)) continue
    let holders = 0
    for (const other of links) if (other.has(block)) holders++
    if (holders < bestHolders) {
      best = block
      bestHolders = holders
    }
  }
  if (best < 0) best = scan(selection, low + prng.below(span))
  return best < 0 ? undefined : runAround(selection, best)
}

/** The first due block at or after `from` (around the end) that the peer holds, or -1. */
function scan({ due, link }: Selection, from: number): number {
  let at = from
  const most = Math.min(SCAN, due.total)
  for (let i = 0; i < most; i++) {
    let block = due.nextFrom(at)
    if (block < 0) block = due.first
    if (link.has(block)) return block
    at = block + 1
  }
  return -1
}

/** Grows a block to the run of due blocks around it that one range may cover. */
function runAround(selection: Selection, block: number): { first: number; count: number } {
  const { geometry, due, link } = selection
  const chunk = geometry.chunkOfBlock(block)
  const chunkFirst = geometry.firstBlockOfChunk(chunk)
  const chunkEnd = chunkFirst + geometry.blocksOfChunk(chunk)
  // Runs start at fixed places of a chunk, so that two samples of one chunk do not cut it in shreds.
  const from = block - ((block - chunkFirst) % RUN_BLOCKS)
  const to = Math.min(chunkEnd, from + RUN_BLOCKS)
  let first = block
  while (first > from && due.has(first - 1) && link.has(first - 1)) first--
  let end = block + 1
  while (end < to && due.has(end) && link.has(end)) end++
  return { first, count: end - first }
}
