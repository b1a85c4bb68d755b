// What the blast brings, run by run: each datagram is counted with its transmitter and given its place
// in the pool, before anybody touches its payload. At a gigabit this is done 90,000 times a second.

import type { Micros } from '../base/machine.js'
import type { Geometry } from '../meta/geometry.js'
import { type Batch, NOWHERE, TAKEN } from '../multicast/batch.js'
import type { Stream } from '../multicast/stream.js'
import { DATAGRAM, FEC_CODE, HEADER_BYTES } from '../wire/datagram.js'
import { type Assembly, NO_ROOM, SINGLY } from './assembly.js'
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
      stream.at(block, to - from, now)
      this.#place(stream, batch, from, to)
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
    stream.grainBlocks = this.#assembly.grainBlocks
    if (this.#coded[this.#coded.length - 1] !== block) this.#coded.push(block)
  }

  /** A run: all are equally long, so one that is cut short is none of several. */
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
