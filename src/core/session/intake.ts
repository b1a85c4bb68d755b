// What the blast brings, run by run: each datagram is counted with its transmitter and given its place
// in the pool, before anybody touches its payload. At a gigabit this is done 90,000 times a second.

import { BLOCK_BYTES } from '../base/limits.js'
import type { Micros } from '../base/machine.js'
import type { Geometry } from '../meta/geometry.js'
import { type Batch, fullSymbols, NOWHERE, TAKEN } from '../multicast/batch.js'
import type { Stream } from '../multicast/stream.js'
import { DATAGRAM, FEC_CODE, HEADER_BYTES } from '../wire/datagram.js'
import type { Assembly } from './assembly.js'
import { NO_ROOM, SINGLY } from './placing.js'
import type { Transmitters } from './transmitters.js'

export class Intake {
  readonly #geometry: Geometry
  readonly #assembly: Assembly
  readonly #transmitters: Transmitters
  #touched: number[] = []
  /** First blocks of groups whose rows came. */
  #coded: number[] = []

  constructor(geometry: Geometry, assembly: Assembly, transmitters: Transmitters) {
    this.#geometry = geometry
    this.#assembly = assembly
    this.#transmitters = transmitters
  }

  /** Datagrams [from, to) of the batch, as heard: each gets its `place`. */
  take(batch: Batch, from: number, to: number, now: Micros): void {
    batch.place.fill(NOWHERE, from, to)
    for (let i = from; i < to; ) {
      const end = batch.runEnd(i, to)
      this.#take(batch, i, end, now)
      i = end
    }
  }

  /** The payloads have been moved: blocks that are whole now go to be hashed. */
  settle(): void {
    this.#assembly.settleBlocks()
    if (this.#touched.length > 0) {
      for (const block of this.#touched) this.#assembly.settle(block)
      this.#touched = []
    }
    if (this.#coded.length === 0) return
    for (const block of this.#coded) this.#assembly.settleParity(block)
    this.#coded = []
  }

  #take(batch: Batch, from: number, to: number, now: Micros): void {
    const stream = this.#transmitters.hear(batch, from, to, now)
    if (stream === undefined) return
    const type = batch.type[from]
    const block = batch.block[from]
    if (block >= this.#geometry.blockCount) return
    if (type === DATAGRAM.data) {
      stream.at(Math.min(batch.block[to - 1], this.#geometry.blockCount - 1), to - from, now)
      this.#data(stream, batch, from, to)
    } else if (type === DATAGRAM.layer) {
      stream.at(block, 1, now)
      const bytes = batch.bytes[from] - (batch.bytes[from] % 32)
      this.#assembly.leaves(block, batch.payloadOf(from, bytes))
      batch.place[from] = TAKEN
    } else if (type === DATAGRAM.parity) {
      this.#code(stream, batch, from)
    }
  }

  /** A row of parity: what it is for has just been passed, but may not be asked for yet. */
  #code(stream: Stream, batch: Batch, i: number): void {
    const symbolBytes = batch.symbolBytes[i]
    if (batch.fecCode[i] !== FEC_CODE || batch.bytes[i] !== symbolBytes) return
    const block = batch.block[i]
    batch.place[i] = this.#assembly.parity(block, batch.symbol[i], symbolBytes)
    batch.placeBytes[i] = symbolBytes
    stream.grainBlocks = this.#assembly.recovery.grainBlocks
    if (this.#coded[this.#coded.length - 1] !== block) this.#coded.push(block)
  }

  /** A run, which may go through several blocks. */
  #data(stream: Stream, batch: Batch, from: number, to: number): void {
    const full = fullSymbols(batch.symbolBytes[from])
    for (let i = from; i < to; ) {
      if (batch.block[i] >= this.#geometry.blockCount) return
      const taken = this.#whole(batch, i, to, full)
      const left = full - batch.symbol[i]
      const end = taken > 0 ? i + taken : left > 0 ? Math.min(to, i + left) : to
      if (taken === 0) this.#place(stream, batch, i, end)
      i = end
    }
  }

  /** Whole blocks that the run begins with: how many of its datagrams were given places at once. */
  #whole(batch: Batch, from: number, to: number, full: number): number {
    if (batch.symbol[from] !== 0 || to - from < full) return 0
    if (batch.bytes[from] < batch.symbolBytes[from]) return 0
    const block = batch.block[from]
    const count = this.#geometry.fullBlocks(block, Math.floor((to - from) / full))
    const at = count > 0 ? this.#assembly.blocks(block, count) : SINGLY
    if (at < 0) return 0
    for (let i = 0; i < count; i++) {
      batch.place[from + i * full] = at + i * BLOCK_BYTES
      batch.placeBytes[from + i * full] = BLOCK_BYTES
    }
    return count * full
  }

  /** A run in one block: all are equally long, so one that is cut short is none of several. */
  #place(stream: Stream, batch: Batch, from: number, to: number): void {
    const block = batch.block[from]
    const count = to - from
    const first = batch.symbol[from]
    const symbolBytes = batch.symbolBytes[from]
    const blockBytes = this.#geometry.bytesOfBlock(block)
    const lastBytes = Math.min(symbolBytes, blockBytes - (first + count - 1) * symbolBytes)
    const place =
      batch.bytes[from] < (count > 1 ? symbolBytes : lastBytes)
        ? SINGLY
        : this.#assembly.symbols(block, first, count, symbolBytes)
    if (place === SINGLY && count > 1) {
      for (let i = from; i < to; i++) this.#place(stream, batch, i, i + 1)
      return
    }
    if (place === NO_ROOM) stream.refuse(count, HEADER_BYTES + batch.bytes[from])
    if (place < 0) return
    batch.place[from] = place
    batch.placeBytes[from] = (count - 1) * symbolBytes + lastBytes
    if (this.#touched[this.#touched.length - 1] !== block) this.#touched.push(block)
  }
}
