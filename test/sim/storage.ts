// What outlives a process on a simulated host: which blocks its files hold, in the system's cache and
// on the medium, and the journal, in the real one's bytes. Saving goes as in src/io/disk: take a
// snapshot, sync what was written, then put the journal in the old one's place. `kill` leaves the
// cache; a power cut leaves of the unsynced what it likes. A torn journal is as good as none: then
// complete chunks are found by their hashes.

import { Bitmap } from '../../src/core/base/bitmap.js'
import type { Prng } from '../../src/core/base/prng.js'
import type { Geometry } from '../../src/core/meta/geometry.js'
import { decodeJournal, encodeJournal } from '../../src/io/disk/journal.js'

export const ABSENT = 0
export const RIGHT = 1
export const WRONG = 2

export type Crash = 'kill' | 'power' | 'power-torn-journal'

export class Storage {
  readonly #id: string
  readonly #geometry: Geometry
  /** Per block, as programs see it. */
  readonly blocks: Uint8Array
  readonly #medium: Uint8Array
  #dirty: Bitmap
  readonly #finished = new Set<number>()
  #journal: Uint8Array | undefined
  readonly problems: string[] = []

  constructor(id: string, geometry: Geometry) {
    this.#id = id
    this.#geometry = geometry
    this.blocks = new Uint8Array(geometry.blockCount)
    this.#medium = new Uint8Array(geometry.blockCount)
    this.#dirty = new Bitmap(geometry.blockCount)
  }

  write(block: number, isRight: boolean): void {
    this.blocks[block] = isRight ? RIGHT : WRONG
    this.#dirty.add(block)
  }

  /** Begins a sync; call the result when the disk has done it. */
  sync(): () => void {
    const dirty = this.#dirty
    this.#dirty = new Bitmap(this.#geometry.blockCount)
    return () => {
      for (let block = dirty.nextSet(0); block >= 0; block = dirty.nextSet(block + 1))
        this.#medium[block] = this.blocks[block]
    }
  }

  /** The journal is in its place: it must claim nothing that the medium has not. */
  journal(snapshot: Uint8Array): void {
    const { blockCount } = this.#geometry
    this.#journal = encodeJournal(this.#id, blockCount, snapshot)
    const claimed = Bitmap.from(blockCount, snapshot)
    for (let block = claimed.nextSet(0); block >= 0; block = claimed.nextSet(block + 1))
      if (this.#medium[block] !== RIGHT)
        this.problems.push(`the journal claims block ${block}, which is not on the disk`)
  }

  /** The file is synced and has its final name. */
  finish(file: number): void {
    const first = this.#geometry.firstBlockOfFile(file)
    for (let i = 0; i < this.#geometry.blocksOfFile(file); i++)
      this.#medium[first + i] = this.blocks[first + i]
    this.#finished.add(file)
  }

  crash(how: Crash, prng: Prng): void {
    if (how === 'kill') {
      // What the system has not written yet, it still has to; a sync under way was not waited for.
      for (const [block, state] of this.blocks.entries())
        if (state !== this.#medium[block]) this.#dirty.add(block)
      return
    }
    for (const [block, state] of this.blocks.entries())
      if (state !== this.#medium[block] && prng.unit() < 0.5)
        this.blocks[block] = this.#medium[block]
    this.#medium.set(this.blocks)
    this.#dirty = new Bitmap(this.#geometry.blockCount)
    if (how === 'power-torn-journal' && this.#journal)
      this.#journal = this.#journal.slice(0, prng.below(this.#journal.length))
  }

  /** What the next process finds. */
  open(): { verified: Bitmap; finishedFiles: Set<number>; byJournal: boolean } {
    const { blockCount } = this.#geometry
    const journal = this.#journal && decodeJournal(this.#journal, this.#id, blockCount)
    const verified = journal ? Bitmap.from(blockCount, journal) : this.#hashed()
    for (const file of this.#finished)
      verified.addRange(this.#geometry.firstBlockOfFile(file), this.#geometry.blocksOfFile(file))
    for (let block = verified.nextSet(0); block >= 0; block = verified.nextSet(block + 1))
      if (this.blocks[block] !== RIGHT)
        this.problems.push(`block ${block} is believed, but not there`)
    return { verified, finishedFiles: new Set(this.#finished), byJournal: journal !== undefined }
  }

  #hashed(): Bitmap {
    const verified = new Bitmap(this.#geometry.blockCount)
    for (let chunk = 0; chunk < this.#geometry.chunkCount; chunk++) {
      const first = this.#geometry.firstBlockOfChunk(chunk)
      const count = this.#geometry.blocksOfChunk(chunk)
      if (this.blocks.subarray(first, first + count).every(state => state === RIGHT))
        verified.addRange(first, count)
    }
    return verified
  }
}
