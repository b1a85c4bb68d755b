// What parity restores. After the blocks of a group come its rows of parity; as soon as there are as
// many of them as symbols are missing, those are made from all the others. So blocks of the last
// groups stay in the pool for a while after they were written, but only while parity comes at all.
//
// Where the rows do not suffice, they are worth as many symbols all the same: a group that is passed
// *waits* with all that is here of it, peers are asked for the difference alone, and the blocks that are
// *spared* are restored when that is here and verified.
//
// Who hears a carousel and can ask for nothing makes the most of it: parity is expected from the first
// symbol on, and what is on disk already and comes again in a later pass is kept beside what is
// missing of its group, because the rows are sums over both.

import { BLOCK_BYTES } from '../base/limits.js'
import { PARITY_MAX } from '../fec/reed-solomon.js'
import type { Geometry } from '../meta/geometry.js'
import { BLOCKS_MAX, Groups } from '../multicast/groups.js'
import { fullMask } from './partial.js'
import type { Pool } from './pool.js'

/** Groups whose blocks and rows are kept: the one in work and the one before, for what comes late. */
const GROUPS_KEPT = 2
/** Of the pool for groups that wait. */
const WAITING_SHARE = 0.25

/** Symbols of a group: columns of its code, where they lie in the pool, and their bytes. */
export interface Columns {
  readonly columns: number[]
  readonly blocks: number[]
  readonly at: number[]
  readonly bytes: number[]
}

export interface Recover {
  readonly type: 'recover'
  readonly symbolBytes: number
  readonly rows: readonly number[]
  readonly rowsAt: readonly number[]
  readonly here: Columns
  readonly missing: Columns
}

/** What is here of a block in the pool: a bit for each symbol, and where the block lies. */
export interface Standing {
  readonly at: number
  readonly mask: number
}

/** What the assembly knows of a block. */
export interface Blocks {
  /** It is on disk. */
  readonly isHere: (block: number) => boolean
  /** What is here of it came by multicast alone, or is verified. */
  readonly isSound: (block: number) => boolean
  /** What is here of one that is not kept; one of which nothing came gets room. */
  readonly standing: (block: number, symbolBytes: number) => Standing | undefined
}

/** Every symbol of a block. */
const ALL = 0xffff_ffff

/** A jump back of so many groups, or of half of them, is another pass, not reordering. */
const PASS_JUMP_GROUPS = 64

interface Echo {
  readonly at: number
  mask: number
}

interface Survey {
  readonly stands: ReadonlyMap<number, Standing>
  /** Symbols that are not here. */
  readonly lost: number
}

interface Group {
  readonly groups: Groups
  readonly number: number
  readonly rows: number[]
  readonly rowsAt: number[]
  /** Slots that hold the rows, and written blocks that are still here. */
  readonly slots: number[]
  readonly kept: Map<number, number>
  /** Blocks that are on disk and come again. */
  readonly echoes: Map<number, Echo>
  /** It was passed, and waits: not all that is missing need come from peers. */
  spared: boolean
  done: boolean
}

export class Recovery {
  readonly #geometry: Geometry
  readonly #pool: Pool
  readonly #oneWay: boolean
  readonly #blocks: Blocks
  readonly #waitingMax: number
  /** By the group's number, the newest last. */
  readonly #known = new Map<number, Group>()
  #groups: Groups | undefined
  #newest = -1
  /** The last group of which rows came. */
  #heard = Number.NEGATIVE_INFINITY

  constructor(geometry: Geometry, pool: Pool, oneWay: boolean, blocks: Blocks) {
    this.#geometry = geometry
    this.#pool = pool
    this.#oneWay = oneWay
    this.#blocks = blocks
    this.#waitingMax = oneWay ? 0 : Math.floor((WAITING_SHARE * pool.count) / (BLOCKS_MAX + 1))
  }

  /** Parity was never heard of, and is not expected. */
  get isIdle(): boolean {
    return this.#groups === undefined && !this.#oneWay
  }

  /** Blocks of a group, while parity comes; else 1. */
  get grainBlocks(): number {
    return this.#groups?.blocks ?? 1
  }

