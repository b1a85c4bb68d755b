// What the line carries of a connection beside its bytes: the headers of every segment, of mere
// acknowledgements too, and what was sent again. The kernel counts segments; where it cannot be asked,
// they are taken to be full, and every other one acknowledged.

import type { Socket } from 'node:net'
import { loadNative } from '../native/load.js'
import { descriptorOf } from './tcp-traits.js'

/** What a segment carries at most, and with it the headers of TCP, IP and Ethernet. */
const SEGMENT_BYTES = 1448
const HEADER_BYTES = 66
/** IPv6 has so much more. */
const SIX_BYTES = 20

export class Headers {
  readonly #socket: Socket
  readonly #headerBytes: number
  /** Segments sent, got and sent again. */
  #seen = new Int32Array(3)
  #now = new Int32Array(3)

  constructor(socket: Socket) {
    this.#socket = socket
    const isSix = socket.remoteAddress?.replace(/^::ffff:/, '').includes(':') ?? false
    this.#headerBytes = HEADER_BYTES + (isSix ? SIX_BYTES : 0)
  }

  /** Bytes since the last call. */
  take(): { readonly out: number; readonly in: number } {
    this.#count()
    const [out, got, again] = this.#now.map((count, i) => count - this.#seen[i])
    const before = this.#seen
    this.#seen = this.#now
    this.#now = before
    return {
      out: out * this.#headerBytes + again * SEGMENT_BYTES,
      in: got * this.#headerBytes,
    }
  }

  #count(): void {
    const status = loadNative().socket?.segments(descriptorOf(this.#socket), this.#now)
    if (status === 0) return
    const { bytesWritten, writableLength, bytesRead } = this.#socket
    const sent = (bytesWritten - writableLength) / SEGMENT_BYTES
    const got = bytesRead / SEGMENT_BYTES
    this.#now.set([sent + got / 2, got + sent / 2, 0])
  }
}
