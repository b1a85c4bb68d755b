// Lines out of a stream that comes in pieces of any size. Each byte is looked at once and copied at
// most a few times, however slowly it drips, and a line is never longer than it may be.

import type { Socket } from 'node:net'
import { LIMITS } from '../../core/base/limits.js'

const FIRST_BYTES = 256
const FAREWELL_BYTES = 256 * 1024
const FAREWELL_MILLIS = 500

export class LineReader {
  #held = Buffer.alloc(0)
  #heldBytes = 0

  /** Bytes of a line that is not whole yet. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Hands out the lines that this piece completes; false when one is too long. */
  push(piece: Uint8Array, on: (line: string) => void): boolean {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.length)
    let from = 0
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
      if (!this.#hold(bytes.subarray(from, end))) return false
      const line = this.#held.toString('utf8', 0, this.#heldBytes)
      this.#heldBytes = 0
      if (this.#held.length > FIRST_BYTES) this.#held = Buffer.alloc(0)
      from = end + 1
      on(line)
    }
    return this.#hold(bytes.subarray(from))
  }

  #hold(bytes: Buffer): boolean {
    const filled = this.#heldBytes + bytes.length
    if (filled > LIMITS.managerLineBytesMax) return false
    if (filled > this.#held.length) {
      const larger = Buffer.allocUnsafe(Math.max(filled, FIRST_BYTES, 2 * this.#held.length))
      this.#held.copy(larger, 0, 0, this.#heldBytes)
      this.#held = larger
    }
    bytes.copy(this.#held, this.#heldBytes)
    this.#heldBytes = filled
    return true
  }
}

const TOO_LONG = JSON.stringify({
  cmd: 'error',
  code: 'line_too_long',
  message: 'lines are 64 KiB at most',
})

/**
 * Reads a connection as lines. It ends where a line is too long, is not finished in time, or nothing
 * comes any more.
 */
export function readLines(
  socket: Socket,
  first: Uint8Array | undefined,
  on: (line: string) => void,
): void {
  const reader = new LineReader()
  let timer: NodeJS.Timeout | undefined
  const take = (piece: Uint8Array): void => {
    const ok = reader.push(piece, line => {
      clearTimeout(timer)
      timer = undefined
      if (!socket.destroyed) on(line)
    })
    if (socket.destroyed) return
    if (!ok) {
      socket.removeListener('data', take)
      return farewell(socket)
    }
    // Not a timeout of the socket: bytes, one at a time, would put that off for ever.
    if (reader.heldBytes > 0)
      timer ??= setTimeout(() => socket.destroy(), LIMITS.managerLineMicros / 1000)
  }
  socket.setTimeout(LIMITS.managerIdleMicros / 1000, () => socket.destroy())
  socket.on('close', () => clearTimeout(timer))
  if (first !== undefined) take(first)
  if (!socket.destroyed && !socket.writableEnded) socket.on('data', take)
}

/**
 * Says why, and hangs up. A little of what still comes is read and dropped, because a connection that
 * is closed with something unread takes the answer with it; but never all that somebody pours.
 */
function farewell(socket: Socket): void {
  let spare = FAREWELL_BYTES
  socket.on('data', piece => {
    spare -= piece.length
    if (spare < 0) socket.destroy()
  })
  const timer = setTimeout(() => socket.destroy(), FAREWELL_MILLIS)
  socket.once('close', () => clearTimeout(timer))
  socket.end(`${TOO_LONG}\n`)
}
