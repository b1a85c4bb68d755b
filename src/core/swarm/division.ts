// Who fetches what from outside. The line of whoever sends is the one that is full, so each block
// should cross it once: local peers divide what is missing into slices, one each, and tell each other
// what they have begun to fetch, so that nobody fetches it as well. Both are soft: whose slice is done
// takes from the others', and what was begun long ago is free again.

import { BLOCK_BYTES, LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'
import type { RangeSet } from '../base/ranges.js'
import type { Geometry } from '../meta/geometry.js'
import type { Link } from './link.js'

/** Blocks that one range may cover; what is begun is told in such runs. */
export const RUN_BLOCKS = LIMITS.rangeBytesMax / BLOCK_BYTES
/** What one peer can be busy with: what it began before is done, or was never meant. */
const BEGUN_RUNS = 48
/** Runs of the own slice that are looked at before others' are tried. */
const LOOK_RUNS = 256

interface Begun {
  readonly peer: number
  /** When it first said so, and when it said so last. */
  readonly since: Micros
  readonly toldAt: Micros
}

/** The ways to somebody, from the one that costs least to the one that all others want as well. */
export const WAY = {
  /** Within our site. */
  inside: 0,
  /** So is this, but it is the sender's own line. */
  sender: 1,
  /** Over the line of our site. */
  outside: 2,
  /** And over that of the sender's. */
  source: 3,
  /** And over the sender's own. */
  farSender: 4,
} as const

/** Where all are in one site. */
export function flatWay(link: Link): number {
  return link.seeder ? WAY.sender : WAY.inside
}

export class Division {
  readonly #geometry: Geometry
  readonly #node: string
  /** Where in a slice we begin, 0…1. */
  readonly #place: number
  readonly #begun = new Map<number, Begun>()
  /** The runs that each peer has begun, the latest last. */
  readonly #begunBy = new Map<number, Set<number>>()
  /** Which line it takes to ask somebody, and so what is not asked of it: what anybody nearer has. */
  wayTo: (link: Link) => number = flatWay
  /** Of the chunks that sites share, what is asked of where the sender is. */
  isTurn: (chunk: number) => boolean = () => true
  /**
   * It is elsewhere while the sender is heard here: what it has came from here, and is asked for only
   * when it is overdue.
   */
  isAway: (link: Link) => boolean = () => false

  constructor(geometry: Geometry, node: string) {
    this.#geometry = geometry
    this.#node = node
    this.#place = Number.parseInt(node.slice(0, 8), 16) / 2 ** 32
  }

  /** Its line is spared. Others are fellows, with whom the work is divided. */
  readonly isOutside = (link: Link): boolean => this.wayTo(link) > WAY.inside

  /** All who are here share the line to it. */
  isShared(link: Link): boolean {
    return this.wayTo(link) >= WAY.outside
  }

  /** It is where the sender is. */
  isSource(link: Link): boolean {
    return this.wayTo(link) >= WAY.source
  }

  /** Who may be asked for what `link` would be asked for, over a line that is less spared. */
  nearerThan(link: Link, links: readonly Link[], now: Micros): Link[] {
    const way = this.wayTo(link)
    return links.filter(each => {
      const other = this.wayTo(each)
      if (other >= way || each.isDubious(now)) return false
      return other === WAY.inside || each.answers(now)
    })
  }

  /** Those with whom the work is divided. */
  fellows(links: readonly Link[]): Link[] {
    return links.filter(link => !link.complete && !this.isOutside(link))
  }

  /** The blocks [from, to) that are ours to fetch; the fellows have the others. */
  slice(fellows: readonly Link[]): { from: number; to: number } {
    let rank = 0
    for (const { node } of fellows) if (node < this.#node) rank++
    const runs = Math.ceil(this.#geometry.blockCount / RUN_BLOCKS)
    const at = (i: number): number => Math.floor((runs * i) / (fellows.length + 1)) * RUN_BLOCKS
    return { from: at(rank), to: at(rank + 1) }
  }

  /** A fellow has begun to fetch the runs that these blocks are in. */
  begun(peer: number, blocks: readonly number[], now: Micros): void {
    for (const block of blocks) {
      if (block >= this.#geometry.blockCount) continue
      const run = this.runOf(block)
      const before = this.#begun.get(run)
      const since = before?.peer === peer ? before.since : now
      this.#begun.delete(run)
      this.#begun.set(run, { peer, since, toldAt: now })
      this.#latest(peer, run)
    }
    for (const run of this.#begun.keys()) {
      if (this.#begun.size <= LIMITS.begunRunsMax) break
      this.#begun.delete(run)
    }
  }

  /** Of what a peer has begun only the latest counts. */
  #latest(peer: number, run: number): void {
    const runs = this.#begunBy.get(peer) ?? new Set()
    this.#begunBy.set(peer, runs)
    runs.delete(run)
    runs.add(run)
    const [oldest] = runs
    if (runs.size <= BEGUN_RUNS) return
    runs.delete(oldest)
    if (this.#begun.get(oldest)?.peer === peer) this.#begun.delete(oldest)
  }

  left(peer: number): void {
    this.#begunBy.delete(peer)
    for (const [run, begun] of this.#begun) if (begun.peer === peer) this.#begun.delete(run)
  }

  /** Who has begun to fetch the run that this block is in, and said so not too long ago. */
  begunBy(block: number, now: Micros, patience: Micros = LIMITS.begunMicros): Begun | undefined {
    const begun = this.#begun.get(this.runOf(block))
    return begun !== undefined && now - begun.toldAt < patience ? begun : undefined
  }

  /** The first block of the run of blocks that this one is fetched with. */
  runOf(block: number): number {
    const first = this.#geometry.firstBlockOfChunk(this.#geometry.chunkOfBlock(block))
    return block - ((block - first) % RUN_BLOCKS)
  }

  /** Nobody nearer has the block, and no fellow has begun to fetch it. */
  isFresh(block: number, nearer: readonly Link[], now: Micros, patience?: Micros): boolean {
    if (this.begunBy(block, now, patience) !== undefined) return false
    return !nearer.some(each => each.has(block))
  }

  /** It is in our slice, and of a chunk that is for our site to fetch. */
  isOurs(block: number, link: Link, links: readonly Link[]): boolean {
    const { from, to } = this.slice(this.fellows(links))
    return this.#isForUs(block, link) && block >= from && block < to
  }

  #isForUs(block: number, link: Link): boolean {
    return this.wayTo(link) < WAY.source || this.isTurn(this.#geometry.chunkOfBlock(block))
  }

  /** A fresh block of `due` that is ours to fetch and that the link holds; -1 when none was found. */
  mine(due: RangeSet, link: Link, links: readonly Link[], now: Micros): number {
    const nearer = this.nearerThan(link, links, now)
    const { from, to } = this.slice(this.fellows(links))
    const look = (at: number, end: number): number => {
      for (let i = 0; i < LOOK_RUNS; i++) {
        const block = due.nextFrom(at)
        if (block < 0 || block >= end) return -1
        if (link.has(block) && this.#isForUs(block, link) && this.isFresh(block, nearer, now))
          return block
        at = this.runOf(block) + RUN_BLOCKS
      }
      return -1
    }
    // Before they know of each other all have one slice: each begins at a place of its own.
    const start = from + Math.floor((to - from) * this.#place)
    const block = look(start, to)
    return block < 0 ? look(from, start) : block
  }
}
