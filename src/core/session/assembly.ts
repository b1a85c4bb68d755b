// Blocks under construction. Symbols from the blast and ranges from peers meet here: each is given
// its place in a pool, a whole block is hashed and written at once, and it becomes *verified* by its
// chunk's layer, or without one when all blocks of the chunk are claimed and their root matches.
// Nothing is servable or counted before that. Bytes never pass through: the shell moves them. What
// came first does not win: a second copy of a symbol is kept beside it until the block's hash is known.

import type { Bitmap } from '../base/bitmap.js'
import { BLOCK_BYTES } from '../base/limits.js'
import { type Geometry, symbolsInBlock } from '../meta/geometry.js'
import type { Range } from '../wire/message.js'
import { Alternates } from './alternates.js'
import { LayerCache, type Tree } from './layers.js'
import {
  type Claimed,
  fullMask,
  ORIGINS,
  type Origin,
  originsOf,
  type Partial,
  partialOf,
  runsOf,
} from './partial.js'
import { Pool } from './pool.js'
import { type Recover, Recovery, type Standing } from './recovery.js'

export type { Origin, Tree }

export type AssemblyOut =
  /** Fill in `spilled` parts from the disk, hash `bytes` at pool position `at`, then `hashed`. */
  | { type: 'verify'; block: number; at: number; bytes: number; spilled: readonly Range[] }
  /** Exchange `bytes` at pool positions `at` and `spare`; a `verify` of the block follows. */
  | { type: 'swap'; at: number; spare: number; bytes: number }
  /** Write the block from the pool, then `written`. */
  | { type: 'write'; block: number; at: number; bytes: number }
  /** Write these parts of an unfinished block from the pool, then `spilled`. */
  | { type: 'spill'; block: number; at: number; parts: readonly Range[] }
  /** Make the missing symbols from those that are here and the rows; `verify` of their blocks follow. */
  | Recover
  | { type: 'verified'; block: number; origins: readonly Origin[] }
  /** The block's hash is wrong: it must come again, whole, from one peer; `giver` sent all of it. */
  | { type: 'mismatch'; block: number; origins: readonly Origin[]; giver: number | undefined }

/** `symbols` returns: the payload has no use. */
export const UNWANTED = -1
/** It is wanted, but the pool is full: what it holds waits for the CPU or the disk. */
export const NO_ROOM = -3
/** They do not share one fate: ask for each. */
export const SINGLY = -4
/** Every symbol of a block. */
const ALL = 0xffff_ffff

export interface AssemblyManner {
  /** Nobody can be asked for anything, all must come by multicast; default false. */
  readonly oneWay?: boolean
  /** What is written can be read again; default true. */
  readonly keeps?: boolean
}

export class Assembly {
  readonly #tree: Tree
  readonly #geometry: Geometry
  readonly verified: Bitmap
  readonly #pool: Pool
  readonly #oneWay: boolean
  readonly #keeps: boolean
  readonly #alternates: Alternates
  readonly #layers: LayerCache
  readonly #recovery: Recovery
  readonly #partials = new Map<number, Partial>()
  readonly #claimed = new Map<number, Claimed>()
  /** How many blocks of a chunk wait for its layer, claimed or held. */
  readonly #waiting = new Map<number, number>()
  readonly #held = new Set<Partial>()
  /** Open ones that have a place in the pool, the oldest first. */
  readonly #spillable = new Set<Partial>()
  /** Blocks that were wrong once: they come whole from one peer, so that blame is certain. */
  readonly #distrusted = new Set<number>()
  readonly #out: AssemblyOut[] = []
  readonly verifiedBytesBy: Record<Origin, number> = { multicast: 0, peer: 0, seeder: 0 }
  verifiedBytes = 0
  /** Blocks whose hash was right only with another copy of a symbol. */
  mendedBlocks = 0

  constructor(tree: Tree, verified: Bitmap, poolBytes: number, manner: AssemblyManner = {}) {
    const { oneWay = false, keeps = true } = manner
    this.#tree = tree
    this.#oneWay = oneWay
    this.#keeps = keeps
    this.#geometry = tree.geometry
    this.verified = verified
    this.#pool = new Pool(Math.max(16, Math.floor(poolBytes / BLOCK_BYTES)))
    this.#alternates = new Alternates(this.#pool)
    this.#layers = new LayerCache(tree)
    const isHere = (block: number): boolean => verified.has(block) || this.#claimed.has(block)
    this.#recovery = new Recovery(tree.geometry, this.#pool, oneWay, isHere)
    for (let block = verified.nextSet(0); block >= 0; block = verified.nextSet(block + 1))
      this.verifiedBytes += this.#geometry.bytesOfBlock(block)
  }

