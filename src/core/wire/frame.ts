// Frames on a TCP connection: one byte version<<4|type, a 32-bit length, the payload. A parser takes
// the stream in pieces of any size and hands out whole frames; it copies only a frame that arrives
// in more than one piece, and takes memory for what has come rather than for what is promised. Large
// frames follow each other: their memory is used again, as clearing it anew costs more than the copy.

import { LIMITS } from '../base/limits.js'
import { get32, put32 } from './datagram.js'

export const FRAME_HEADER_BYTES = 5
const VERSION = 0

/** Memory for a frame begins with so much and doubles. */
const FIRST_BYTES = 16 * 1024
/** A full range with what goes before it. */
const ROOM_BYTES = LIMITS.rangeBytesMax + 64

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

/** Memory of large frames that is free, for the parsers of all connections. */
export class FrameRooms {
  readonly #free: Uint8Array[] = []

  /** Room for a large frame that may never come whole; undefined when all is in use. */
  take(bytes: number): Uint8Array | undefined {
    return bytes > ROOM_BYTES / 2 && bytes <= ROOM_BYTES ? this.#free.pop() : undefined
  }

  give(room: Uint8Array): void {
    if (room.length === ROOM_BYTES && this.#free.length < LIMITS.frameRoomsMax)
      this.#free.push(room)
  }
}

/** Takes a stream in pieces; `push` returns false when it is no such stream: close it. */
export class FrameParser {
  readonly #rooms: FrameRooms
  #head = new Uint8Array(FRAME_HEADER_BYTES)
  #headBytes = 0
  #payload: Uint8Array | undefined
  #payloadBytes = 0
  #filled = 0
  #type = 0

  constructor(rooms = new FrameRooms()) {
    this.#rooms = rooms
  }

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
        this.#payload =
          this.#rooms.take(length) ??
          new Uint8Array(Math.min(length, Math.max(FIRST_BYTES, piece.length)))
        this.#payloadBytes = length
        this.#filled = 0
      }
      const take = Math.min(this.#payloadBytes - this.#filled, piece.length - at)
      this.#fill(this.#payload, piece.subarray(at, at + take))
      at += take
      if (this.#filled === this.#payloadBytes) {
        const room = this.#payload
        this.#payload = undefined
        on({ type: this.#type, payload: room.subarray(0, this.#filled) })
        this.#rooms.give(room)
      }
    }
    return true
  }

  #fill(payload: Uint8Array, part: Uint8Array): void {
    const needed = this.#filled + part.length
    if (needed > payload.length) {
      this.#payload = new Uint8Array(this.#grown(needed, payload.length))
      this.#payload.set(payload.subarray(0, this.#filled))
    }
    this.#payload!.set(part, this.#filled)
    this.#filled = needed
  }

  /** A large frame of which half is here gets a room, which serves the next ones as well. */
  #grown(neededBytes: number, bytes: number): number {
    if (neededBytes > ROOM_BYTES / 2 && this.#payloadBytes <= ROOM_BYTES) return ROOM_BYTES
    return Math.min(this.#payloadBytes, Math.max(neededBytes, 2 * bytes))
  }
}
