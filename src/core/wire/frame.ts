// Frames on a TCP connection: one byte version<<4|type, a 32-bit length, the payload. A parser takes
// the stream in pieces of any size and hands out whole frames; it copies only a frame that arrives
// in more than one piece, and takes memory for what has come rather than for what is promised.

import { LIMITS } from '../base/limits.js'
import { get32, put32 } from './datagram.js'

export const FRAME_HEADER_BYTES = 5
const VERSION = 0

/** Memory for a frame begins with so much and doubles. */
const FIRST_BYTES = 16 * 1024

export interface Frame {
  readonly type: number
  readonly payload: Uint8Array
}

/** Writes a frame's header at the start of `bytes`. */
export function writeFrameHeader(bytes: Uint8Array, type: number, payloadBytes: number): void {
  bytes[0] = (VERSION << 4) | type
  put32(bytes, 1, payloadBytes)
}

export function encodeFrame(type: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + payload.length)
  writeFrameHeader(bytes, type, payload.length)
  bytes.set(payload, FRAME_HEADER_BYTES)
  return bytes
}

/** Takes a stream in pieces; `push` returns false when it is no such stream: close it. */
export class FrameParser {
  #head = new Uint8Array(FRAME_HEADER_BYTES)
  #headBytes = 0
  #payload: Uint8Array | undefined
  #payloadBytes = 0
  #filled = 0
  #type = 0

  /** Memory that a frame takes which has not come whole. */
  get heldBytes(): number {
    return this.#payload?.length ?? 0
  }

  /** Calls `on` for each frame that `piece` completes; a payload is valid during the call only. */
  push(piece: Uint8Array, on: (frame: Frame) => void): boolean {
    let at = 0
    while (at < piece.length) {
      if (this.#payload === undefined) {
        const take = Math.min(FRAME_HEADER_BYTES - this.#headBytes, piece.length - at)
        this.#head.set(piece.subarray(at, at + take), this.#headBytes)
        this.#headBytes += take
        at += take
        if (this.#headBytes < FRAME_HEADER_BYTES) return true
        const length = get32(this.#head, 1)
        if (this.#head[0] >> 4 !== VERSION || length > LIMITS.frameBytesMax) return false
        this.#type = this.#head[0] & 15
        this.#headBytes = 0
        if (piece.length - at >= length) {
          on({ type: this.#type, payload: piece.subarray(at, at + length) })
          at += length
          continue
        }
        this.#payload = new Uint8Array(Math.min(length, Math.max(FIRST_BYTES, piece.length)))
        this.#payloadBytes = length
        this.#filled = 0
      }
      const take = Math.min(this.#payloadBytes - this.#filled, piece.length - at)
      this.#fill(this.#payload, piece.subarray(at, at + take))
      at += take
      if (this.#filled === this.#payloadBytes) {
        const payload = this.#payload
        this.#payload = undefined
        on({ type: this.#type, payload })
      }
    }
    return true
  }

  #fill(payload: Uint8Array, part: Uint8Array): void {
    const needed = this.#filled + part.length
    if (needed > payload.length) {
      const grown = Math.min(this.#payloadBytes, Math.max(needed, 2 * payload.length))
      this.#payload = new Uint8Array(grown)
      this.#payload.set(payload.subarray(0, this.#filled))
    }
    this.#payload!.set(part, this.#filled)
    this.#filled = needed
  }
}
