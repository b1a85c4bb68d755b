// A receiver's bytes without bytes: for each place in the core's pool, which block lies there and
// which of its bytes have come, right or wrong; and for each block on disk, whether it is right. So a
// block that the core verifies without having all of it, or serves without holding it, is caught.
// Most blocks come from their beginning on and right: of those only the place and the end are kept, in
// arrays; a thousand receivers do not fit the processor's caches otherwise.

import { Bitmap } from '../../src/core/base/bitmap.js'
import { BLOCK_BYTES } from '../../src/core/base/limits.js'
import { RangeSet } from '../../src/core/base/ranges.js'
import { blocksIn, type Piece } from '../../src/core/session/partial.js'
import type { Range } from '../../src/core/wire/message.js'
import { RIGHT, type Storage } from './storage.js'

interface Slot {
  readonly index: number
  block: number
  readonly bytes: RangeSet
  /** Those of `bytes` that are not what the meta says. */
  readonly wrong: RangeSet
  /** Hashed and found wrong: the core may have given the place away. */
  refused: boolean
  /** Holds second copies of a block that lies elsewhere; given away when the core likes. */
  spare: boolean
}

export class Content {
  /** Of a place where nothing but the beginning of one block lies, all of it right: which, or -1. */
  #blocks = new Int32Array(64).fill(-1)
  /** And how many bytes of it. */
  #ends = new Uint16Array(64)
  /** Which blocks lie so. */
  readonly #plain: Bitmap
  /** All other places that hold something. */
  readonly #slots = new Map<number, Slot>()
  /** The one of them where a block is put together, by block. */
  readonly #homes = new Map<number, Slot>()
  readonly #spilled = new Map<number, { bytes: RangeSet; wrong: RangeSet }>()
  readonly #storage: Storage
  readonly #hashedWrong = new Set<number>()
  /** What the core did that it must not do. */
  readonly problems: string[] = []

  constructor(storage: Storage) {
    this.#storage = storage
    this.#plain = new Bitmap(storage.blocks.length)
  }

  holds(block: number): boolean {
    return this.#storage.blocks[block] === RIGHT
  }

