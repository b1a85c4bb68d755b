// Blocks under construction. Symbols from the blast and ranges from peers meet here: each is given
// its place in a pool, a whole block is hashed and written at once, and it becomes *verified* by its
// chunk's layer, or without one when all blocks of the chunk are claimed and their root matches.
// Nothing is servable or counted before that. Bytes never pass through: the shell moves them. What
// came first does not win: a second copy of a symbol is kept beside it until the block's hash is known.

import type { Bitmap } from '../base/bitmap.js'
import { BLOCK_BYTES } from '../base/limits.js'
import { DIGEST_BYTES } from '../base/merkle.js'
import { type Geometry, symbolsInBlock } from '../meta/geometry.js'
import type { Range } from '../wire/message.js'
import { Alternates } from './alternates.js'
import { type Claim, Claims } from './claims.js'
import { LayerCache, type Tree } from './layers.js'
import { Ledger } from './ledger.js'
import {
  blocksIn,
  fullMask,
  type Giver,
  isBlasted,
  makeWhole,
  type Origin,
  originsOf,
  type Partial,
  type Piece,
  runsOf,
} from './partial.js'
import { Partials } from './partials.js'
import { NO_ROOM, SINGLY, UNWANTED } from './placing.js'
import { Pool } from './pool.js'
import { Recovery, type Standing } from './recovery.js'
import { type Stretch, Stretches } from './stretches.js'
import { type AssemblyOut, Works } from './works.js'

export type { AssemblyOut, Origin, Piece, Tree }

/** Every symbol of a block. */
const ALL = 0xffff_ffff

export interface AssemblyManner {
  /** Nobody can be asked for anything, all must come by multicast; default false. */
  readonly oneWay?: boolean
  /** What is written can be read again; default true. */
  readonly keeps?: boolean
}

export class Assembly {
  readonly #geometry: Geometry
  readonly verified: Bitmap
  readonly ledger: Ledger
  readonly #pool: Pool
  readonly #oneWay: boolean
  readonly #keeps: boolean
  readonly #alternates: Alternates
  readonly #layers: LayerCache
  readonly recovery: Recovery
  readonly #partials: Partials
  readonly #claims: Claims
  /** Blocks that were wrong once: they come whole from one peer, so that blame is certain. */
  readonly #distrusted = new Set<number>()
  readonly #stretches: Stretches
  readonly #works = new Works()
  /** Blocks that were verified, and that their group has waited for. */
  readonly #ripe = new Set<number>()
  /** Blocks whose hash was right only with another copy of a symbol. */
  mendedBlocks = 0

