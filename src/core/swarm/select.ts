// Which blocks to ask of whom. Of a peer: rarest first with random ties, found by sampling, so that the
// cost does not grow with the file. Of whoever is outside: what no peer here has or is fetching, our own
// slice first and then, stolen, the others'. A choice is a run of blocks inside one chunk, so that neighbours in a
// swarm end up with whole chunks to offer.

import { LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'
import type { Prng } from '../base/prng.js'
import type { RangeSet, Run } from '../base/ranges.js'
import type { Geometry } from '../meta/geometry.js'
import { type Division, RUN_BLOCKS } from './division.js'
import type { Link } from './link.js'

const SAMPLES = 8
/** And for something fresh to steal. */
const STEAL_SAMPLES = 32
/** With nothing else to fetch over a shared line, what was begun so long ago is tried again. */
const IDLE_BEGUN_MICROS = 3_000_000
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
  readonly division: Division
  /** Over a line that all share, what others are to fetch is left to them for now. */
  readonly mayWait: boolean
  readonly now: Micros
}

/** A way to choose: a run of due blocks that the peer holds (≤ 256 KiB, one chunk), or undefined. */
export type Policy = (selection: Selection) => Run | undefined

export const rarestFirst: Policy = selection => {
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

/** Behind a blast, where nothing is rare: a block at random that the peer holds. */
export const anyHeld: Policy = selection => {
  const { due, prng } = selection
  if (due.total === 0) return undefined
  const low = due.first
  const block = scan(selection, low + prng.below(due.end - low))
  return block < 0 ? undefined : runAround(selection, block)
}

/** Of whoever is outside: each block once for all who are here. */
export const ownSliceFirst: Policy = selection => {
  const { due, link, links, division, mayWait, now } = selection
  if (due.total === 0) return undefined
  const mine = division.mine(due, link, links, now)
  const steals = mine < 0 && !(mayWait && division.isShared(link))
  const block = steals ? steal(selection) : mine
  return block < 0 ? undefined : runAround(selection, block)
}

/** Of whoever is outside, for a relay: in order, what nobody nearer has who answers. */
export const inOrder: Policy = selection => {
  const { due, link, links, division, now } = selection
  const isSource = division.isSource(link)
  const nearer = links.filter(
    each =>
      !division.isOutside(each) || (isSource && !division.isSource(each) && each.answers(now)),
  )
  let block = due.first
  for (let i = 0; i < SCAN && block >= 0; i++, block = due.nextFrom(block + 1))
    if (link.has(block) && !nearer.some(each => each.has(block))) return runAround(selection, block)
  return undefined
}

/**
 * Whom to ask, too, for a block that some have owed for long; of `able`, who hold it and have room.
 * Undefined: nobody.
 */
export type Again = (
  owing: readonly Link[],
  able: readonly Link[],
  division: Division,
) => Link | undefined

/** One more, up to three in all; whoever is outside last. */
export const onePeerMore: Again = (owing, able, { isOutside }) =>
  owing.length >= LIMITS.endgamePeers ? undefined : (able.find(l => !isOutside(l)) ?? able[0])

/** A fresh block of another's slice, at random; -1 when none was found. */
function steal({ due, link, links, prng, division, now }: Selection): number {
  const nearer = division.nearerThan(link, links, now)
  const patience = division.isShared(link) ? IDLE_BEGUN_MICROS : undefined
  const low = due.first
  const span = due.end - low
  for (let i = 0; i < STEAL_SAMPLES; i++) {
    const found = due.nextFrom(low + prng.below(span))
    const block = found < 0 ? low : found
    if (link.has(block) && division.isFresh(block, nearer, now, patience)) return block
  }
  return -1
}

/** The first due block at or after `from` (around the end) that the peer holds, or -1. */
function scan({ due, link }: Selection, from: number): number {
  const block = firstHeld(due, link, from, due.end)
  return block < 0 ? firstHeld(due, link, due.first, from) : block
}

function firstHeld(due: RangeSet, link: Link, from: number, to: number): number {
  let block = due.nextFrom(from)
  for (let i = 0; i < SCAN && block >= 0 && block < to; i++) {
    if (link.has(block)) return block
    // Of many due blocks a peer may hold few: those between are not looked at one by one.
    const held = link.nextHeld(block + 1)
    block = held < 0 ? -1 : due.nextFrom(held)
  }
  return -1
}

/** Grows a block to the run of due blocks around it that one range may cover. */
export function runAround(selection: Selection, block: number): Run {
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
