// A frame for a slow line, slice by slice: given to the kernel as a whole, even a single block would be
// a burst that is felt in five seconds of 1 Mbit/s, because what a short way takes at once is not paced.
// Where a slice is as long as an answer, nothing changes.

/** A slice is what the rate allows in this time, in whole packets, and one at least. */
const SLICE_SECONDS = 0.01
/** What a packet of IPv4 carries. */
const PACKET_BYTES = 1448

interface Piece {
  readonly bytes: Uint8Array
  readonly onTaken: (() => void) | undefined
}

export class Trickle {
  #sliceBytes = Number.POSITIVE_INFINITY
  #bytesPerMilli = Number.POSITIVE_INFINITY
  readonly #write: (bytes: Uint8Array, onTaken?: () => void) => void
  readonly #waiting: Piece[] = []
  #waitingBytes = 0
  /** When the next slice may go. */
  #dueAt = 0
  #timer: NodeJS.Timeout | undefined

  /** Infinity: nothing is held back. */
  constructor(rateBps: number, write: (bytes: Uint8Array, onTaken?: () => void) => void) {
    this.#write = write
    this.slow(rateBps)
  }

  /** From now on no faster than this, bits per second. */
  slow(rateBps: number): void {
    this.#bytesPerMilli = Math.min(this.#bytesPerMilli, rateBps / 8000)
    const packets = Math.floor((this.#bytesPerMilli * 1000 * SLICE_SECONDS) / PACKET_BYTES)
    this.#sliceBytes = PACKET_BYTES * Math.max(1, packets)
  }

  get waitingBytes(): number {
    return this.#waitingBytes
  }

  write(bytes: Uint8Array, onTaken?: () => void): void {
    if (this.#timer === undefined && bytes.length <= this.#sliceBytes)
      return this.#write(bytes, onTaken)
    this.#waiting.push({ bytes, onTaken })
    this.#waitingBytes += bytes.length
    if (this.#timer !== undefined) return
    this.#dueAt = performance.now()
    this.#next()
  }

  /** All that waits goes now. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const { bytes, onTaken } of this.#waiting.splice(0)) this.#write(bytes, onTaken)
    this.#waitingBytes = 0
  }

  /** Nothing of it goes any more. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#waiting.length = 0
    this.#waitingBytes = 0
  }

  #next(): void {
    this.#timer = undefined
    const piece = this.#waiting.shift()
    if (piece === undefined) return
    const { bytes, onTaken } = piece
    const slice = bytes.subarray(0, this.#sliceBytes)
    const isWhole = slice.length === bytes.length
    if (!isWhole) this.#waiting.unshift({ bytes: bytes.subarray(slice.length), onTaken })
    this.#waitingBytes -= slice.length
    this.#write(slice, isWhole ? onTaken : undefined)
    const now = performance.now()
    // A timer that fires late costs nothing, up to a slice.
    this.#dueAt = Math.max(now - 1000 * SLICE_SECONDS, this.#dueAt)
    this.#dueAt += slice.length / this.#bytesPerMilli
    this.#timer = setTimeout(() => this.#next(), this.#dueAt - now)
  }
}
