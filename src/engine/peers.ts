// The peers' side of a shell: connections by number, the peer port, dialling, and answering requests
// with bytes from the disk. Shared by sender and receiver, whose machines speak the same actions.

import type { Socket } from 'node:net'
import { LIMITS } from '../core/base/limits.js'
import type { Geometry } from '../core/meta/geometry.js'
import type { Allowance } from '../core/swarm/allowance.js'
import type { SwarmAction, SwarmIn } from '../core/swarm/swarm.js'
import type { Message, Range } from '../core/wire/message.js'
import { DATA_PREFIX_BYTES, writeDataPrefix } from '../core/wire/peer.js'
import { Backlog } from '../io/net/backlog.js'
import { Conn } from '../io/net/conn.js'
import { dial } from '../io/net/dial.js'
import { Headers } from '../io/net/headers.js'
import { ownAddresses } from '../io/net/interfaces.js'
import type { PeerPort } from '../io/net/tcp.js'
import { giveTraits } from '../io/net/tcp-traits.js'
import type { Address } from '../ports.js'
import { LayerDesk } from './layer-desk.js'
import { chosenAddress, type Place } from './place.js'

export interface PeersOptions {
  readonly geometry: Geometry
  readonly place: Place
  /** The machine spends them on payload; what the line carries besides is counted here. */
  readonly upload: Allowance
  readonly download: Allowance
  /** None where nobody may come. */
  readonly port: PeerPort | undefined
  readonly feed: (input: SwarmIn) => void
  /** Reads payload of a file. */
  readonly read: (file: number, offset: number, into: Uint8Array) => Promise<void>
  /** The chunk's layer; empty when it is not here. */
  readonly layer: (chunk: number) => Promise<Uint8Array>
  readonly onFailure: (error: unknown) => void
}

const ADDRESSES_EVERY_MILLIS = 1000
/** So often headers are counted where there is a limit. */
const HEADERS_EVERY_MILLIS = 50
/** Of a limit, ours or its, a connection gets so much at any moment: what was allowed must not pile up. */
const PACE = 1.1
/** The largest data frame, and how many of those that were sent are kept for others. */
const FRAME_BYTES = DATA_PREFIX_BYTES + LIMITS.rangeBytesMax
const ROOMS_MAX = 16

export class Peers {
  readonly #options: PeersOptions
  readonly #conns = new Map<number, Conn>()
  readonly #backlog = new Backlog()
  readonly #desk: LayerDesk
  readonly #rooms: Buffer[] = []
  #nextPeer = 1
  readonly #watch: NodeJS.Timeout
  readonly #count: NodeJS.Timeout | undefined
  #closed = false

  constructor(options: PeersOptions) {
    this.#options = options
    this.#watch = setInterval(() => this.#leaveOldAddresses(), ADDRESSES_EVERY_MILLIS)
    const { layer, onFailure, upload, download } = options
    if (Math.min(upload.rateBps, download.rateBps) < Number.POSITIVE_INFINITY)
      this.#count = setInterval(() => this.#countHeaders(), HEADERS_EVERY_MILLIS)
    const send = (peer: number, chunk: number, leaves: Uint8Array): boolean => {
      const conn = this.#conns.get(peer)
      this.#send(conn, { type: 'layer', chunk, leaves })
      return conn !== undefined && conn.unsentBytes < LIMITS.unsentBytesFair
    }
    this.#desk = new LayerDesk({ layer, onFailure, send, rateBps: upload.rateBps })
  }

  /** An incoming connection whose first bytes are frames. */
  accept(socket: Socket, first: Uint8Array): void {
    this.#adopt(socket, false, first)
  }

  /** Another conversation on the same port is charged, too, when it is over. */
  charge(socket: Socket): void {
    const headers = new Headers(socket)
    const { upload } = this.#options
    socket.once('end', () => upload.carried(socket.bytesWritten + headers.take().out))
  }

  act(action: SwarmAction): void {
    switch (action.type) {
      case 'send':
        return this.#send(this.#conns.get(action.peer), action.message)
      case 'close': {
        const conn = this.#conns.get(action.peer)
        this.#gone(action.peer)
        return action.abrupt ? conn?.drop() : conn?.close()
      }
      case 'dial':
        return this.#dial(action.address)
      case 'pace':
        return this.#conns.get(action.peer)?.pace(PACE * action.rateBps)
      case 'serve':
        void this.#serve(action.peer, action.range)
        return
      case 'serve-layer':
        this.#desk.ask(action.peer, action.chunk)
    }
  }