  /** Where row `row` of the group that begins with `block` belongs; undefined when it is no use. */
  place(block: number, row: number, symbolBytes: number): number | undefined {
    const groups = row < PARITY_MAX ? this.#coded(symbolBytes) : undefined
    if (groups === undefined) return undefined
    const number = groups.of(block)
    if (groups.first(number) !== block) return undefined
    if (this.#oneWay && !this.#misses(number, groups)) return undefined
    const group = this.#open(number, groups)
    if (group === undefined || group.done || group.rows.includes(row)) return undefined
    const inSlot = Math.floor(BLOCK_BYTES / symbolBytes)
    const index = group.rows.length
    if (index === group.slots.length * inSlot) {
      const slot = this.#pool.low ? undefined : this.#pool.take()
      if (slot === undefined) return undefined
      group.slots.push(slot)
    }
    const at = group.slots[Math.floor(index / inSlot)] + (index % inSlot) * symbolBytes
    group.rows.push(row)
    group.rowsAt.push(at)
    this.#heard = number
    return at
  }

  /** A symbol of a block that is missing comes: parity of its group may follow. */
  expect(block: number, symbolBytes: number): void {
    const groups = this.#oneWay ? this.#coded(symbolBytes) : undefined
    if (groups !== undefined) this.#open(groups.of(block), groups)
  }

  /**
   * Symbols [first, first + count) of a block that is on disk come again: where they belong, if they
   * are of use.
   */
  echo(block: number, first: number, count: number, symbolBytes: number): number | undefined {
    const groups = this.#oneWay ? this.#coded(symbolBytes) : undefined
    if (groups === undefined) return undefined
    const number = groups.of(block)
    if (!this.#misses(number, groups)) return undefined
    const group = this.#open(number, groups)
    if (group === undefined || group.done || group.kept.has(block)) return undefined
    const echo = this.#echoOf(group, block)
    const bits = (fullMask(count) << first) >>> 0
    if (echo === undefined || (echo.mask & bits) !== 0) return undefined
    echo.mask = (echo.mask | bits) >>> 0
    return echo.at + first * symbolBytes
  }

  /** A written block may be of use where it lies: true when it stays there. */
  keep(block: number, at: number): boolean {
    if (this.#groups === undefined) return false
    const number = this.#groups.of(block)
    const known = this.#known.get(number)
    // Parity comes no more, or this is long past.
    const isFar = number > this.#heard + GROUPS_KEPT || number <= this.#heard - GROUPS_KEPT
    if (isFar && !this.#oneWay && !known?.rows.length) return false
    const group = known ?? (this.#oneWay ? undefined : this.#open(number, this.#groups))
    if (group === undefined || group.done || group.kept.has(block)) return false
    group.kept.set(block, at)
    return true
  }

  /** It waits for blocks that peers were asked for. */
  waitsFor(block: number): boolean {
    const group = this.#known.get(this.#groups?.of(block) ?? -1)
    return group !== undefined && !group.done && group.spared
  }

  /**
   * The blast has passed these groups, and peers shall be asked for what is missing: blocks that need
   * not come from them, because with the others the rows suffice.
   */
  spare(first: number, count: number): number[] {
    const spared: number[] = []
    if (this.#groups === undefined || this.#oneWay) return spared
    const last = this.#groups.of(first + count - 1)
    for (let number = this.#groups.of(first); number <= last; number++) {
      const group = this.#known.get(number)
      if (group === undefined || group.done || group.rows.length === 0) continue
      group.spared = true
      const survey = this.#survey(group)
      if (survey === undefined) {
        this.#free(group)
        continue
      }
      const all = [...survey.stands].map(([block, { mask }]) => ({
        block,
        holes: group.groups.missingOf(block, mask),
      }))
      const open = all.filter(({ holes }) => holes > 0)
      spared.push(...sparedOf(open, survey.lost - group.rows.length))
    }
    return spared
  }

  /** What can be restored of the group that begins with this block. */
  recover(block: number): Recover | undefined {
    const group = this.#known.get(this.#groups?.of(block) ?? -1)
    if (group === undefined || group.done) return undefined
    const { groups, number, rows, rowsAt } = group
    const survey = this.#survey(group)
    if (survey === undefined) return undefined
    const { stands, lost } = survey
    if (lost === 0) this.#free(group)
    // It may also be done because room was given to a block.
    if (group.done || lost > rows.length) return undefined
    const here: Columns = { columns: [], blocks: [], at: [], bytes: [] }
    const missing: Columns = { columns: [], blocks: [], at: [], bytes: [] }
    groups.symbols(number, (column, of, symbol, bytes) => {
      const { at, mask } = stands.get(of)!
      const side = (mask & (1 << symbol)) === 0 ? missing : here
      side.columns.push(column)
      side.blocks.push(of)
      side.at.push(at + symbol * groups.symbolBytes)
      side.bytes.push(bytes)
    })
    const { symbolBytes } = groups
    const used = { rows: rows.slice(0, lost), rowsAt: rowsAt.slice(0, lost) }
    return { type: 'recover', symbolBytes, ...used, here, missing }
  }

  /** The group is whole: nothing of it is kept. */
  finish(block: number): void {
    const group = this.#known.get(this.#groups?.of(block) ?? -1)
    if (group !== undefined) this.#free(group)
  }

  /** A block that was written was wrong. */
  forget(block: number): void {
    const kept = this.#known.get(this.#groups?.of(block) ?? -1)?.kept
    const at = kept?.get(block)
    if (at === undefined) return
    kept!.delete(block)
    this.#pool.free(at)
  }

  /** Gives back all room. */
  drop(): void {
    for (const group of this.#known.values()) this.#free(group)
    this.#known.clear()
    this.#newest = -1
    this.#heard = Number.NEGATIVE_INFINITY
  }

  /** What is made of these symbols; nothing where a block has only one. */
  #coded(symbolBytes: number): Groups | undefined {
    if (symbolBytes * 2 > BLOCK_BYTES) return undefined
    if (this.#groups?.symbolBytes !== symbolBytes) {
      this.drop()
      this.#groups = new Groups(this.#geometry, symbolBytes)
    }
    return this.#groups
  }

  /**
   * What is here of a group, unless something of it is on disk alone: that is as good as lost, and
   * more than the rows can make up for. One that waits takes nothing unverified from a peer: a lie
   * would spread to what is restored, and look like the transmitter's.
   */
  #survey(group: Group): Survey | undefined {
    const { groups, number, kept } = group
    const stands = new Map<number, Standing>()
    let lost = 0
    for (let of = groups.first(number); of < groups.end(number); of++) {
      const at = kept.get(of)
      const stand =
        at === undefined
          ? (this.#echoIn(group, of) ?? this.#blocks.standing(of, groups.symbolBytes))
          : { at, mask: ALL }
      if (stand === undefined || (group.spared && !this.#blocks.isSound(of))) return undefined
      stands.set(of, stand)
      lost += groups.missingOf(of, stand.mask)
    }
    return { stands, lost }
  }

  #misses(number: number, groups: Groups): boolean {
    for (let block = groups.first(number); block < groups.end(number); block++)
      if (!this.#blocks.isHere(block)) return true
    return false
  }

  #echoIn(group: Group, block: number): Echo | undefined {
    return this.#oneWay && this.#blocks.isHere(block) ? this.#echoOf(group, block) : undefined
  }

  #echoOf(group: Group, block: number): Echo | undefined {
    const known = group.echoes.get(block)
    if (known !== undefined || this.#pool.low) return known
    const at = this.#pool.take()
    if (at === undefined) return undefined
    const echo = { at, mask: 0 }
    group.echoes.set(block, echo)
    return echo
  }

  /** The group, unless it is long past; opening one closes those that are. */
  #open(number: number, groups: Groups): Group | undefined {
    const known = this.#known.get(number)
    if (known !== undefined) return known
    const jump = Math.min(PASS_JUMP_GROUPS, groups.count / 2)
    if (number <= this.#newest - GROUPS_KEPT && number > this.#newest - jump) return undefined
    const [kept, echoes] = [new Map<number, number>(), new Map<number, Echo>()]
    const made = { groups, number, rows: [], rowsAt: [], slots: [], kept, echoes }
    const group: Group = { ...made, spared: false, done: false }
    this.#known.set(number, group)
    this.#newest = number
    this.#close()
    return group
  }

  /** Closes all but the newest groups, and those that wait, if there are not too many. */
  #close(): void {
    const past = [...this.#known.values()].slice(0, -GROUPS_KEPT)
    const waiting = past.filter(({ done, rows }) => !done && rows.length > 0)
    const excess = waiting.slice(0, Math.max(0, waiting.length - this.#waitingMax))
    for (const group of past) {
      if (waiting.includes(group) && !excess.includes(group)) continue
      this.#free(group)
      this.#known.delete(group.number)
    }
  }

  #free(group: Group): void {
    for (const slot of group.slots) this.#pool.free(slot)
    for (const at of group.kept.values()) this.#pool.free(at)
    for (const { at } of group.echoes.values()) this.#pool.free(at)
    group.slots.length = 0
    group.kept.clear()
    group.echoes.clear()
    group.rows.length = 0
    group.rowsAt.length = 0
    group.done = true
  }
}

/**
 * Blocks of a group that may be left out when so many symbols are wanted of it: those with the most
 * holes are asked for as long as they are wanted, and of the rest the smallest that suffices.
 */
function sparedOf(
  open: readonly { readonly block: number; readonly holes: number }[],
  wanted: number,
): number[] {
  let left = wanted
  const others: { block: number; holes: number }[] = []
  for (const each of [...open].sort((a, b) => b.holes - a.holes))
    if (left > 0 && each.holes <= left) left -= each.holes
    else others.push(each)
  // None of them is smaller than what is left.
  if (left > 0) others.pop()
  return others.map(({ block }) => block)
}