  /** Bytes of `block` that belong at `offset` of it come to rest at a position of the pool. */
  put(at: number, bytes: number, block: number, wrong: boolean, offset = at % BLOCK_BYTES): void {
    if (!wrong && this.#spilled.size === 0 && this.#putPlainly(at, bytes, block, offset)) return
    const slot = this.#slotAt(at)
    if (this.#plain.has(block)) this.#slotAt(this.#blocks.indexOf(block) * BLOCK_BYTES)
    const isAtHome = slot.block === block && !slot.refused && !slot.spare
    if (!isAtHome || this.#spilled.size > 0) this.#settleIn(slot, block, offset)
    if (bytes > BLOCK_BYTES - (at % BLOCK_BYTES)) this.problems.push(`block ${block} overflows`)
    slot.bytes.add(at % BLOCK_BYTES, bytes)
    if (wrong) slot.wrong.add(at % BLOCK_BYTES, bytes)
    else if (slot.wrong.total > 0) slot.wrong.delete(at % BLOCK_BYTES, bytes)
  }

  /** True when it begins a block in an empty place, or goes on with one that was begun so. */
  #putPlainly(at: number, bytes: number, block: number, offset: number): boolean {
    const index = Math.floor(at / BLOCK_BYTES)
    const from = at % BLOCK_BYTES
    if (index >= this.#blocks.length) this.#grow(index)
    if (from !== offset || from + bytes > BLOCK_BYTES) return false
    const held = this.#blocks[index]
    if (held === block ? this.#ends[index] !== from : held >= 0 || from > 0) return false
    if (held < 0) {
      if (this.#plain.has(block) || this.#homes.has(block) || this.#slots.has(index)) return false
      this.#plain.add(block)
      this.#blocks[index] = block
    }
    this.#ends[index] = from + bytes
    return true
  }

  #grow(index: number): void {
    const [blocks, ends] = [this.#blocks, this.#ends]
    this.#blocks = new Int32Array(2 * index).fill(-1)
    this.#ends = new Uint16Array(2 * index)
    this.#blocks.set(blocks)
    this.#ends.set(ends)
  }

  /** Makes the slot one of this block: its home, or a place for second copies. */
  #settleIn(slot: Slot, block: number, offset: number): void {
    // What was refused comes again, and perhaps elsewhere.
    const known = this.#homes.get(block)
    const isCopy = (this.#spilled.get(block)?.bytes.countIn(offset, 1) ?? 0) > 0
    // What was spilled and comes once more is a copy, though nothing else of the block lies here.
    const none = isCopy ? undefined : slot
    const home = known === undefined || known.refused ? none : known
    if (slot.block === block && !slot.refused && slot.spare === (home !== slot)) return
    if (slot.block >= 0 && !slot.refused && !slot.spare)
      this.problems.push(`block ${block} overwrote block ${slot.block}`)
    this.#clear(slot)
    slot.block = block
    slot.spare = home !== slot
    if (home !== undefined) this.#homes.set(block, home)
  }

  /** Spilled parts of a block come back to the pool. */
  fill(block: number, at: number, spilled: readonly Range[]): void {
    // All of it may have been spilled: then it comes to this place from the disk alone.
    this.put(at, 0, block, false, -1)
    const slot = this.#slot(at, block)
    const old = this.#spilled.get(block)
    for (const range of spilled) {
      if (old?.bytes.countIn(range.offsetBytes, range.lengthBytes) !== range.lengthBytes)
        this.problems.push(`block ${block} was spilled less than the core thinks`)
      slot.bytes.add(range.offsetBytes, range.lengthBytes)
      copyIn(old?.wrong, slot.wrong, range.offsetBytes, range.lengthBytes, 0)
    }
    this.#spilled.delete(block)
  }

  /** Calls `each` for the blocks of a piece that are not as the meta says; all of it must be there. */
  wrongIn({ block, at, bytes }: Piece, each: (index: number) => void): void {
    for (let i = 0, left = bytes; left > 0; i++, left -= BLOCK_BYTES)
      if (!this.#isRight(block + i, at + i * BLOCK_BYTES, Math.min(left, BLOCK_BYTES))) each(i)
  }

  #isRight(block: number, at: number, bytes: number): boolean {
    const index = Math.floor(at / BLOCK_BYTES)
    if (this.#blocks[index] === block && this.#ends[index] === bytes) {
      if (this.#hashedWrong.size > 0) this.#hashedWrong.delete(block)
      return true
    }
    const slot = this.#slot(at, block)
    if (slot.bytes.countIn(0, bytes) !== bytes)
      this.problems.push(
        `block ${block} is hashed, but ${slot.bytes.total} of ${bytes} B are there`,
      )
    const isWrong = slot.wrong.countIn(0, bytes) > 0
    slot.refused = isWrong
    if (isWrong) this.#hashedWrong.add(block)
    else this.#hashedWrong.delete(block)
    return !isWrong
  }

  /** A copy of a symbol is exchanged with what lies at its place: right or wrong changes with it. */
  swap(at: number, spare: number, bytes: number): void {
    const [slot, copies] = [this.#slotAt(at), this.#slotAt(spare)]
    const isThere =
      copies.spare &&
      copies.block === slot.block &&
      copies.bytes.countIn(spare % BLOCK_BYTES, bytes) === bytes
    if (!isThere) {
      this.problems.push(`no copy of block ${slot.block} lies in the pool at ${spare}`)
      return
    }
    const [home, copy] = [at % BLOCK_BYTES, spare % BLOCK_BYTES]
    const held = new RangeSet()
    copyIn(slot.wrong, held, home, bytes, 0)
    copyIn(copies.wrong, slot.wrong, copy, bytes, home - copy)
    copyIn(held, copies.wrong, home, bytes, copy - home)
  }

  write(piece: Piece): void {
    const blocks = blocksIn(piece)
    for (let i = 0; i < blocks; i++) this.#write(piece.block + i, piece.at + i * BLOCK_BYTES)
  }

  #write(block: number, at: number): void {
    this.#storage.write(block, !this.#hashedWrong.has(block))
    const index = Math.floor(at / BLOCK_BYTES)
    if (this.#blocks[index] === block) {
      this.#takeFrom(index)
      return
    }
    this.#clear(this.#slot(at, block))
    this.#slots.delete(index)
  }

  spill(block: number, at: number, parts: readonly Range[]): void {
    const slot = this.#slot(at, block)
    const spilled = this.#spilled.get(block) ?? nothingSpilled()
    for (const { offsetBytes, lengthBytes } of parts) {
      spilled.bytes.add(offsetBytes, lengthBytes)
      copyIn(slot.wrong, spilled.wrong, offsetBytes, lengthBytes, 0)
    }
    this.#spilled.set(block, spilled)
    this.#clear(slot)
    this.#slots.delete(slot.index)
  }

  #slot(at: number, block: number): Slot {
    const slot = this.#slotAt(at)
    if (slot.block === block) return slot
    this.problems.push(`nothing of block ${block} lies in the pool at ${at}`)
    return nothingOf(-1, block)
  }

  /** What lies there, in detail. */
  #slotAt(at: number): Slot {
    const index = Math.floor(at / BLOCK_BYTES)
    const known = this.#slots.get(index)
    if (known !== undefined) return known
    const block = this.#blocks[index] ?? -1
    const slot = nothingOf(index, block)
    this.#slots.set(index, slot)
    if (block < 0) return slot
    slot.bytes.add(0, this.#ends[index])
    this.#homes.set(block, slot)
    this.#takeFrom(index)
    return slot
  }

  /** What lies there plainly does so no more. */
  #takeFrom(index: number): void {
    this.#plain.delete(this.#blocks[index])
    this.#blocks[index] = -1
  }

  #clear(slot: Slot): void {
    if (this.#homes.get(slot.block) === slot) this.#homes.delete(slot.block)
    slot.block = -1
    slot.bytes.clear()
    slot.wrong.clear()
    slot.refused = false
    slot.spare = false
  }
}

function nothingOf(index: number, block: number): Slot {
  const [bytes, wrong] = [new RangeSet(), new RangeSet()]
  return { index, block, bytes, wrong, refused: false, spare: false }
}

function nothingSpilled(): { bytes: RangeSet; wrong: RangeSet } {
  return { bytes: new RangeSet(), wrong: new RangeSet() }
}

/** Makes [at, at + bytes) of `to`, moved by `by`, what it is in `from`. */
function copyIn(
  from: RangeSet | undefined,
  to: RangeSet | undefined,
  at: number,
  bytes: number,
  by: number,
): void {
  to?.delete(at + by, bytes)
  for (const run of from?.runs() ?? []) {
    const first = Math.max(at, run.first)
    to?.add(first + by, Math.min(at + bytes, run.first + run.count) - first)
  }
}
