// A batch of datagrams as columns: what crosses between a core and its socket. The sender's core
// fills one and the shell adds the payloads; the receiver's shell fills one and the core says where
// each payload belongs. No object per datagram, and no payload in a simulation.

import { BLOCK_BYTES } from '../base/limits.js'
import { symbolsInBlock } from '../meta/geometry.js'
import { DATAGRAM, HEADER_BYTES, type Header } from '../wire/datagram.js'
import { SEQUENCES } from './sequence.js'

/** `place` of a datagram whose payload is not wanted. */
export const NOWHERE = -1
/** `place` of a layer or meta datagram, whose payload the core took by itself. */
export const TAKEN = -2
/** All columns of a datagram. */
const ROW_BYTES = 4 * 8 + 4 * 4 + 6 * 2 + 3

export class Batch {
  readonly capacity: number
  count = 0
  /** All columns, one after another in this order: what the native part fills and reads. */
  readonly memory: Uint8Array
  readonly sequence: Float64Array
  readonly block: Float64Array
  /** When the kernel took it, where that is known; otherwise 0, which is now. */
  readonly arrivedMicros: Float64Array
  /** Written by the receiver's core: byte position in its pool, or NOWHERE or TAKEN. */
  readonly place: Float64Array
  readonly sessionHigh: Uint32Array
  readonly sessionLow: Uint32Array
  readonly timestampMicros: Uint32Array
  /** Where in its slab the received payload begins. */
  readonly payloadAt: Uint32Array
  /** Payload bytes, header not counted. */
  readonly bytes: Uint16Array
  readonly symbolBytes: Uint16Array
  /**
   * Written by the receiver's core: how many bytes belong at `place`, of this payload and of those that
   * follow it in its run; all but the last of them bring whole symbols.
   */
  readonly placeBytes: Uint16Array
  /**
   * The first of those that it forms a run with: they bring the next symbols of a block, and then those
   * of the next full one, are equally long, and left together.
   */
  readonly run: Uint16Array
  /** Of the first of a run: how many they are. */
  readonly runLength: Uint16Array
  /** Of what came from the socket together: its source and where it lies. */
  readonly message: Uint16Array
  readonly type: Uint8Array
  readonly symbol: Uint8Array
  readonly fecCode: Uint8Array
  /** Source address of each message, unless the native part has filled the rows and tells it. */
  readonly sources: string[] = ['']
  #sourceOf: ((message: number) => string) | undefined
  /** What holds the payloads of each message; absent in a simulation. */
  readonly #slabs: (Uint8Array | undefined)[] = []
  #messages = 0
  /** Columns in which symbols of a block that leave together are alike. */
  readonly #same: (Float64Array | Uint32Array | Uint16Array | Uint8Array)[]
  /** The one slab that holds all payloads, where there is one. */
  slab: Uint8Array | undefined

