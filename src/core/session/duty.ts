// What a relay fetches from outside: chunk after chunk, each by one relay. They take turns - of three
// the first has every third - so that all of them follow a blast that is still under way elsewhere.
// They tell each other what they have begun. Whose turn brings nothing that is to be had takes what
// is left of the others' and, when nothing else is, what one of them no longer gets on with. Sites take
// turns likewise with what only they have who are where the sender is; what another site has is taken
// from there.

import type { Bitmap } from '../base/bitmap.js'
import type { Micros } from '../base/machine.js'
import type { RangeSet } from '../base/ranges.js'
import type { Geometry } from '../meta/geometry.js'
import type { Division } from '../swarm/division.js'
import type { Link } from '../swarm/link.js'
import type { Sharing } from './sharing.js'

/** What somebody has said nothing of for so long may be fetched by another as well. */
const STEAL_MICROS = 3_000_000
/** Two who begin the same at once hear of it so late at most: then the first by name goes on. */
const CLASH_MICROS = 1_000_000
/** Mates are told what is here of a chunk that does not get on: who steals it fetches only the rest. */
const STUCK_MICROS = 2_000_000
/** Others are told again that we get on with it, or have all of it and are about to multicast it. */
const RETELL_MICROS = 1_000_000
/**
 * When nothing else was to be had for so long other sites' turns are taken as well; while those get on
 * with them, only after the longer time.
 */
const IDLE_MICROS = 2_000_000
const IDLE_MICROS_MAX = 8_000_000
/**
 * With nothing of its own for so long a relay looks for what is another's turn, and takes it when that
 * one has not begun it for as long again; of several that look, one later than the other.
 */
const SPARE_MICROS = 150_000
/** Each look begins so far from the last one: anywhere, and nowhere twice. */
const GOLDEN = 0.618_033_988_75
/** Chunks looked at in one go, and those of others' turns of them that cannot be taken yet. */
const LOOK_CHUNKS = 2048
const LOOK_SPARES = 64
/** Chunks under way at a time. */
const OPEN_CHUNKS_MAX = 64

/** Who is where, as it is now. */
export interface Scene {
  readonly inside: readonly Link[]
  /** Those outside who may be asked: where a sender is, whose line is spared, and at other sites. */
  readonly sources: readonly Link[]
  readonly fellows: readonly Link[]
  readonly sharing: Sharing
  /** All relays of the segment by node, ascending, ourselves among them. */
  readonly relays: readonly string[]
  readonly now: Micros
}

/** Where a chunk is taken from: other sites; a source, in our turn; a source, in anybody's. */
type Way = 'fellows' | 'turn' | 'anything'

/** A chunk that a mate has begun to fetch. */
interface Begun {
  readonly node: string
  readonly since: Micros
  readonly toldAt: Micros
}

interface Taken {
  readonly isSpared: boolean
  readonly since: Micros
  toldAt: Micros
  /** Blocks that were here when others were last told. */
  here: number
  isStuck: boolean
}

export class Duty {
  /** Blocks to be fetched from outside now. */
  readonly #outer: RangeSet
  readonly #geometry: Geometry
  readonly #verified: Bitmap
  readonly #division: Division
  readonly #own: string
  readonly #isFree: (block: number) => boolean
  readonly #taken = new Map<number, Taken>()
  /** All chunks before this one are here. */
  #low = 0
  /** When there was something last that need not be left to other sites; undefined before the first look. */
  #fedAt: Micros | undefined
  /** How many blocks other sites hold in all, and when that became more. */
  #elsewhere = 0
  #elsewhereAt: Micros = 0
  /** Chunks of others' turns, and since when we know of them. */
  readonly #spares = new Map<number, Micros>()
  /** How often chunks were taken from other sites. */
  #looks = 0

  /** `isFree`: the block is missing, and nobody was asked for it. */
  constructor(
    geometry: Geometry,
    verified: Bitmap,
    division: Division,
    own: string,
    outer: RangeSet,
    isFree: (block: number) => boolean,
  ) {
    this.#geometry = geometry
    this.#verified = verified
    this.#division = division
    this.#own = own
    this.#outer = outer
    this.#isFree = isFree
  }

  has(chunk: number): boolean {
    return this.#taken.has(chunk)
  }

  /** Nothing was begun that is not done. */
  get isIdle(): boolean {
    return this.#taken.size === 0
  }

