// One TCP connection between peers: frames in, frames out. Data goes out in one write with its
// header; a peer that does not read, or ends no frame, is dropped before it can fill our memory.

import type { Socket } from 'node:net'
import { LIMITS } from '../../core/base/limits.js'
import { FRAME_HEADER_BYTES, FrameParser, FrameRooms } from '../../core/wire/frame.js'
import type { Message } from '../../core/wire/message.js'
import { decodeMessage, encodeMessage } from '../../core/wire/peer.js'
import type { Backlog, Holder } from './backlog.js'
import { Headers } from './headers.js'
import { Trickle } from './trickle.js'

const SMALL_BYTES = 4096
/** Over a lossy path the last bytes take their time: so long between two of them, and in all. */
const FAREWELL_MILLIS = 5000
const FAREWELL_ALL_MILLIS = 30_000

const rooms = new FrameRooms()

export interface ConnEvents {
  /** A view into the message's payload is valid during the call only; `bytes` is its whole frame. */
  readonly onMessage: (message: Message, bytes: number) => void
  readonly onClose: (reason: string) => void
}

export class Conn implements Holder {
  readonly #socket: Socket
  readonly #parser = new FrameParser(rooms)
  readonly #events: ConnEvents
  readonly #backlog: Backlog
  readonly #trickle: Trickle
  readonly headers: Headers
  #closed = false
  /** Small frames of this turn of the loop. */
  #small: Uint8Array[] = []
  #smallBytes = 0
  readonly host: string
  readonly port: number
  /** Our own end. */
  readonly localHost: string

  /** Takes over a connected socket, which gets no more than `rateBps` at any moment. */
  constructor(
    socket: Socket,
    events: ConnEvents,
    backlog: Backlog,
    rateBps = Number.POSITIVE_INFINITY,
  ) {
    this.#socket = socket
    this.headers = new Headers(socket)
    this.#trickle = new Trickle(rateBps, (bytes, onTaken) => {
      if (!socket.destroyed) socket.write(bytes, onTaken)
    })
    this.#events = events
    this.#backlog = backlog
    this.host = plainHost(socket.remoteAddress ?? '')
    this.port = socket.remotePort ?? 0
    this.localHost = plainHost(socket.localAddress ?? '').replace(/%.*$/, '')
    socket.setNoDelay(true)
    socket.on('data', piece => this.push(piece))
    socket.on('error', error => this.#end(error.message))
    socket.on('close', () => this.#end('closed'))
    socket.on('end', () => this.#end('closed by the peer'))
    // Until its socket is gone: what waits in one that is closed takes memory, too.
    backlog.enter(this, performance.now())
    socket.once('close', () => {
      backlog.leave(this)
      this.#trickle.stop()
    })
  }

  /** It gets no more than `rateBps` at any moment, and no more than it did before. */
  pace(rateBps: number): void {
    this.#trickle.slow(rateBps)
  }

  /** What the other side has not taken yet. */
  get unsentBytes(): number {
    return this.#socket.writableLength + this.#smallBytes + this.#trickle.waitingBytes
  }

  get heldBytes(): number {
    return this.unsentBytes + this.#parser.heldBytes
  }

  get movedBytes(): number {
    const { bytesRead, bytesWritten, writableLength } = this.#socket
    return bytesRead + bytesWritten - writableLength
  }

  /** Returns how long its frame is. */
  send(message: Message): number {
    const frame = encodeMessage(message)
    this.#write(frame)
    return frame.length
  }

  /** Writes a whole frame and calls back when the socket has taken it. */
  sendFrame(frame: Uint8Array, onTaken: () => void): void {
    this.#write(frame, onTaken)
  }

  /**
   * Sends what is queued, then closes. What still comes is read and dropped: a socket that is closed
   * with unread bytes resets the connection, and what was on its way to the peer is lost with it.
   */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#writeSmall()
    this.#trickle.flush()
    this.#socket.uncork()
    this.#socket.end()
    // A peer that never answers our FIN must not keep the process alive.
    this.#socket.setTimeout(FAREWELL_MILLIS, () => this.#socket.destroy())
    // Nor must one that goes on talking keep the socket.
    const timer = setTimeout(() => this.#socket.destroy(), FAREWELL_ALL_MILLIS)
    timer.unref()
    this.#socket.once('close', () => clearTimeout(timer))
  }

  /** Ends the connection at once, whatever is on its way; `onClose` is not called. */
  drop(): void {
    this.#closed = true
    this.#socket.destroy()
  }

  /** It will never bring anything again, whatever the system still hopes. */
  abandon(reason: string): void {
    this.#end(reason)
  }

  /** After `close`: resolves when the peer has got everything and closed too, or is given up. */
  gone(): Promise<void> {
    if (this.#socket.destroyed) return Promise.resolve()
    return new Promise(resolve => this.#socket.once('close', () => resolve()))
  }

  #write(bytes: Uint8Array, onTaken?: () => void): void {
    if (this.#closed || this.#socket.destroyed) return
    if (this.#socket.writableCorked === 0) {
      // What else this turn of the loop has to say goes along, in one call and few packets.
      this.#socket.cork()
      setImmediate(() => {
        this.#writeSmall()
        this.#socket.uncork()
      })
    }
    if (bytes.length <= SMALL_BYTES && onTaken === undefined) {
      this.#small.push(bytes)
      this.#smallBytes += bytes.length
    } else {
      this.#writeSmall()
      this.#trickle.write(bytes, onTaken)
    }
    if (this.unsentBytes > LIMITS.unsentBytesMax) this.#end('it does not read')
    else this.#backlog.add(bytes.length, performance.now())
  }

  /** What is small is joined: a write that waits costs far more than its few bytes. */
  #writeSmall(): void {
    if (this.#smallBytes === 0) return
    const bytes = Buffer.concat(this.#small, this.#smallBytes)
    this.#small = []
    this.#smallBytes = 0
    this.#trickle.write(bytes)
  }

  /** Ends the connection because too much of our memory is for it. */
  giveUp(reason: string): void {
    if (this.#closed) this.#socket.destroy()
    else this.#end(reason)
  }

  /** Takes bytes of the stream: those that were read before the connection came here. */
  push(piece: Uint8Array): void {
    if (this.#closed) return
    let broken = false
    // As what it is called: `slice` of a Buffer would be a view of memory that is read into again.
    const bytes = new Uint8Array(piece.buffer, piece.byteOffset, piece.length)
    const ok = this.#parser.push(bytes, frame => {
      if (this.#closed || broken) return
      const message = decodeMessage(frame)
      if (message === null) broken = true
      else if (message !== undefined)
        this.#events.onMessage(message, FRAME_HEADER_BYTES + frame.payload.length)
    })
    if (ok && !broken) return this.#backlog.add(piece.length, performance.now())
    this.#end('it does not speak this protocol')
  }

  #end(reason: string): void {
    if (this.#closed) return
    this.#closed = true
    this.#socket.destroy()
    this.#events.onClose(reason)
  }
}

/** An IPv4 address that came through an IPv6 socket, as IPv4. */
export function plainHost(host: string): string {
  return host.startsWith('::ffff:') && host.includes('.') ? host.slice(7) : host
}