  #send(conn: Conn | undefined, message: Message): void {
    this.#options.upload.carried(conn?.send(message) ?? 0)
  }

  #countHeaders(): void {
    const { upload, download } = this.#options
    for (const { headers } of this.#conns.values()) {
      const bytes = headers.take()
      upload.carried(bytes.out)
      download.carried(bytes.in)
    }
  }

  #gone(peer: number): void {
    this.#conns.delete(peer)
    this.#desk.drop(peer)
  }

  /** Sends what is queued and closes everything; peers get so long to take it. */
  async close(patienceMillis: number): Promise<void> {
    this.#closed = true
    clearInterval(this.#watch)
    clearInterval(this.#count)
    const conns = [...this.#conns.values()]
    this.#conns.clear()
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<void>(resolve => {
      timer = setTimeout(resolve, patienceMillis)
    })
    for (const conn of conns) conn.close()
    await Promise.race([Promise.all(conns.map(conn => conn.gone())), patience])
    clearTimeout(timer)
  }

  /**
   * A connection from an address that is ours no more is dead, but nobody says so: the system would
   * try for many minutes. Given up, it is made anew from the address that we have now.
   */
  #leaveOldAddresses(): void {
    const own = ownAddresses()
    if (own === undefined) return
    this.#options.port?.move(chosenAddress(this.#options.place))
    for (const conn of [...this.#conns.values()])
      if (!own.has(conn.localHost)) conn.abandon(`${conn.localHost} is no address of ours any more`)
  }

  #adopt(socket: Socket, outbound: boolean, first?: Uint8Array, asked?: Address): void {
    if (this.#closed) {
      socket.destroy()
      return
    }
    const peer = this.#nextPeer++
    const { feed, place, upload, download } = this.#options
    const paceBps = PACE * upload.rateBps
    giveTraits(socket, { dscp: place.dscp, paceBps })
    // The machine must know the peer before the first bytes are parsed.
    const onMessage = (message: Message, bytes: number): void => {
      download.carried(message.type === 'data' ? bytes - message.range.lengthBytes : bytes)
      feed({ type: 'message', peer, message })
    }
    const onClose = (reason: string): void => {
      this.#gone(peer)
      feed({ type: 'closed', peer, reason })
    }
    const conn = new Conn(socket, { onMessage, onClose }, this.#backlog, paceBps)
    this.#conns.set(peer, conn)
    const host = asked?.host ?? conn.host
    const port = asked?.port ?? conn.port
    feed({ type: 'connected', peer, host, localHost: conn.localHost, port, outbound })
    if (first !== undefined) conn.push(first)
  }

  #dial(address: Address): void {
    dial(address, chosenAddress(this.#options.place)).then(
      socket => this.#adopt(socket, true, undefined, address),
      () => this.#options.feed({ type: 'dial-failed', address }),
    )
  }

  async #serve(peer: number, range: Range): Promise<void> {
    const { geometry, feed } = this.#options
    const { file, offset } = geometry.placeOfBlock(range.block)
    const room = this.#room(range.lengthBytes)
    const frame = room.subarray(0, DATA_PREFIX_BYTES + range.lengthBytes)
    writeDataPrefix(frame, range)
    try {
      await this.#options.read(file, offset + range.offsetBytes, frame.subarray(DATA_PREFIX_BYTES))
    } catch (error) {
      return this.#options.onFailure(error)
    }
    const sent = (): void => {
      if (room.length === FRAME_BYTES && this.#rooms.length < ROOMS_MAX) this.#rooms.push(room)
      feed({ type: 'sent', peer, bytes: range.lengthBytes })
    }
    const conn = this.#conns.get(peer)
    if (conn === undefined) return sent()
    conn.sendFrame(frame, sent)
    this.#options.upload.carried(DATA_PREFIX_BYTES)
  }

  /** Memory for a frame; a large one is used again when the socket has taken it. */
  #room(lengthBytes: number): Buffer {
    if (lengthBytes < LIMITS.rangeBytesMax)
      return Buffer.allocUnsafe(DATA_PREFIX_BYTES + lengthBytes)
    return this.#rooms.pop() ?? Buffer.allocUnsafeSlow(FRAME_BYTES)
  }
}
