// One direction of a cable with the queue in front of it, as a fluid: all it remembers is when the
// last bit that was accepted will have left. What does not fit the queue is dropped at its tail.

import type { Micros } from '../../src/core/base/machine.js'
import { bytesIn, microsOf } from '../../src/core/base/units.js'

/** Preamble, header, checksum and gap of Ethernet; IPv4 and UDP headers. */
export const UDP_WIRE_BYTES = 38 + 28
/** Ethernet, IPv4 and TCP with timestamps, per segment of `TCP_SEGMENT_BYTES`. */
export const TCP_WIRE_BYTES = 38 + 52
export const TCP_SEGMENT_BYTES = 1448
/** What an interface's counters leave out of `UDP_WIRE_BYTES` and `TCP_WIRE_BYTES`. */
export const UNCOUNTED_WIRE_BYTES = 24

/**
 * Consecutive datagrams, described without payload: `sizes` are bytes of UDP payload, one for all
 * or one each. `payload` is for whoever receives it.
 */
export class Run {
  readonly count: number
  readonly payload: unknown
  readonly #size: number
  readonly #ends: Float64Array | undefined

  constructor(count: number, sizes: number | ArrayLike<number>, payload: unknown) {
    this.count = count
    this.payload = payload
    this.#size = typeof sizes === 'number' ? sizes + UDP_WIRE_BYTES : 0
    if (typeof sizes === 'number') return
    this.#ends = new Float64Array(count + 1)
    for (let i = 0; i < count; i++) this.#ends[i + 1] = this.#ends[i] + sizes[i] + UDP_WIRE_BYTES
  }

  /** Bytes that datagrams [from, to) take on the wire. */
  wireBytes(from: number, to: number): number {
    const ends = this.#ends
    return ends === undefined ? (to - from) * this.#size : ends[to] - ends[from]
  }
}

/** IPv4 and UDP headers. */
const IP_HEADER_BYTES = 28

/** Those of the pieces of a run that are no longer than the way takes. */
export function fitting(run: Run, pieces: Pieces, mtuBytes: number): Pieces {
  if (mtuBytes === Infinity) return pieces
  const most = mtuBytes - IP_HEADER_BYTES + UDP_WIRE_BYTES
  const left: number[] = []
  for (let p = 0; p < pieces.length; p += 2)
    for (let i = pieces[p]; i < pieces[p + 1]; i++) {
      if (run.wireBytes(i, i + 1) > most) continue
      if (left.length > 0 && left[left.length - 1] === i) left[left.length - 1] = i + 1
      else left.push(i, i + 1)
    }
  return left
}

/** Index pairs from, to, from, to, …: the datagrams of a run that are still on their way; many share one. */
export type Pieces = readonly number[]

export interface LinkOptions {
  /** Bits per second on the wire; Infinity is allowed. */
  readonly rateBps: number
  readonly queueBytes: number
}

export class Link {
  rateBps: number
  queueBytes: number
  #freeAt: Micros = 0
  /** When the last of what `pushPieces` accepted will have left. */
  leftAt: Micros = 0
  wireBytes = 0
  frames = 0
  droppedFrames = 0

  constructor(options: LinkOptions) {
    this.rateBps = options.rateBps
    this.queueBytes = options.queueBytes
  }

  /** When all that was accepted will have left. */
  get freeAt(): Micros {
    return this.#freeAt
  }

  /** What an interface would have counted: frames without preamble, checksum and gap. */
  get countedBytes(): number {
    return this.wireBytes - UNCOUNTED_WIRE_BYTES * this.frames
  }

  backlogBytes(now: Micros): number {
    if (this.rateBps === Number.POSITIVE_INFINITY || this.#freeAt <= now) return 0
    return bytesIn(this.#freeAt - now, this.rateBps)
  }

  /** Accepts bytes that are all there now; returns when their last bit leaves. */
  push(wireBytes: number, frames: number, now: Micros): Micros {
    this.#freeAt = Math.max(this.#freeAt, now) + this.micros(wireBytes)
    this.wireBytes += wireBytes
    this.frames += frames
    return this.#freeAt
  }

  fits(wireBytes: number, now: Micros): boolean {
    return this.backlogBytes(now) + wireBytes <= this.queueBytes
  }

  drop(frames: number): void {
    this.droppedFrames += frames
  }

  /**
   * Datagrams of a run come in evenly between `firstAt` and `lastAt`. Returns those that fit; when the
   * last of them has left is in `leftAt`. Called at `firstAt`.
   */
  pushPieces(run: Run, sent: Pieces, firstAt: Micros, lastAt: Micros): Pieces {
    if (sent.length === 2 && this.#pushAll(run, sent[0], sent[1], firstAt, lastAt)) return sent
    const pieces: number[] = []
    const from = sent[0]
    const each = (lastAt - firstAt) / Math.max(1, sent[sent.length - 1] - 1 - from)
    this.leftAt = firstAt
    for (let i = 0; i < sent.length; i += 2) {
      const at = firstAt + each * (sent[i] - from)
      const to = firstAt + each * (sent[i + 1] - 1 - from)
      if (this.#pushAll(run, sent[i], sent[i + 1], at, to)) pieces.push(sent[i], sent[i + 1])
      else this.#pushEach(run, sent[i], sent[i + 1], at, to, pieces)
    }
    return pieces
  }

  /** True when all of them fit together. */
  #pushAll(run: Run, from: number, to: number, firstAt: Micros, lastAt: Micros): boolean {
    const wireBytes = run.wireBytes(from, to)
    if (!this.fits(wireBytes, firstAt)) return false
    const out = this.push(wireBytes, to - from, firstAt)
    this.leftAt = Math.max(out, lastAt + this.micros(run.wireBytes(to - 1, to)))
    return true
  }

  #pushEach(
    run: Run,
    from: number,
    to: number,
    firstAt: Micros,
    lastAt: Micros,
    pieces: number[],
  ): void {
    this.leftAt = firstAt
    for (let i = from; i < to; i++) {
      const share = to - from === 1 ? 1 : (i - from) / (to - from - 1)
      const at = firstAt + share * (lastAt - firstAt)
      const bytes = run.wireBytes(i, i + 1)
      if (!this.fits(bytes, at)) this.droppedFrames++
      else {
        this.leftAt = this.push(bytes, 1, at)
        if (pieces.length > 0 && pieces[pieces.length - 1] === i) pieces[pieces.length - 1] = i + 1
        else pieces.push(i, i + 1)
      }
    }
  }

  /** How long so many bytes take to leave. */
  micros(wireBytes: number): Micros {
    return microsOf(wireBytes, this.rateBps)
  }
}
