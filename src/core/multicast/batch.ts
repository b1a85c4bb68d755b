// A batch of datagrams as columns: what crosses between a core and its socket. The sender's core
// fills one and the shell adds the payloads; the receiver's shell fills one and the core says where
// each payload belongs. No object per datagram, and no payload in a simulation.

import { DATAGRAM, HEADER_BYTES, type Header } from '../wire/datagram.js'

/** `place` of a datagram whose payload is not wanted. */
export const NOWHERE = -1
/** `place` of a layer or meta datagram, whose payload the core took by itself. */
export const TAKEN = -2

export class Batch {
  readonly capacity: number
  count = 0
  readonly type: Uint8Array
  readonly sequence: Float64Array
  readonly block: Float64Array
  readonly symbol: Uint8Array
  readonly fecCode: Uint8Array
  /** Payload bytes, header not counted. */
  readonly bytes: Uint16Array
  readonly symbolBytes: Uint16Array
  readonly sessionHigh: Uint32Array
  readonly sessionLow: Uint32Array
  readonly timestampMicros: Uint32Array
  /** Source address of each received datagram. */
  readonly source: string[]
  /** When the kernel took it, where that is known; otherwise 0, which is now. */
  readonly arrivedMicros: Float64Array
  /** What holds the received payload, absent in a simulation, and where in it. */
  readonly payload: (Uint8Array | undefined)[]
  readonly payloadAt: Uint32Array
  /** Written by the receiver's core: byte position in its pool, or NOWHERE or TAKEN. */
  readonly place: Float64Array

  constructor(capacity: number) {
    this.capacity = capacity
    this.type = new Uint8Array(capacity)
    this.sequence = new Float64Array(capacity)
    this.block = new Float64Array(capacity)
    this.symbol = new Uint8Array(capacity)
    this.fecCode = new Uint8Array(capacity)
    this.bytes = new Uint16Array(capacity)
    this.symbolBytes = new Uint16Array(capacity)
    this.sessionHigh = new Uint32Array(capacity)
    this.sessionLow = new Uint32Array(capacity)
    this.timestampMicros = new Uint32Array(capacity)
    this.source = new Array(capacity).fill('')
    this.arrivedMicros = new Float64Array(capacity)
    this.payload = new Array(capacity).fill(undefined)
    this.payloadAt = new Uint32Array(capacity)
    this.place = new Float64Array(capacity)
  }

  get full(): boolean {
    return this.count === this.capacity
  }

  /** Adds a datagram that lies in `bytes` from `at` on; it must stay there until `clear`. */
  hear(
    header: Header,
    bytes: Uint8Array,
    at: number,
    length: number,
    source: string,
    arrivedMicros: number,
  ): void {
    const i = this.count++
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
    this.source[i] = source
    this.arrivedMicros[i] = arrivedMicros
    this.payload[i] = bytes
    this.payloadAt[i] = at + HEADER_BYTES
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

  /**
   * Where the run of datagram `from` ends, at most at `to`: those that bring the next symbols of the
   * same block and left together. What is true of one of them is true of all.
   */
  runEnd(from: number, to: number): number {
    let i = from + 1
    if (this.type[from] === DATAGRAM.data) while (i < to && this.#continues(i)) i++
    return i
  }

  #continues(i: number): boolean {
    return (
      this.symbol[i] === this.symbol[i - 1] + 1 &&
      this.sequence[i] === this.sequence[i - 1] + 1 &&
      this.block[i] === this.block[i - 1] &&
      this.timestampMicros[i] === this.timestampMicros[i - 1] &&
      this.type[i] === DATAGRAM.data &&
      this.symbolBytes[i] === this.symbolBytes[i - 1] &&
      this.sessionLow[i] === this.sessionLow[i - 1] &&
      this.sessionHigh[i] === this.sessionHigh[i - 1] &&
      this.source[i] === this.source[i - 1]
    )
  }

  /** The first `bytes` of a received payload; zeros in a simulation. */
  payloadOf(i: number, bytes: number): Uint8Array {
    const at = this.payloadAt[i]
    return this.payload[i]?.subarray(at, at + bytes) ?? new Uint8Array(bytes)
  }

  clear(): void {
    this.payload.fill(undefined, 0, this.count)
    this.count = 0
  }
}