  constructor(tree: Tree, verified: Bitmap, poolBytes: number, manner: AssemblyManner = {}) {
    const { oneWay = false, keeps = true } = manner
    this.#oneWay = oneWay
    this.#keeps = keeps
    this.#geometry = tree.geometry
    this.verified = verified
    this.ledger = new Ledger(tree.geometry, verified)
    this.#claims = new Claims(tree)
    this.#pool = new Pool(Math.max(16, Math.floor(poolBytes / BLOCK_BYTES)))
    this.#alternates = new Alternates(this.#pool)
    this.#layers = new LayerCache(tree)
    this.#partials = new Partials(tree.geometry, this.#pool, () => this.#makeRoom())
    const isHere = (block: number): boolean =>
      verified.has(block) || this.#partials.get(block)?.state === 'claimed'
    const standing = this.#standing.bind(this)
    const isSound = (block: number): boolean => isBlasted(this.#partials.get(block))
    this.recovery = new Recovery(tree.geometry, this.#pool, oneWay, { isHere, isSound, standing })
    this.#stretches = new Stretches(
      this.#geometry,
      this.#pool,
      block => !(verified.has(block) || this.#partials.has(block) || this.#distrusted.has(block)),
    )
  }

  /** Bytes that the shell's pool must have. */
  get poolBytes(): number {
    return this.#pool.count * BLOCK_BYTES
  }

  /** Bytes that wait for the disk or for hashing. */
  get busyBytes(): number {
    return this.#pool.busy * BLOCK_BYTES
  }

  /** All payload that has a place was moved there. */
  poll(): AssemblyOut | undefined {
    for (const block of this.#ripe) this.settleParity(block)
    this.#ripe.clear()
    return this.#works.poll()
  }

  /** The block is neither verified nor complete and on its way to be. */
  isMissing(block: number): boolean {
    if (this.verified.has(block) || this.#stretches.has(block)) return false
    const state = this.#partials.get(block)?.state
    return state === undefined || state === 'open' || state === 'spilling'
  }

  /** It is missing, and may come by multicast: one that was wrong once comes whole from one peer. */
  isAwaited(block: number): boolean {
    return this.isMissing(block) && !this.#distrusted.has(block)
  }

  /** Chunks with blocks that are not verified only because the layer has not come. */
  chunksWithoutLayer(): Iterable<number> {
    return this.#claims.chunks()
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
    const known = this.#partials.get(block)
    if (this.#stretches.has(block)) return UNWANTED
    if (this.verified.has(block) || known?.state === 'claimed')
      return this.recovery.echo(block, first, count, symbolBytes) ?? UNWANTED
    if (this.#distrusted.has(block)) return UNWANTED
    this.recovery.expect(block, symbolBytes)
    const partial = this.#partials.open(block, symbolBytes, known)
    if (partial === undefined) return this.isMissing(block) ? NO_ROOM : UNWANTED
    if (partial.symbolBytes !== symbolBytes) return UNWANTED
    const bits = (fullMask(count) << first) >>> 0
    if (((partial.mask | partial.spilled) & bits) !== 0)
      return count > 1 ? SINGLY : this.#again(partial, first)
    partial.mask |= bits
    return partial.at + first * symbolBytes
  }

  /**
   * As `symbols`, of all symbols of full blocks of one chunk, [first, first + count), from the blast or a
   * peer: or SINGLY.
   */
  blocks(first: number, count: number, giver?: Giver): number {
    if (!this.recovery.isIdle) return SINGLY
    return this.#stretches.take(first, count, giver) ?? SINGLY
  }

  /** A row of parity of the group that begins with `block`: where it belongs, or UNWANTED. */
  parity(block: number, row: number, symbolBytes: number): number {
    return this.recovery.place(block, row, symbolBytes) ?? UNWANTED
  }

  /** Call after the payload of a row was moved: restores what the rows of a block's group suffice for. */
  settleParity(ofBlock: number): void {
    const recover = this.recovery.recover(ofBlock)
    if (recover === undefined) return
    this.#works.add(recover)
    const { symbolBytes, missing } = recover
    for (const [i, block] of missing.blocks.entries()) {
      const partial = this.#partials.get(block)
      // One that is on disk only lent its symbols.
      if (partial === undefined || partial.at < 0) continue
      partial.mask = (partial.mask | (1 << ((missing.at[i] - partial.at) / symbolBytes))) >>> 0
    }
    for (const block of new Set(missing.blocks)) this.settle(block)
    this.recovery.finish(ofBlock)
  }

  /** Call after the payload of `blocks` was moved. */
  settleBlocks(): void {
    for (const stretch of this.#stretches.settle()) this.#works.hash(stretch)
  }

  /** Call after the payload of symbols was moved: a block that is whole goes to be hashed. */
  settle(block: number): void {
    const partial = this.#partials.get(block)
    if (partial === undefined || partial.state !== 'open') return
    const full = fullMask(symbolsInBlock(partial.bytes, partial.symbolBytes))
    const isWhole = ((partial.mask | partial.spilled) & full) >>> 0 === full
    if (!isWhole) return this.#partials.rests(partial)
    partial.state = 'hashing'
    this.#partials.moves(partial)
    const missing = partial.spilled & ~partial.mask
    if (missing === 0) return void this.#works.hash(partial)
    const spilled = runsOf(partial, missing)
    this.#works.add({ type: 'fill', block, at: partial.at, spilled })
  }

  /** All of a block that `fill` asked for lies in the pool. */
  filled(block: number): void {
    const partial = this.#partials.get(block)
    if (partial?.state === 'hashing') this.#works.hash(partial)
  }

  /**
   * A range from a peer: calls `move` for each stretch that is wanted, with its position in the pool
   * and in the range. Whole blocks are always welcome; parts only on the symbol grid in use.
   */
  range(range: Range, giver: Giver, move: (at: number, from: number, bytes: number) => void): void {
    let from = 0
    let block = range.block
    let offset = range.offsetBytes
    while (from < range.lengthBytes) {
      const left = range.lengthBytes - from
      const count =
        offset > 0 ? 0 : this.#geometry.fullBlocks(block, Math.floor(left / BLOCK_BYTES))
      const stretchAt = count > 1 ? this.blocks(block, count, giver) : SINGLY
      if (stretchAt >= 0) {
        move(stretchAt, from, count * BLOCK_BYTES)
        from += count * BLOCK_BYTES
        block += count
        continue
      }
      const blockBytes = this.#geometry.bytesOfBlock(block)
      const bytes = Math.min(blockBytes - offset, left)
      if (this.isMissing(block)) {
        if (bytes === blockBytes) this.#all(block, giver, at => move(at, from, bytes))
        else this.#part(block, offset, bytes, giver.origin, at => move(at, from, bytes))
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
    return runsOf(partial, fullMask(symbolsInBlock(bytes, partial.symbolBytes)) & ~have)
  }

  /** The hashes of the blocks that `verify` asked for, one after another. */
  hashed(pieces: readonly Piece[], digests: Uint8Array): void {
    let at = 0
    for (const piece of pieces) {
      const partial = this.#partials.get(piece.block)
      if (this.#stretches.owns(piece)) this.#hashedStretch(piece, digests, at)
      else if (partial === piece && partial.state === 'hashing') this.#hashed(partial, digests, at)
      at += DIGEST_BYTES * blocksIn(piece)
    }
  }

  /** These blocks stand in their part files. */
  written(pieces: readonly Piece[]): void {
    const written: Partial[] = []
    // The last one first: so the next blocks lie in the pool in their order.
    for (let i = pieces.length - 1; i >= 0; i--) {
      const piece = pieces[i]
      const partial = this.#partials.get(piece.block)
      if (this.#stretches.owns(piece)) this.#writtenStretch(piece)
      else if (partial === piece && partial.state === 'writing') {
        written.push(partial)
        if (!this.recovery.keep(partial.block, partial.at)) this.#pool.free(partial.at)
        partial.at = -1
      }
    }
    for (const partial of written.reverse()) {
      if (partial.isRight) this.#verify(partial)
      else this.#claim(partial, 'claimed')
    }
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
    // Everything may have come meanwhile: it needs a place in the pool to be hashed.
    const { bytes, symbolBytes, spilled } = partial
    const full = fullMask(symbolsInBlock(bytes, symbolBytes))
    if ((spilled & full) >>> 0 === full && this.#partials.open(block, symbolBytes, partial))
      this.settle(block)
  }

  /** Leaves of a chunk, from the leaf of `block` on; whole layers go the same way. */
  leaves(block: number, leaves: Uint8Array): void {
    const chunk = this.#geometry.chunkOfBlock(block)
    if (!this.#layers.add(chunk, block, leaves)) return
    for (const claim of this.#claims.of(chunk)) {
      if ('state' in claim && claim.state === 'held') this.#letGo(claim)
      else this.#check(claim)
    }
  }

  // ---- inside

  /** What is in the pool of a block that may still be restored; one of which nothing came gets room. */
  #standing(block: number, symbolBytes: number): Standing | undefined {
    const known = this.#partials.get(block)
    const isNew = known === undefined && this.isAwaited(block)
    const partial = isNew ? this.#partials.open(block, symbolBytes) : known
    if (partial === undefined || partial.at < 0 || partial.state === 'spilling') return undefined
    if (partial.spilled !== 0 || partial.symbolBytes !== symbolBytes) return undefined
    return { at: partial.at, mask: partial.state === 'open' ? partial.mask : ALL }
  }

  /** Another copy of a symbol: kept when the copy before it is the blast's too. */
  #again(partial: Partial, symbol: number): number {
    if ((partial.fromPeers & (1 << symbol)) !== 0) return UNWANTED
    return this.#alternates.add(partial.block, symbol, partial.symbolBytes) ?? UNWANTED
  }

  #hashed(partial: Partial, digests: Uint8Array, from: number): void {
    const isRight = this.#layers.confirms(partial.block, digests, from)
    if (isRight === undefined) {
      partial.digest = digests.slice(from, from + DIGEST_BYTES)
      if (this.#alternates.has(partial.block)) return this.#claim(partial, 'held')
    }
    this.#judge(partial, isRight)
  }

  /** All of it is right, or may be, or each block goes its own way. */
  #hashedStretch(stretch: Stretch, digests: Uint8Array, from: number): void {
    const count = blocksIn(stretch)
    const isRight = this.#layers.confirms(stretch.block, digests, from, count)
    if (isRight === undefined) stretch.digest = digests.slice(from, from + DIGEST_BYTES * count)
    if (isRight !== false) return this.#works.write(stretch)
    for (const [i, partial] of this.#split(stretch).entries())
      this.#hashed(partial, digests, from + DIGEST_BYTES * i)
  }

  #writtenStretch(stretch: Stretch): void {
    this.#pool.freeRun(stretch.at, blocksIn(stretch))
    stretch.at = -1
    if (stretch.digest === undefined) this.#verifyStretch(stretch)
    else this.#claimed(stretch)
  }

  #verifyStretch(stretch: Stretch): void {
    this.#stretches.leave(stretch)
    this.ledger.stretch(stretch)
    this.#works.tellStretch(stretch)
  }

  #split(stretch: Stretch): Partial[] {
    const partials = this.#stretches.split(stretch)
    this.#partials.adopt(partials)
    return partials
  }

  /** It is hashed, and the layer says that it is right or wrong, or is not here. */
  #judge(partial: Partial, isRight: boolean | undefined): void {
    const { block } = partial
    const wrong = isRight === false
    if (wrong && this.#retry(partial)) return
    if (!wrong && this.#alternates.triedAny(block)) this.mendedBlocks++
    this.#alternates.release(block)
    if (wrong) return this.#distrust(partial)
    partial.state = 'writing'
    partial.isRight = isRight === true
    this.#works.write(partial)
  }

  /** It waits no more: the layer is here, or there is no room for waiting. */
  #letGo(partial: Partial): void {
    const { block, digest } = partial
    this.#claims.delete(partial)
    partial.state = 'hashing'
    if (digest !== undefined) this.#judge(partial, this.#layers.confirms(block, digest))
  }

  /** The block's hash is wrong: has it hashed again with other copies; false when there are none. */
  #retry(partial: Partial): boolean {
    const { block, at, symbolBytes } = partial
    const alternate = this.#alternates.next(block)
    if (alternate === undefined) return false
    partial.state = 'hashing'
    const offset = alternate.symbol * symbolBytes
    const bytes = Math.min(symbolBytes, partial.bytes - offset)
    this.#works.add({ type: 'swap', at: at + offset, spare: alternate.at, bytes })
    this.#works.hash(partial)
    return true
  }

  #all(block: number, giver: Giver, move: (at: number) => void): void {
    const known = this.#partials.get(block)
    const partial = this.#partials.open(block, known?.symbolBytes ?? BLOCK_BYTES, known)
    if (partial === undefined) return
    // The blame is this peer's alone: nothing is tried beside what it sent.
    this.#alternates.release(block)
    makeWhole(partial, giver)
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
    const partial = this.#partials.open(block, known.symbolBytes, known)
    if (partial === undefined) return
    const first = offset / partial.symbolBytes
    const count = Math.ceil(bytes / partial.symbolBytes)
    const toEnd = offset + bytes === this.#geometry.bytesOfBlock(block)
    if (!Number.isInteger(first) || (!toEnd && bytes % partial.symbolBytes !== 0)) return
    const bits = (fullMask(count) << first) >>> 0
    if (((partial.mask | partial.spilled) & bits) !== 0) return
    partial.mask |= bits
    partial.fromPeers |= bits
    if (origin === 'peer') partial.peerBytes += bytes
    else partial.seederBytes += bytes
    move(partial.at + offset)
  }

  /** Spills the oldest open block when the pool runs low; those held are not waited with then. */
  #makeRoom(): void {
    if (!this.#pool.low) return
    this.recovery.drop()
    if (!this.#pool.low) return
    const { held } = this.#claims
    if (held !== undefined) return this.#letGo(held)
    const { oldest } = this.#partials
    if (oldest === undefined) return
    if (!this.#keeps) {
      this.#alternates.release(oldest.block)
      return this.#partials.drop(oldest)
    }
    oldest.state = 'spilling'
    this.#partials.moves(oldest)
    const parts = runsOf(oldest, oldest.mask)
    this.#works.add({ type: 'spill', block: oldest.block, at: oldest.at, parts })
  }

  /** Its layer will tell whether it is right, or which copies are; it may have come meanwhile. */
  #claim(partial: Partial, state: 'claimed' | 'held'): void {
    partial.state = state
    this.#claimed(partial)
  }

  #claimed(claim: Claim): void {
    this.#claims.add(claim)
    if (this.#layers.has(this.#geometry.chunkOfBlock(claim.block))) this.#check(claim)
    else this.#tryRoot(claim.block)
  }

  /** Compares claimed blocks with their leaves. */
  #check(claim: Claim): void {
    this.#claims.delete(claim)
    const isStretch = this.#stretches.owns(claim)
    if (this.#layers.confirms(claim.block, claim.digest!, 0, blocksIn(claim)))
      return isStretch ? this.#verifyStretch(claim) : this.#verify(claim as Partial)
    if (isStretch) for (const partial of this.#split(claim)) this.#check(partial)
    else this.#distrust(claim as Partial)
  }

  #verify(partial: Partial): void {
    this.#partials.drop(partial)
    this.#distrusted.delete(partial.block)
    this.ledger.block(partial)
    this.#works.tell(partial)
    if (this.recovery.waitsFor(partial.block)) this.#ripe.add(partial.block)
  }

  /** Without a layer: once every block of the chunk is hashed, their hashes are the layer. */
  #tryRoot(block: number): void {
    const chunk = this.#geometry.chunkOfBlock(block)
    const leaves = this.#claims.leavesOf(chunk)
    if (leaves !== undefined) this.leaves(this.#geometry.firstBlockOfChunk(chunk), leaves)
  }

  /** It is wrong: it begins anew, and comes whole from one peer. */
  #distrust(partial: Partial): void {
    const { block, giver } = partial
    this.#partials.drop(partial)
    this.recovery.forget(block)
    if (!this.#oneWay) this.#distrusted.add(block)
    this.#works.add({ type: 'mismatch', block, origins: originsOf(partial), giver })
  }
}
