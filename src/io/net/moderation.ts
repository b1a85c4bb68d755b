// Interrupt moderation for a socket that is read one datagram at a time. At 100 Mbit/s a datagram
// comes every 120 µs, and waking up for each costs more than handling it: so between two looks at
// the socket the process sleeps until the kernel has gathered a handful, as network cards do. The
// sleep blocks the event loop on purpose (nothing else can keep libuv from waking), is never longer
// than a few milliseconds, and falls away by itself when datagrams come slowly or fast.

/** What one wake-up should find; libuv reads 32 at most in a row. */
const WANTED = 24
const SLEEP_MILLIS_MAX = 4
/** A sleep shorter than this costs as much as it saves. */
const SLEEP_MILLIS_MIN = 1
/** Kernel memory that a datagram of an Ethernet frame takes in a socket's buffer. */
const TRUE_BYTES = 2304
const WINDOW_MILLIS = 50

const cell = new Int32Array(new SharedArrayBuffer(4))

export class Moderation {
  readonly #most: number
  #windowAt = 0
  #windowCount = 0
  #perMilli = 0

  /** `bufferBytes`: the socket buffer that was really granted; a quarter of it may fill meanwhile. */
  constructor(bufferBytes: number) {
    this.#most = Math.min(WANTED, bufferBytes / 4 / TRUE_BYTES)
  }

  /** Call when `count` datagrams were handled, before the event loop looks at the socket again. */
  rest(count: number): void {
    const now = performance.now()
    this.#windowCount += count
    const span = now - this.#windowAt
    if (span >= WINDOW_MILLIS) {
      this.#perMilli = span > 4 * WINDOW_MILLIS ? 0 : this.#windowCount / span
      this.#windowAt = now
      this.#windowCount = 0
    }
    if (count >= this.#most || this.#perMilli === 0) return
    const millis = Math.min(SLEEP_MILLIS_MAX, this.#most / this.#perMilli)
    if (this.#perMilli >= 1 && millis >= SLEEP_MILLIS_MIN) Atomics.wait(cell, 0, 0, millis)
  }
}
