// Turns what is due into requests: fills each peer's pipeline, peers before the transmitter, and near
// the end asks a second peer for what the first one owes.

import { BLOCK_BYTES, LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'
import type { Prng } from '../base/prng.js'
import type { Run } from '../base/ranges.js'
import type { Geometry } from '../meta/geometry.js'
import { Allowance } from '../swarm/allowance.js'
import { blocksOf, type Link } from '../swarm/link.js'
import { inOrder, type Selection } from '../swarm/select.js'
import type { Swarm } from '../swarm/swarm.js'
import type { Tactics } from '../swarm/tactics.js'
import type { Range } from '../wire/message.js'
import type { Assembly } from './assembly.js'
import type { LayerAsker } from './layer-asker.js'
import { hasOnItsWay, isSpared, roomFor, roomOf } from './line.js'
import type { Wants } from './wants.js'

/** Owed for so long, a block is asked of another peer too. */
const ENDGAME_MICROS = 1_000_000
/** The endgame is for the last few megabytes only. */
const ENDGAME_BLOCKS = 256
const RANGE_BLOCKS = LIMITS.rangeBytesMax / BLOCK_BYTES
/**
 * Behind a blast there is time: repair is gathered, so that one frame asks for many symbols and one
 * peer answers them together; asking for each as it is missed costs ten times the packets.
 */
const GATHER_MICROS = 200_000
const GATHER_BLOCKS = 64
/** Bytes of answers that may be on their way in all: they all land in the pool. */
const ASKED_BYTES_MAX = LIMITS.partialPoolBytes / 4
/**
 * The same while a blast comes: TCP fills the queue of our switch port with whatever is on its way,
 * and what overflows there is the blast. This much fits beside it in any switch.
 */
const BEHIND_BYTES_MAX = 64 * 1024
/** On a lossy path TCP stalls, peer by peer, and fills nothing: more must be under way there. */
const BEHIND_PER_LOSS = 400
/** What mates have, and was not heard, is asked for in so many parts at least. */
const BACKLOG_SHARE = 0.25
/** Requests are topped up when half of the pipeline is empty, so that one frame carries several. */
const TOP_UP_BYTES = LIMITS.pipelineBytesMin / 2

/** Of a limited rate a run takes so much at most, so that what is asked for is never far ahead of it. */
const RUN_SECONDS = 0.025
/**
 * A range is heard of when all of it is here: on a slow line none takes longer, so that what came is
 * kept whatever befalls the line, and silence means something.
 */
const RANGE_SECONDS = 5

/** Nothing fresh is left for so long: peers alone may be too slow. */
const REPEAT_MICROS = 1_000_000

/** How to ask. */
export interface Manner {
  /** What a blast loses that is waited for, 0…1; undefined when none is. */
  readonly behindLoss: number | undefined
  /** A transmitter is asked only for what is overdue. */
  readonly sparesSeeder: boolean
  /** Somebody here relays: nobody outside is asked, but for what is ours to fetch. */
  readonly isConfined: boolean
}

export interface AskerOptions {
  readonly prng: Prng
  readonly tactics: Tactics
  readonly layers: LayerAsker
  /** What is asked of all peers together, at most. */
  readonly download: Allowance | undefined
}

export class Asker {
  readonly #geometry: Geometry
  readonly #assembly: Assembly
  readonly #swarm: Swarm
  readonly #wants: Wants
  readonly #prng: Prng
  readonly #tactics: Tactics
  readonly #allowance: Allowance
  readonly #layers: LayerAsker
  readonly #runBlocks: number
  /** Of the latest run from a peer, what it was not asked for yet: the layer for it is here. */
  readonly #rests = new WeakMap<Link, Run>()
  /** Who owes what was given up. */
  readonly #late = new Set<Link>()
  #askedAt: Micros = Number.NEGATIVE_INFINITY
  /** When there was something last that only who is outside has. */
  #freshAt: Micros = 0

  constructor(
    geometry: Geometry,
    assembly: Assembly,
    swarm: Swarm,
    wants: Wants,
    { prng, tactics, download, layers }: AskerOptions,
  ) {
    this.#layers = layers
    this.#geometry = geometry
    this.#assembly = assembly
    this.#swarm = swarm
    this.#wants = wants
    this.#prng = prng
    this.#tactics = tactics
    this.#allowance = download ?? new Allowance(Number.POSITIVE_INFINITY)
    const { rateBps } = this.#allowance
    this.#runBlocks = Math.min(RANGE_BLOCKS, blocksIn(RUN_SECONDS, rateBps))
  }

  /** Asks all peers that have room; returns when the limit allows more, if that will be. */
  ask(manner: Manner, now: Micros): Micros {
    this.#ask(manner, now)
    const { dueAt } = this.#allowance
    return dueAt > now ? dueAt : Number.POSITIVE_INFINITY
  }

  #ask(manner: Manner, now: Micros): void {
    const { behindLoss, sparesSeeder, isConfined } = manner
    const behindBlast = behindLoss !== undefined
    if (isConfined) this.#askOuter(sparesSeeder, now)
    if (this.#wants.due.total === 0 && this.#wants.pendingCount === 0) return
    if (behindBlast && this.#gathers && now - this.#askedAt < GATHER_MICROS) return
    this.#askedAt = now
    const links = this.#links(isConfined)
    let left = this.#roomBytes(links, manner)
    for (const link of this.#nearestFirst(links)) {
      if (left <= 0 || this.#wants.due.total === 0) break
      left -= this.#askOf(link, links, manner, left, now)
    }
    this.#endgame(links, now)
  }

  /** The nearest first, at random: what the peers take is not asked of the transmitter. */
  #nearestFirst(links: readonly Link[]): Link[] {
    const { division } = this.#swarm
    const order = this.#prng.shuffle([...links])
    return order.sort((a, b) => division.wayTo(a) - division.wayTo(b))
  }

  /** Tops up one peer whose data just came. */
  topUp(link: Link, manner: Manner, now: Micros): void {
    const { behindLoss, sparesSeeder, isConfined } = manner
    const behindBlast = behindLoss !== undefined
    if (isConfined && this.#swarm.division.isOutside(link)) return this.#askOuter(sparesSeeder, now)
    if (link.askedBytes > Math.max(TOP_UP_BYTES, link.roomBytes(now))) return
    if (behindBlast && this.#gathers) return
    const links = this.#links(isConfined)
    const room = this.#roomBytes(links, manner)
    this.#askOf(link, links, manner, room, now)
  }

  /** Who may be asked for what is missing. */
  #links(isConfined: boolean): readonly Link[] {
    const links = this.#swarm.links()
    const { isOutside } = this.#swarm.division
    return isConfined ? links.filter(link => !isOutside(link)) : links
  }

  /** What a relay has taken upon itself, from outside; a seeder that is spared comes last. */
  #askOuter(sparesSeeder: boolean, now: Micros): void {
    const { outer } = this.#wants
    if (outer.total === 0) return
    const links = this.#swarm.links()
    const { division } = this.#swarm
    const all = this.#prng.shuffle(links.filter(link => division.isOutside(link)))
    const sources = all.filter(link => division.isSource(link))
    const peers = sources.filter(link => !link.seeder)
    const seeders =
      sparesSeeder && all.some(link => !link.seeder) ? [] : all.filter(link => link.seeder)
    const fellows = all.filter(link => !division.isSource(link))
    // Each has a pipeline of its own: a source's line is full, and must not hold up the others.
    this.#askOutside(fellows, soonestFirst(fellows), links, now)
    this.#askOutside(sources, [...peers, ...seeders], links, now)
  }

  /** Asks some of those who share a pipeline, in this order. */
  #askOutside(
    sharers: readonly Link[],
    asked: readonly Link[],
    links: readonly Link[],
    now: Micros,
  ): void {
    const { outer } = this.#wants
    let left = roomOf(sharers) - this.#assembly.busyBytes / 4
    for (const link of asked) {
      const room = Math.min(left, link.roomBytes(now))
      if (room <= 0) continue
      const scene = { ...this.#scene(link, links, now), due: outer }
      left -= this.#request(link, room, () => inOrder(scene), false, now)
    }
  }

  /**
   * Asks for one run after another while there is room, and for their layers unless those come by
   * themselves; returns the bytes asked for.
   */
  #request(
    link: Link,
    most: number,
    next: () => Run | undefined,
    layersCome: boolean,
    now: Micros,
  ): number {
    let bytes = 0
    const ranges: Range[] = []
    const longest = Math.min(this.#runBlocks, blocksIn(RANGE_SECONDS, link.paceBps))
    while (
      bytes < most &&
      ranges.length < LIMITS.requestRangesMax &&
      this.#allowance.affords(now)
    ) {
      const run = this.#restOf(link) ?? next()
      if (run === undefined) break
      const count = Math.min(run.count, longest)
      if (count < run.count)
        this.#rests.set(link, { first: run.first + count, count: run.count - count })
      for (const range of this.#rangesOf(run.first, count, now)) {
        ranges.push(range)
        bytes += range.lengthBytes
        this.#allowance.spend(range.lengthBytes)
      }
    }
    if (ranges.length === 0) return 0
    if (!layersCome) this.#layersOf(link, ranges, now)
    this.#swarm.request(link, ranges, now)
    return bytes
  }

  /** Asked for ahead of the data: what comes is verified at once, and others may have it. */
  #layersOf(link: Link, ranges: readonly Range[], now: Micros): void {
    for (const { block } of ranges) {
      const chunk = this.#geometry.chunkOfBlock(block)
      if (this.#assembly.layerOf(chunk) === undefined) this.#layers.ahead(link, chunk, now)
    }
  }

  /** Taken once: what others were asked for meanwhile ends it. */
  #restOf(link: Link): Run | undefined {
    const rest = this.#rests.get(link)
    this.#rests.delete(link)
    return rest && this.#wants.due.has(rest.first) && link.has(rest.first) ? rest : undefined
  }

  #roomBytes(links: readonly Link[], { behindLoss, isConfined }: Manner): number {
    let asked = 0
    for (const link of links) asked += link.askedBytes
    const most = ASKED_BYTES_MAX - asked - this.#assembly.busyBytes / 4
    if (behindLoss === undefined) return most
    const beside = BEHIND_BYTES_MAX * (1 + BEHIND_PER_LOSS * behindLoss)
    if (!isConfined) return beside - asked
    // A relay that does not get its chunks out tells of them: then there is much to ask for, and little to spare.
    const backlog = BACKLOG_SHARE * BLOCK_BYTES * this.#wants.due.total
    return Math.min(most, Math.max(beside, backlog) - asked)
  }

  #scene(link: Link, links: readonly Link[], now: Micros): Omit<Selection, 'due'> {
    const { division } = this.#swarm
    const geometry = this.#geometry
    return { geometry, link, links, prng: this.#prng, division, mayWait: false, now }
  }

  get #gathers(): boolean {
    return this.#wants.due.total < GATHER_BLOCKS
  }

  /** Returns the bytes asked for. */
  #askOf(
    link: Link,
    links: readonly Link[],
    { behindLoss, sparesSeeder }: Manner,
    most: number,
    now: Micros,
  ): number {
    const { division } = this.#swarm
    const overdueOnly = (sparesSeeder && link.seeder) || division.isAway(link)
    const isShared = division.isShared(link)
    const isIdle =
      now - this.#freshAt > REPEAT_MICROS && !(isShared && hasOnItsWay(division, links))
    if (!isIdle && isSpared(division, link, links, now)) return 0
    const room = Math.min(most, link.roomBytes(now), roomFor(division, link, links))
    if (room <= 0 || !this.#allowance.affords(now)) return 0
    const due = overdueOnly ? this.#wants.overdue : this.#wants.due
    if (due.total === 0) return 0
    const divides = !overdueOnly && division.isOutside(link)
    const { ofPeer, behindBlast, ofOutside } = this.#tactics
    const ofOthers = behindLoss === undefined ? ofPeer : behindBlast
    const policy = divides ? ofOutside : ofOthers
    const scene = { ...this.#scene(link, links, now), due, mayWait: isShared && !isIdle }
    const begun: number[] = []
    let repeats = false
    const next = (): Run | undefined => {
      const run = repeats ? undefined : policy(scene)
      if (!divides || repeats) return run
      if (run !== undefined) begun.push(run.first)
      else if (begun.length === 0) repeats = isIdle && this.#mayRepeat(link, links)
      return run ?? (repeats ? ofPeer(scene) : undefined)
    }
    const bytes = this.#request(link, room, next, behindLoss !== undefined, now)
    if (begun.some(first => !isShared || division.isOurs(first, link, links))) this.#freshAt = now
    if (begun.length > 0) this.#swarm.tellBegun(begun, now)
    return bytes
  }

  /**
   * What peers have as well is asked of who is outside only when all of them together are slower, or
   * have nothing to give (but never for that over a line that all share), and a run at a time.
   */
  #mayRepeat(link: Link, links: readonly Link[]): boolean {
    if (link.askedBytes > 0) return false
    const { division } = this.#swarm
    const inside = links.filter(each => !division.isOutside(each))
    if (inside.every(each => each.askedBytes === 0)) return !division.isShared(link)
    return inside.reduce((sum, each) => sum + each.rateBps, 0) < link.rateBps
  }

  /** The ranges that complete these blocks: whole neighbours together, parts by themselves. */
  #rangesOf(first: number, count: number, now: Micros): Range[] {
    const ranges: Range[] = []
    this.#wants.settled(first, count)
    for (let block = first; block < first + count; block++) {
      if (!this.#assembly.isMissing(block)) continue
      for (const range of this.#assembly.missingOf(block)) {
        const last = ranges[ranges.length - 1]
        if (last !== undefined && joins(last, range)) {
          ranges[ranges.length - 1] = { ...last, lengthBytes: last.lengthBytes + range.lengthBytes }
        } else ranges.push(range)
        this.#wants.asked(block, now)
      }
    }
    return ranges
  }

  /** It was asked for, and will not come. */
  failed(link: Link, range: Range): void {
    if (link.owesLate) this.#late.add(link)
    this.#allowance.spend(-range.lengthBytes)
  }

  #endgame(links: readonly Link[], now: Micros): void {
    const { due, pendingCount } = this.#wants
    if (!this.#allowance.affords(now)) return
    if (due.total > 0 || pendingCount === 0 || pendingCount > ENDGAME_BLOCKS) return
    for (const block of [...this.#wants.owedSince(now - ENDGAME_MICROS)]) {
      const owing = links.filter(link => link.owes(block))
      const able = links.filter(l => l.has(block) && !l.owes(block) && l.roomBytes(now) > 0)
      const other = this.#tactics.again(owing, able, this.#swarm.division)
      if (other === undefined) continue
      const bytes = this.#geometry.bytesOfBlock(block)
      this.#wants.asked(block, now)
      this.#allowance.spend(bytes)
      this.#swarm.request(other, [{ block, offsetBytes: 0, lengthBytes: bytes }], now)
    }
  }

  /**
   * Blocks are whole: a range of which nothing is missing any more need not be sent. That is also said
   * of those that were given up: on a slow line they would be on their way for minutes.
   */
  settled(first: number, count: number, now: Micros): void {
    for (const link of this.#late) if (!link.owesLate) this.#late.delete(link)
    if (this.#wants.pendingCount === 0 && this.#late.size === 0) return
    const late = [...this.#late]
    for (let block = first; block < first + count; block++)
      if (this.#wants.isPending(block) || late.some(link => link.owesLateOf(block)))
        this.#settled(block, now)
  }

  #settled(block: number, now: Micros): void {
    for (const link of this.#swarm.links())
      for (const { range, abandoned } of [...link.asked.values()]) {
        if (block < range.block || block > range.block + RANGE_BLOCKS) continue
        const blocks = [...blocksOf(range)]
        if (!blocks.includes(block) || blocks.some(b => this.#assembly.isMissing(b))) continue
        this.#swarm.cancel(link, range, now)
        if (!abandoned) for (const each of blocks) this.#wants.answered(each)
      }
  }
}

/** Who has not shown how fast it is may be fast. */
function soonestFirst(links: readonly Link[]): Link[] {
  const wait = ({ askedBytes, rateBps }: Link): number =>
    rateBps === 0 ? 0 : (askedBytes + LIMITS.rangeBytesMax) / rateBps
  return [...links].sort((a, b) => wait(a) - wait(b))
}

/** Two ranges that follow each other without a gap and fit one answer. */
function joins(a: Range, b: Range): boolean {
  const end = a.block * BLOCK_BYTES + a.offsetBytes + a.lengthBytes
  const whole = a.offsetBytes === 0 && b.offsetBytes === 0
  return (
    whole && end === b.block * BLOCK_BYTES && a.lengthBytes + b.lengthBytes <= LIMITS.rangeBytesMax
  )
}

/** At least one; of a rate that is not known, 0, any number. */
function blocksIn(seconds: number, rateBps: number): number {
  if (rateBps === 0) return Number.POSITIVE_INFINITY
  return Math.max(1, Math.floor((seconds * rateBps) / 8 / BLOCK_BYTES))
}
