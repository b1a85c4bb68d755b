// A receiver's bytes without bytes: for each place in the core's pool, which block lies there and
// which of its bytes have come, right or wrong; and for each block on disk, whether it is right. So a
// block that the core verifies without having all of it, or serves without holding it, is caught.

import { BLOCK_BYTES } from '../../src/core/base/limits.js'
import { RangeSet } from '../../src/core/base/ranges.js'
import type { Piece } from '../../src/core/session/assembly.js'
import type { Range } from '../../src/core/wire/message.js'
import { ABSENT, RIGHT, type Storage, WRONG } from './storage.js'

interface Slot {
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
  /** By place in the pool. */
  readonly #slots: (Slot | undefined)[] = []
  /** The slot where a block is put together, by block. */
  readonly #homes = new Map<number, Slot>()
  readonly #spilled = new Map<number, { bytes: RangeSet; wrong: RangeSet }>()
  readonly #storage: Storage
  readonly #hashedWrong = new Set<number>()
  /** What the core did that it must not do. */
  readonly problems: string[] = []

  constructor(storage: Storage) {
    this.#storage = storage
  }

  holds(block: number): boolean {
    return this.#storage.blocks[block] === RIGHT
  }

  /** Bytes of `block` that belong at `offset` of it come to rest at a position of the pool. */
  put(at: number, bytes: number, block: number, wrong: boolean, offset = at % BLOCK_BYTES): void {
    const index = Math.floor(at / BLOCK_BYTES)
    let slot = this.#slots[index]
    if (slot === undefined) {
      slot = nothingOf(-1)
      this.#slots[index] = slot
    }
    const isAtHome = slot.block === block && !slot.refused && !slot.spare
    if (!isAtHome || this.#spilled.size > 0) this.#settleIn(slot, block, offset)
    if (bytes > BLOCK_BYTES - (at % BLOCK_BYTES)) this.problems.push(`block ${block} overflows`)
    slot.bytes.add(at % BLOCK_BYTES, bytes)
    if (wrong) slot.wrong.add(at % BLOCK_BYTES, bytes)
    else if (slot.wrong.total > 0) slot.wrong.delete(at % BLOCK_BYTES, bytes)
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

  /** Whether a block that is hashed is as the meta says, given that all of it is there. */
  isRight({ block, at, bytes }: Piece): boolean {
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
    const slot = this.#slots[Math.floor(at / BLOCK_BYTES)]
    const copies = this.#slots[Math.floor(spare / BLOCK_BYTES)]
    const isThere =
      copies?.spare &&
      copies.block === slot?.block &&
      copies.bytes.countIn(spare % BLOCK_BYTES, bytes) === bytes
    if (!isThere || slot === undefined) {
      this.problems.push(`no copy of block ${slot?.block} lies in the pool at ${spare}`)
      return
    }
    const [home, copy] = [at % BLOCK_BYTES, spare % BLOCK_BYTES]
    const held = new RangeSet()
    copyIn(slot.wrong, held, home, bytes, 0)
    copyIn(copies?.wrong, slot.wrong, copy, bytes, home - copy)
    copyIn(held, copies?.wrong, home, bytes, copy - home)
  }

  write(block: number, at: number): void {
    this.#storage.write(block, !this.#hashedWrong.has(block))
    this.#clear(this.#slot(at, block))
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
  }

  /** The core says that the block is right. */
  verify(block: number): void {
    const state = this.#storage.blocks[block]
    if (state === ABSENT) this.problems.push(`block ${block} is verified, but not on disk`)
    if (state === WRONG) this.problems.push(`block ${block} is verified, but wrong`)
  }

  #slot(at: number, block: number): Slot {
    const slot = this.#slots[Math.floor(at / BLOCK_BYTES)]
    if (slot?.block === block) return slot
    this.problems.push(`nothing of block ${block} lies in the pool at ${at}`)
    return nothingOf(block)
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

function nothingOf(block: number): Slot {
  const [bytes, wrong] = [new RangeSet(), new RangeSet()]
  return { block, bytes, wrong, refused: false, spare: false }
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
