// Which blocks are worth a multicast? At first those that anybody misses; after a pass those that
// enough receivers miss, and the swarm does the rest. On a lossy path TCP is the slower tool (at 20 %
// loss cubic carries 1 Mbit/s of a 100 Mbit/s line), so there everything that anybody misses goes by
// multicast again - as long as it helps: who misses about as much after a pass as before it has no say
// in the next, so that nobody can keep a sender blasting.

import { LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'
import { RangeSet } from '../base/ranges.js'
import type { Geometry } from '../meta/geometry.js'
import type { Missing } from '../wire/message.js'
import type { Receiver } from './receivers.js'

/**
 * A repeat needs so many who miss the block, or this share of the live receivers (start). One lost
 * datagram of twelve spoils a block, so at 1 % loss 11 % miss any of the last blocks, and the swarm is
 * about to bring them that one symbol: repeating all twelve for that would cost more than it wins.
 */
const MISSING_MIN = 3
const MISSING_SHARE = 0.25
/** A pass helps who misses no more than this share of what it missed before. */
const HELPED_SHARE = 0.75
/** A few blocks may be missed again by chance, and cost little: that says nothing before so many passes. */
const FEW_BLOCKS = 16
const FEW_BLOCKS_PASSES = 16
/** Above this loss TCP is slower than multicast. */
const LOSSY_FRACTION = 0.1
/** Over a lossy path even the question what is missed and its answer take seconds, and TCP as many minutes. */
const LOSSY_PATIENCE = 10
/** One of four, or so many of more, decide nothing by what they miss: a pass does not wait for them. */
const FEW_OF_MIN = 4
const FEW_SHARE = 0.1
const FEW_PATIENCE = 0.25

export interface RepeatView {
  readonly geometry: Geometry
  readonly live: readonly Receiver[]
  /** The pass they answer for. */
  readonly pass: number
}

/** It hears the blast, but over a path on which TCP would be slower. */
export function isLossy(receiver: Receiver): boolean {
  const { heard, demotedLoss, pathLoss } = receiver
  return heard && demotedLoss === undefined && pathLoss > LOSSY_FRACTION
}

/** How long after a pass those are waited for who have not said what they miss. */
export function patienceMicros(silent: readonly Receiver[], live: readonly Receiver[]): Micros {
  if (silent.some(isLossy)) return LOSSY_PATIENCE * LIMITS.missingWaitMicros
  const few = live.length < FEW_OF_MIN ? 0 : Math.max(1, FEW_SHARE * live.length)
  return (silent.length <= few ? FEW_PATIENCE : 1) * LIMITS.missingWaitMicros
}

/** The blocks of the first pass: what anybody misses who is there, or all if somebody did not say. */
export function blocksToSend({ geometry, live, pass }: RepeatView): RangeSet {
  if (live.length > 0 && live.every(receiver => receiver.missing?.pass === pass))
    return missedBy(geometry, missingOf(live, pass), 1)
  return RangeSet.from([{ first: 0, count: geometry.blockCount }])
}

/** The blocks for the next pass; empty when the swarm should finish. */
export function blocksToRepeat({ geometry, live, pass }: RepeatView): RangeSet {
  const lossy = live.some(receiver => isLossy(receiver) && !receiver.inVain)
  const enough = lossy ? 1 : Math.max(MISSING_MIN, Math.ceil(MISSING_SHARE * live.length))
  // With one or two left, TCP from the others serves them without waking everybody.
  if (!lossy && live.length < MISSING_MIN) return new RangeSet()
  // Who hears nothing gains nothing by a repeat.
  const hearing = live.filter(each => each.heard && each.demotedLoss === undefined && !each.inVain)
  return missedBy(geometry, missingOf(hearing, pass), enough)
}

function missingOf(receivers: readonly Receiver[], pass: number): Missing[] {
  return receivers.flatMap(({ missing }) => (missing?.pass === pass ? [missing] : []))
}

/** Blocks that `enough` of those who said what they miss do miss. */
function missedBy(geometry: Geometry, said: readonly Missing[], enough: number): RangeSet {
  const blocks = new RangeSet()
  const weight = new Map<number, number>()
  const edges: { at: number; step: number }[] = []
  for (const { runs, counts } of said) {
    for (let i = 0; runs !== undefined && i + 1 < runs.length; i += 2) {
      if (runs[i] + runs[i + 1] > geometry.blockCount) break
      edges.push({ at: runs[i], step: 1 }, { at: runs[i] + runs[i + 1], step: -1 })
    }
    for (let i = 0; counts !== undefined && i + 1 < counts.length; i += 2) {
      if (counts[i] >= geometry.chunkCount) break
      const share = counts[i + 1] / geometry.blocksOfChunk(counts[i])
      weight.set(counts[i], (weight.get(counts[i]) ?? 0) + Math.min(1, share))
    }
  }
  edges.sort((a, b) => a.at - b.at)
  let missing = 0
  for (let i = 0; i < edges.length; i++) {
    missing += edges[i].step
    if (missing >= enough && i + 1 < edges.length)
      blocks.add(edges[i].at, edges[i + 1].at - edges[i].at)
  }
  for (const [chunk, receivers] of weight)
    if (Math.ceil(receivers) >= enough)
      blocks.add(geometry.firstBlockOfChunk(chunk), geometry.blocksOfChunk(chunk))
  return blocks
}

/** The pass before this answer did not help, if there was one before. */
export function wasInVain(before: Missing | undefined, missing: Missing): boolean {
  // What was missed before the first pass says nothing: one may have come late to that.
  if (before === undefined || before.pass === 0) return false
  const count = countOf(missing)
  if (count <= FEW_BLOCKS && missing.pass < FEW_BLOCKS_PASSES) return false
  return count > HELPED_SHARE * countOf(before)
}

function countOf({ runs, counts }: Missing): number {
  let count = 0
  for (let i = 1; runs !== undefined && i < runs.length; i += 2) count += runs[i]
  for (let i = 1; counts !== undefined && i < counts.length; i += 2) count += counts[i]
  return count
}