  /** The chunk is done, or somebody else's. */
  drop(chunk: number): void {
    if (!this.#taken.delete(chunk)) return
    this.#outer.delete(this.#first(chunk), this.#geometry.blocksOfChunk(chunk))
  }

  dropAll(): number[] {
    const chunks = [...this.#taken.keys()]
    this.#taken.clear()
    this.#outer.clear()
    return chunks
  }

  /**
   * Takes chunks until so many blocks are to be fetched; returns by their first blocks what the others are
   * to be told, what is left to one of them, and what of ours they may be told of before all is here.
   */
  take(scene: Scene, blocks: number): Record<'told' | 'left' | 'stuck', readonly number[]> {
    const { now } = scene
    const left = this.#yield(scene)
    const told: number[] = []
    const stuck: number[] = []
    for (const [chunk, taken] of this.#taken) {
      if (now - taken.toldAt < RETELL_MICROS) continue
      if (this.#getsOn(chunk, taken)) {
        taken.toldAt = now
        told.push(this.#first(chunk))
      } else if (!taken.isStuck && now - taken.toldAt > STUCK_MICROS) {
        taken.isStuck = true
        stuck.push(this.#first(chunk))
      }
    }
    const before = told.length
    told.push(...this.#takeBy('fellows', scene, blocks), ...this.#takeBy('turn', scene, blocks))
    if (told.length > before || this.#outer.total > 0 || this.#isAwaiting) this.#fedAt = now
    else if (this.#isIdleTooLong(scene)) told.push(...this.#takeBy('anything', scene, blocks))
    return { told, left, stuck }
  }

  /** Something that was taken has not come yet: where the sender is, all may have to wait for long. */
  get #isAwaiting(): boolean {
    for (const [chunk, { isSpared }] of this.#taken) {
      const blocks = this.#geometry.blocksOfChunk(chunk)
      if (isSpared && this.#verified.countIn(this.#first(chunk), blocks) < blocks) return true
    }
    return false
  }

  /** While other sites get on with their turns, these are left to them for longer. */
  #isIdleTooLong({ fellows, now }: Scene): boolean {
    const elsewhere = fellows.reduce((sum, { held }) => sum + (held?.count ?? 0), 0)
    if (elsewhere > this.#elsewhere) this.#elsewhereAt = now
    this.#elsewhere = elsewhere
    const idleMicros = now - (this.#fedAt ??= now)
    return (
      idleMicros > IDLE_MICROS_MAX || Math.min(idleMicros, now - this.#elsewhereAt) > IDLE_MICROS
    )
  }

  #takeBy(way: Way, scene: Scene, blocks: number): number[] {
    const { now } = scene
    const isSpared = way !== 'fellows'
    const told: number[] = []
    let open = this.#openBlocks(isSpared)
    while (open < blocks && this.#taken.size < OPEN_CHUNKS_MAX) {
      const chunk = this.#next(way, scene)
      if (chunk < 0) break
      this.#spares.delete(chunk)
      this.#taken.set(chunk, { isSpared, since: now, toldAt: now, here: 0, isStuck: false })
      const first = this.#first(chunk)
      told.push(first)
      for (let i = 0; i < this.#geometry.blocksOfChunk(chunk); i++)
        if (this.#isFree(first + i)) this.#outer.add(first + i, 1)
      open += this.#outer.countIn(first, this.#geometry.blocksOfChunk(chunk))
    }
    return told
  }

  /** Blocks that are to be fetched where the sender is, or elsewhere, and not asked for yet. */
  #openBlocks(isSpared: boolean): number {
    let open = 0
    for (const [chunk, taken] of this.#taken)
      if (taken.isSpared === isSpared)
        open += this.#outer.countIn(this.#first(chunk), this.#geometry.blocksOfChunk(chunk))
    return open
  }

  /** More of it has come since others were told, or nothing is left to come. */
  #getsOn(chunk: number, taken: Taken): boolean {
    const blocks = this.#geometry.blocksOfChunk(chunk)
    const here = this.#verified.countIn(this.#first(chunk), blocks)
    if (here === taken.here && here < blocks) return false
    taken.here = here
    return true
  }

  /**
   * What one has begun who is no relay, so far as we know, is free when he does not tell of it again: of
   * many mates not all know at the same time who has become one.
   */
  #counts(other: Begun, relays: readonly string[], now: Micros): boolean {
    return relays.includes(other.node) || now - other.toldAt < RETELL_MICROS + CLASH_MICROS
  }

  /** What another has begun at the same moment is left to the first by name. */
  #yield({ inside, now }: Scene): number[] {
    const left: number[] = []
    for (const [chunk, { since }] of this.#taken) {
      if (now - since > CLASH_MICROS) continue
      const other = this.#fellowAt(chunk, inside, now)
      if (other === undefined || now - other.since >= CLASH_MICROS || other.node > this.#own)
        continue
      this.drop(chunk)
      left.push(this.#first(chunk))
    }
    return left
  }

  /** The chunk to take now, or -1. */
  #next(way: Way, scene: Scene): number {
    const { relays, inside, sources, fellows, sharing, now } = scene
    const holders = way === 'fellows' ? fellows : sources
    if (holders.length === 0) return -1
    this.#raiseLow()
    const turn = relays.indexOf(this.#own)
    let spare = -1
    let early = 0
    let stale = -1
    // What is to be had is much the same for all relays here: two soon want the same of it.
    const takesSpare = way === 'anything' || now - (this.#fedAt ?? now) > SPARE_MICROS
    const looks = Math.min(LOOK_CHUNKS, this.#geometry.chunkCount - this.#low)
    const from = Math.floor(looks * this.#placeOf(way, sharing))
    // Where the sender is, all sites wait for their turns, and who is asked instead has to wait as well.
    const patienceMicros = way === 'turn' && sharing.sites > 1 ? IDLE_MICROS_MAX : STEAL_MICROS
    for (let i = 0; i < looks; i++) {
      const chunk = this.#low + ((from + i) % looks)
      if (this.#taken.has(chunk)) continue
      if (way === 'turn' && !sharing.isOurs(chunk)) continue
      const isOurs = chunk % relays.length === turn
      if (!isOurs && (spare >= 0 || early === LOOK_SPARES || !takesSpare)) continue
      const other = this.#fellowAt(chunk, inside, now)
      const isBegun = other !== undefined && this.#counts(other, relays, now)
      if (isBegun) this.#spares.delete(chunk)
      if (isBegun && (stale >= 0 || now - other.toldAt < patienceMicros)) continue
      if (!this.#isLacking(chunk, inside, holders)) continue
      if (way === 'turn' && this.#isLacking(chunk, inside, fellows)) continue
      if (isBegun) stale = chunk
      else if (isOurs) return chunk
      else if (this.#isLeft(chunk, relays, now)) spare = chunk
      else early++
    }
    // What is left at the end of the others' is fetched before it is waited for.
    return spare >= 0 ? spare : stale
  }

  /** Whose turn it is, and who comes before us after that one, have had the time to begin it. */
  #isLeft(chunk: number, relays: readonly string[], now: Micros): boolean {
    const since = this.#spares.get(chunk) ?? now
    this.#spares.set(chunk, since)
    const rank =
      (relays.indexOf(this.#own) + relays.length - (chunk % relays.length)) % relays.length
    return now - since >= rank * SPARE_MICROS
  }

  /**
   * Where to begin, 0…1: what is the sender's in order, but sites that take each other's turns in
   * different places; of other sites anywhere, or all would want the same of the one who has it first.
   */
  #placeOf(way: Way, { turn, sites }: Sharing): number {
    if (way === 'turn') return 0
    if (way === 'anything') return turn / sites
    const name = Number.parseInt(this.#own.slice(0, 8), 16) / 2 ** 32
    return (name + GOLDEN * this.#looks++) % 1
  }

  #fellowAt(chunk: number, inside: readonly Link[], now: Micros): Begun | undefined {
    const begun = this.#division.begunBy(this.#first(chunk), now)
    const link = begun && inside.find(each => each.peer === begun.peer)
    return begun && link && { node: link.node, since: begun.since, toldAt: begun.toldAt }
  }

  /** Something of it nobody here has, and one of these has all of that. */
  #isLacking(chunk: number, inside: readonly Link[], outside: readonly Link[]): boolean {
    const first = this.#first(chunk)
    const end = first + this.#geometry.blocksOfChunk(chunk)
    let lacks = false
    let holders = outside
    for (let block = first; block < end; block++) {
      if (this.#verified.has(block) || !this.#isFree(block)) continue
      if (inside.some(link => link.has(block))) continue
      lacks = true
      holders = holders.filter(link => link.has(block))
      if (holders.length === 0) return false
    }
    return lacks
  }

  #raiseLow(): void {
    const missing = this.#verified.nextClear(0)
    this.#low = missing < 0 ? this.#geometry.chunkCount : this.#geometry.chunkOfBlock(missing)
  }

  #first(chunk: number): number {
    return this.#geometry.firstBlockOfChunk(chunk)
  }
}