  constructor(capacity: number) {
    this.capacity = capacity
    this.memory = new Uint8Array(capacity * ROW_BYTES)
    let at = 0
    const column = <Column>(
      Type: new (buffer: ArrayBufferLike, at: number, length: number) => Column,
      bytes: number,
    ): Column => {
      at += capacity * bytes
      return new Type(this.memory.buffer, at - capacity * bytes, capacity)
    }
    this.sequence = column(Float64Array, 8)
    this.block = column(Float64Array, 8)
    this.arrivedMicros = column(Float64Array, 8)
    this.place = column(Float64Array, 8)
    this.sessionHigh = column(Uint32Array, 4)
    this.sessionLow = column(Uint32Array, 4)
    this.timestampMicros = column(Uint32Array, 4)
    this.payloadAt = column(Uint32Array, 4)
    this.bytes = column(Uint16Array, 2)
    this.symbolBytes = column(Uint16Array, 2)
    this.placeBytes = column(Uint16Array, 2)
    this.run = column(Uint16Array, 2)
    this.runLength = column(Uint16Array, 2)
    this.message = column(Uint16Array, 2)
    this.type = column(Uint8Array, 1)
    this.symbol = column(Uint8Array, 1)
    this.fecCode = column(Uint8Array, 1)
    this.#same = [
      this.type,
      this.block,
      this.bytes,
      this.symbolBytes,
      this.fecCode,
      this.sessionHigh,
      this.sessionLow,
      this.timestampMicros,
      this.run,
    ]
  }

  get full(): boolean {
    return this.count === this.capacity
  }

  /** Adds a datagram that lies in `bytes` from `at` on; it must stay there until `clear`. */
  hear(
    header: Header,
    bytes: Uint8Array | undefined,
    at: number,
    length: number,
    source: string,
    arrivedMicros: number,
  ): void {
    const i = this.count
    this.type[i] = header.type
    this.sequence[i] = header.sequence
    this.block[i] = header.block
    this.symbol[i] = header.symbol
    this.fecCode[i] = header.fecCode
    this.bytes[i] = length - HEADER_BYTES
    this.symbolBytes[i] = header.symbolBytes
    this.sessionHigh[i] = header.sessionHigh
    this.sessionLow[i] = header.sessionLow
    this.timestampMicros[i] = header.timestampMicros
    this.arrivedMicros[i] = arrivedMicros
    this.payloadAt[i] = at + HEADER_BYTES
    const message = this.#messages - 1
    if (message < 0 || this.#slabs[message] !== bytes || this.sources[message] !== source) {
      this.sources[this.#messages] = source
      this.#slabs[this.#messages++] = bytes
    }
    this.message[i] = this.#messages - 1
    this.add()
  }

  /** The row at `count` is filled in: it is one more. */
  add(): void {
    const i = this.count++
    const run = i > 0 && this.#continues(i) ? this.run[i - 1] : i
    this.run[i] = run
    this.runLength[run] = i + 1 - run
  }

  /** Adds `count` rows to the last one: the next symbols of its block, which leave with it. */
  extend(count: number): void {
    const [last, from, to] = [this.count - 1, this.count, this.count + count]
    for (const column of this.#same) column.fill(column[last], from, to)
    for (let i = from; i < to; i++) {
      this.sequence[i] = (this.sequence[last] + i - last) % SEQUENCES
      this.symbol[i] = this.symbol[last] + i - last
    }
    this.runLength[this.run[last]] += count
    this.count = to
  }

  /** The native part has filled `count` rows from `slab`; it and what `sourceOf` reads stay until `clear`. */
  filled(count: number, slab: Uint8Array, sourceOf: (message: number) => string): void {
    this.count = count
    this.slab = slab
    this.#sourceOf = sourceOf
  }

  /** Fills in the header of datagram `i` of a blast. */
  headerOf(i: number, header: Header): void {
    header.type = this.type[i]
    header.channel = 1
    header.symbolBytes = this.symbolBytes[i]
    header.sessionHigh = this.sessionHigh[i]
    header.sessionLow = this.sessionLow[i]
    header.sequence = this.sequence[i]
    header.symbol = this.symbol[i]
    header.fecCode = this.fecCode[i]
    header.timestampMicros = this.timestampMicros[i]
    header.block = this.block[i]
  }

  sourceOf(i: number): string {
    const message = this.message[i]
    return this.#sourceOf?.(message) ?? this.sources[message]
  }

  /** What holds the received payload of datagram `i`; absent in a simulation. */
  slabOf(i: number): Uint8Array | undefined {
    return this.slab ?? this.#slabs[this.message[i]]
  }

  /**
   * Where the run of datagram `from` ends, at most at `to`. What is true of one of them is true of
   * all.
   */
  runEnd(from: number, to: number): number {
    const run = this.run[from]
    return Math.min(to, run + this.runLength[run])
  }

  #continues(i: number): boolean {
    return (
      this.type[i] === DATAGRAM.data &&
      this.sequence[i] === this.sequence[i - 1] + 1 &&
      this.#isNext(i) &&
      this.timestampMicros[i] === this.timestampMicros[i - 1] &&
      this.type[i - 1] === DATAGRAM.data &&
      this.bytes[i] === this.bytes[i - 1] &&
      this.symbolBytes[i] === this.symbolBytes[i - 1] &&
      this.sessionLow[i] === this.sessionLow[i - 1] &&
      this.sessionHigh[i] === this.sessionHigh[i - 1] &&
      this.sourceOf(i) === this.sourceOf(i - 1)
    )
  }

  /** The next symbol of the same block, or the first of the next after the last of a full one. */
  #isNext(i: number): boolean {
    const [symbol, before] = [this.symbol[i], this.symbol[i - 1]]
    if (this.block[i] === this.block[i - 1]) return symbol === before + 1
    const isNextBlock = this.block[i] === this.block[i - 1] + 1
    return isNextBlock && symbol === 0 && before + 1 === fullSymbols(this.symbolBytes[i])
  }

  /** In a run, by how many bytes of content the payload of row `i` begins behind that of `first`. */
  contentBetween(first: number, i: number): number {
    return (
      (this.block[i] - this.block[first]) * BLOCK_BYTES +
      (this.symbol[i] - this.symbol[first]) * this.symbolBytes[first]
    )
  }

  /** The first `bytes` of a received payload; zeros in a simulation. */
  payloadOf(i: number, bytes: number): Uint8Array {
    const at = this.payloadAt[i]
    return this.slabOf(i)?.subarray(at, at + bytes) ?? zerosOf(bytes)
  }

  /** What the core gave a place: moves each payload there. Returns how many places there were. */
  move(to: (at: number, payload: Uint8Array) => void): number {
    let places = 0
    for (let i = 0; i < this.count; i++) {
      if (this.place[i] < 0) continue
      const symbolBytes = this.symbolBytes[i]
      const end = this.place[i] + this.placeBytes[i]
      for (let at = this.place[i], row = i; at < end; at += symbolBytes, row++)
        to(at, this.payloadOf(row, Math.min(symbolBytes, end - at)))
      places++
    }
    return places
  }

  clear(): void {
    this.#slabs.length = 0
    this.#messages = 0
    this.slab = undefined
    this.#sourceOf = undefined
    this.count = 0
  }
}

function zerosOf(bytes: number): Uint8Array {
  if (bytes > zeros.length) zeros = new Uint8Array(bytes)
  return zeros.subarray(0, bytes)
}

let zeros = new Uint8Array(0)

/** Symbols of a full block. */
export function fullSymbols(symbolBytes: number): number {
  return symbolsInBlock(BLOCK_BYTES, symbolBytes)
}