  /** Bytes that the shell's pool must have. */
  get poolBytes(): number {
    return this.#pool.count * BLOCK_BYTES
  }

  /** Bytes that wait for the disk or for hashing. */
  get busyBytes(): number {
    return this.#pool.busy * BLOCK_BYTES
  }

  poll(): AssemblyOut | undefined {
    return this.#out.shift()
  }

  /** The block is neither verified nor complete and on its way to be. */
  isMissing(block: number): boolean {
    if (this.verified.has(block) || this.#claimed.has(block)) return false
    const state = this.#partials.get(block)?.state
    return state === undefined || state === 'open' || state === 'spilling'
  }

  /** It is missing, and may come by multicast: one that was wrong once comes whole from one peer. */
  isAwaited(block: number): boolean {
    return this.isMissing(block) && !this.#distrusted.has(block)
  }

  /** Chunks with blocks that are not verified only because the layer has not come. */
  chunksWithoutLayer(): Iterable<number> {
    return this.#waiting.keys()
  }

  layerOf(chunk: number): Uint8Array | undefined {
    return this.#layers.get(chunk)
  }

  /**
   * Symbols [first, first + count) of a block from the blast: where in the pool the payload of the
   * first belongs, the others behind it; or UNWANTED or NO_ROOM of all of them, or SINGLY.
   */
  symbols(block: number, first: number, count: number, symbolBytes: number): number {
    const blockBytes = this.#geometry.bytesOfBlock(block)
    if (first + count > symbolsInBlock(blockBytes, symbolBytes))
      return count > 1 ? SINGLY : UNWANTED
    if (this.verified.has(block) || this.#claimed.has(block))
      return this.#recovery.echo(block, first, count, symbolBytes) ?? UNWANTED
    if (this.#distrusted.has(block)) return UNWANTED
    this.#recovery.expect(block, symbolBytes)
    const partial = this.#open(block, symbolBytes)
    if (partial === undefined) return this.isMissing(block) ? NO_ROOM : UNWANTED
    if (partial.symbolBytes !== symbolBytes) return UNWANTED
    const bits = (fullMask(count) << first) >>> 0
    if (((partial.mask | partial.spilled) & bits) !== 0)
      return count > 1 ? SINGLY : this.#again(partial, first)
    partial.mask |= bits
    const offset = first * symbolBytes
    partial.bytesBy.multicast += Math.min(count * symbolBytes, blockBytes - offset)
    return partial.at + offset
  }

  /** Blocks that the blast codes together, while parity comes; else 1. */
  get grainBlocks(): number {
    return this.#recovery.grainBlocks
  }

  /** A row of parity of the group that begins with `block`: where it belongs, or UNWANTED. */
  parity(block: number, row: number, symbolBytes: number): number {
    return this.#recovery.place(block, row, symbolBytes) ?? UNWANTED
  }

  /** Call after the payload of a row was moved: restores what the rows suffice for. */
  settleParity(firstBlock: number): void {
    const recover = this.#recovery.recover(firstBlock, (block, symbolBytes) =>
      this.#standing(block, symbolBytes),
    )
    if (recover === undefined) return
    this.#out.push(recover)
    const { symbolBytes, missing } = recover
    for (const [i, block] of missing.blocks.entries()) {
      const partial = this.#partials.get(block)
      // One that is on disk only lent its symbols.
      if (partial === undefined) continue
      partial.mask = (partial.mask | (1 << ((missing.at[i] - partial.at) / symbolBytes))) >>> 0
      partial.bytesBy.multicast += missing.bytes[i]
    }
    for (const block of new Set(missing.blocks)) this.settle(block)
    this.#recovery.finish(firstBlock)
  }

  /** Call after the payload of symbols was moved: a block that is whole goes to be hashed. */
  settle(block: number): void {
    const partial = this.#partials.get(block)
    if (partial === undefined || partial.state !== 'open') return
    const bytes = this.#geometry.bytesOfBlock(block)
    const full = fullMask(symbolsInBlock(bytes, partial.symbolBytes))
    if (((partial.mask | partial.spilled) & full) !== full) return
    partial.state = 'hashing'
    this.#spillable.delete(partial)
    const missing = partial.spilled & ~partial.mask
    const spilled = missing === 0 ? [] : runsOf(this.#geometry, partial, missing)
    this.#out.push({ type: 'verify', block, at: partial.at, bytes, spilled })
  }

  /**
   * A range from a peer: calls `move` for each stretch that is wanted, with its position in the pool
   * and in the range. Whole blocks are always welcome; parts only on the symbol grid in use.
   */
  range(
    range: Range,
    origin: Origin,
    peer: number,
    move: (at: number, from: number, bytes: number) => void,
  ): void {
    let from = 0
    let block = range.block
    let offset = range.offsetBytes
    while (from < range.lengthBytes) {
      const blockBytes = this.#geometry.bytesOfBlock(block)
      const bytes = Math.min(blockBytes - offset, range.lengthBytes - from)
      if (this.isMissing(block)) {
        if (bytes === blockBytes)
          this.#whole(block, bytes, origin, peer, at => move(at, from, bytes))
        else this.#part(block, offset, bytes, origin, at => move(at, from, bytes))
        this.settle(block)
      }
      from += bytes
      offset = 0
      block++
    }
  }

  /** What is missing of a block, as ranges on its symbol grid; the whole block when none is known. */
  missingOf(block: number): Range[] {
    const bytes = this.#geometry.bytesOfBlock(block)
    const partial = this.#partials.get(block)
    const have = partial === undefined ? 0 : partial.mask | partial.spilled
    if (partial === undefined || have === 0 || this.#distrusted.has(block))
      return [{ block, offsetBytes: 0, lengthBytes: bytes }]
    return runsOf(
      this.#geometry,
      partial,
      fullMask(symbolsInBlock(bytes, partial.symbolBytes)) & ~have,
    )
  }

  /** The hash of a block that `verify` asked for. */
  hashed(block: number, digest: Uint8Array): void {
    const partial = this.#partials.get(block)
    if (partial === undefined || partial.state !== 'hashing') return
    partial.digest = digest
    const isRight = this.#layers.confirms(block, digest)
    if (isRight === undefined && this.#alternates.has(block)) return this.#hold(partial)
    this.#judge(partial, isRight)
  }

  /** The block stands in its part file. */
  written(block: number): void {
    const partial = this.#partials.get(block)
    if (partial === undefined || partial.state !== 'writing' || partial.digest === undefined) return
    this.#forget(partial, this.#recovery.keep(block, partial.at))
    const { digest, bytesBy, giver } = partial
    if (partial.isRight) return this.#verify(block, bytesBy)
    this.#claimed.set(block, { digest, bytesBy, giver })
    const chunk = this.#geometry.chunkOfBlock(block)
    this.#wait(chunk, 1)
    if (this.#layers.has(chunk)) this.#check(chunk, block)
    else this.#tryRoot(chunk)
  }

  /** The parts of a spilled block stand on disk. */
  spilled(block: number): void {
    const partial = this.#partials.get(block)
    if (partial === undefined || partial.state !== 'spilling') return
    this.#pool.free(partial.at)
    partial.at = -1
    partial.spilled |= partial.mask
    partial.mask = 0
    partial.state = 'open'
    this.#settleSpilled(partial)
  }

  /** Leaves of a chunk, from the leaf of `block` on; whole layers go the same way. */
  leaves(block: number, leaves: Uint8Array): void {
    const chunk = this.#geometry.chunkOfBlock(block)
    if (!this.#layers.add(chunk, block, leaves)) return
    const first = this.#geometry.firstBlockOfChunk(chunk)
    for (let i = 0; i < this.#geometry.blocksOfChunk(chunk); i++) this.#check(chunk, first + i)
    for (const partial of [...this.#held])
      if (this.#geometry.chunkOfBlock(partial.block) === chunk) this.#letGo(partial)
  }

  // ---- inside

  #open(block: number, symbolBytes: number): Partial | undefined {
    let partial = this.#partials.get(block)
    if (partial !== undefined && partial.state !== 'open') return undefined
    if (partial !== undefined && partial.at >= 0) {
      if (partial.mask === 0 && partial.spilled === 0) partial.symbolBytes = symbolBytes
      return partial
    }
    this.#makeRoom()
    const at = this.#pool.take()
    if (at === undefined) return undefined
    if (partial !== undefined) {
      partial.at = at
      this.#spillable.add(partial)
      return partial
    }
    partial = partialOf(block, at, symbolBytes)
    this.#partials.set(block, partial)
    this.#spillable.add(partial)
    return partial
  }

  /** What is in the pool of a block that may still be restored; one of which nothing came gets room. */
  #standing(block: number, symbolBytes: number): Standing | undefined {
    const known = this.#partials.get(block)
    const isNew = known === undefined && this.isAwaited(block)
    const partial = isNew ? this.#open(block, symbolBytes) : known
    if (partial === undefined || partial.at < 0 || partial.state === 'spilling') return undefined
    if (partial.spilled !== 0 || partial.symbolBytes !== symbolBytes) return undefined
    return { at: partial.at, mask: partial.state === 'open' ? partial.mask : ALL }
  }

  /** Another copy of a symbol: kept when the copy before it is the blast's too. */
  #again(partial: Partial, symbol: number): number {
    if ((partial.fromPeers & (1 << symbol)) !== 0) return UNWANTED
    return this.#alternates.add(partial.block, symbol, partial.symbolBytes) ?? UNWANTED
  }

  /** It is hashed, and the layer says that it is right or wrong, or is not here. */
  #judge(partial: Partial, isRight: boolean | undefined): void {
    const { block } = partial
    const wrong = isRight === false
    if (wrong && this.#retry(partial)) return
    if (!wrong && this.#alternates.triedAny(block)) this.mendedBlocks++
    this.#alternates.release(block)
    if (wrong) {
      this.#forget(partial)
      return this.#mismatch(block, partial)
    }
    partial.state = 'writing'
    partial.isRight = isRight === true
    const bytes = this.#geometry.bytesOfBlock(block)
    this.#out.push({ type: 'write', block, at: partial.at, bytes })
  }

  /** Which copies are right only the layer can tell: the block waits for it. */
  #hold(partial: Partial): void {
    partial.state = 'held'
    this.#held.add(partial)
    const chunk = this.#geometry.chunkOfBlock(partial.block)
    this.#wait(chunk, 1)
    this.#tryRoot(chunk)
  }

  /** It waits no more: the layer is here, or there is no room for waiting. */
  #letGo(partial: Partial): void {
    const { block, digest } = partial
    this.#held.delete(partial)
    this.#wait(this.#geometry.chunkOfBlock(block), -1)
    partial.state = 'hashing'
    if (digest !== undefined) this.#judge(partial, this.#layers.confirms(block, digest))
  }

  #wait(chunk: number, step: number): void {
    const waiting = (this.#waiting.get(chunk) ?? 0) + step
    if (waiting === 0) this.#waiting.delete(chunk)
    else this.#waiting.set(chunk, waiting)
  }

  /** The block's hash is wrong: has it hashed again with other copies; false when there are none. */
  #retry(partial: Partial): boolean {
    const { block, at, symbolBytes } = partial
    const alternate = this.#alternates.next(block)
    if (alternate === undefined) return false
    partial.state = 'hashing'
    const blockBytes = this.#geometry.bytesOfBlock(block)
    const offset = alternate.symbol * symbolBytes
    const bytes = Math.min(symbolBytes, blockBytes - offset)
    this.#out.push({ type: 'swap', at: at + offset, spare: alternate.at, bytes })
    this.#out.push({ type: 'verify', block, at, bytes: blockBytes, spilled: [] })
    return true
  }

  #whole(
    block: number,
    bytes: number,
    origin: Origin,
    peer: number,
    move: (at: number) => void,
  ): void {
    const symbolBytes = this.#partials.get(block)?.symbolBytes ?? BLOCK_BYTES
    const partial = this.#open(block, symbolBytes)
    if (partial === undefined) return
    // The blame is this peer's alone: nothing is tried beside what it sent.
    this.#alternates.release(block)
    partial.mask = fullMask(symbolsInBlock(bytes, partial.symbolBytes))
    partial.bytesBy.multicast = 0
    partial.bytesBy.peer = 0
    partial.bytesBy.seeder = 0
    partial.bytesBy[origin] = bytes
    partial.giver = peer
    move(partial.at)
  }

  #part(
    block: number,
    offset: number,
    bytes: number,
    origin: Origin,
    move: (at: number) => void,
  ): void {
    const known = this.#partials.get(block)
    if (known === undefined || this.#distrusted.has(block)) return
    const partial = this.#open(block, known.symbolBytes)
    if (partial === undefined) return
    const first = offset / partial.symbolBytes
    const count = Math.ceil(bytes / partial.symbolBytes)
    const toEnd = offset + bytes === this.#geometry.bytesOfBlock(block)
    if (!Number.isInteger(first) || (!toEnd && bytes % partial.symbolBytes !== 0)) return
    const bits = (fullMask(count) << first) >>> 0
    if (((partial.mask | partial.spilled) & bits) !== 0) return
    partial.mask |= bits
    partial.fromPeers |= bits
    partial.bytesBy[origin] += bytes
    move(partial.at + offset)
  }

  /** Spills the oldest open block when the pool runs low; those held are not waited with then. */
  #makeRoom(): void {
    if (!this.#pool.low) return
    this.#recovery.drop()
    if (!this.#pool.low) return
    for (const partial of this.#held) return this.#letGo(partial)
    for (const partial of this.#spillable) {
      if (partial.mask === 0) continue
      if (!this.#keeps) return this.#forget(partial)
      partial.state = 'spilling'
      this.#spillable.delete(partial)
      const parts = runsOf(this.#geometry, partial, partial.mask)
      this.#out.push({ type: 'spill', block: partial.block, at: partial.at, parts })
      return
    }
  }

  #settleSpilled(partial: Partial): void {
    // Everything came while the spill was under way: it needs a place in the pool to be hashed.
    const bytes = this.#geometry.bytesOfBlock(partial.block)
    const full = fullMask(symbolsInBlock(bytes, partial.symbolBytes))
    if ((partial.spilled & full) === full && this.#open(partial.block, partial.symbolBytes))
      this.settle(partial.block)
  }

  /** `isKept`: what lies in the pool stays there. */
  #forget(partial: Partial, isKept = false): void {
    if (partial.at >= 0 && !isKept) this.#pool.free(partial.at)
    this.#spillable.delete(partial)
    this.#partials.delete(partial.block)
  }

  /** Compares a block, if it is claimed, with its leaf. */
  #check(chunk: number, block: number): void {
    const claimed = this.#claimed.get(block)
    if (claimed === undefined) return
    this.#claimed.delete(block)
    this.#wait(chunk, -1)
    if (this.#layers.confirms(block, claimed.digest)) this.#verify(block, claimed.bytesBy)
    else this.#mismatch(block, claimed)
  }

  #verify(block: number, bytesBy: Record<Origin, number>): void {
    this.#distrusted.delete(block)
    this.verified.add(block)
    this.verifiedBytes += this.#geometry.bytesOfBlock(block)
    for (const origin of ORIGINS) this.verifiedBytesBy[origin] += bytesBy[origin]
    this.#out.push({ type: 'verified', block, origins: originsOf(bytesBy) })
  }

  /** Without a layer: once every block of the chunk is hashed, their hashes are the layer. */
  #tryRoot(chunk: number): void {
    const count = this.#geometry.blocksOfChunk(chunk)
    if (this.#waiting.get(chunk) !== count) return
    const first = this.#geometry.firstBlockOfChunk(chunk)
    const leaves = new Uint8Array(32 * count)
    for (let i = 0; i < count; i++) leaves.set(this.#digestOf(first + i), 32 * i)
    if (this.#tree.layerMatches(chunk, leaves)) this.leaves(first, leaves)
    // One of them is wrong and nobody can tell which: the layer, asked of a peer, will say.
  }

  /** Of a block that waits for its layer. */
  #digestOf(block: number): Uint8Array {
    return (this.#claimed.get(block) ?? this.#partials.get(block))!.digest!
  }

  #mismatch(block: number, { bytesBy, giver }: Pick<Claimed, 'bytesBy' | 'giver'>): void {
    if (!this.#oneWay) this.#distrusted.add(block)
    this.#out.push({ type: 'mismatch', block, origins: originsOf(bytesBy), giver })
  }
}
