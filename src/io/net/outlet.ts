// The socket that sends to a group. It joins nothing and receives nothing. Batches are copied into a
// ring of datagrams, because a socket may keep what it was given until the kernel has room; how many
// are under way is the back-pressure that the sender feels.

import type { Socket } from 'node:dgram'
import { DgramAsPromised, type SocketAsPromised } from 'dgram-as-promised'

export interface OutletOptions {
  readonly group: string
  readonly ttl: number
  /** Address of the interface to send by; without one the route to the group decides. */
  readonly address: string | undefined
  /** Name of that interface, which IPv6 needs. */
  readonly interfaceName: string | undefined
  /** Room of one datagram. */
  readonly datagramBytes: number
  /** Datagrams that may be under way. */
  readonly slots: number
}

export class Outlet {
  readonly #socket: SocketAsPromised
  readonly #raw: Socket
  readonly #group: string
  readonly #ring: Buffer
  readonly #slotBytes: number
  readonly #slots: number
  #next = 0
  #underWay = 0
  #onRoom: (() => void) | undefined
  /** Called when the kernel refuses a datagram. */
  onError: (error: NodeJS.ErrnoException) => void = () => {}
  /** Datagrams that the kernel took. */
  sent = 0

  private constructor(socket: SocketAsPromised, options: OutletOptions) {
    this.#socket = socket
    this.#raw = socket.socket
    this.#group = options.group
    this.#slotBytes = options.datagramBytes
    this.#slots = options.slots
    this.#ring = Buffer.alloc(options.datagramBytes * options.slots)
  }

  static async open(options: OutletOptions): Promise<Outlet> {
    const six = options.group.includes(':')
    const socket = DgramAsPromised.createSocket({ type: six ? 'udp6' : 'udp4' })
    // TTL and interface can be set on a bound socket only.
    await socket.bind({ address: six ? undefined : options.address, port: 0, exclusive: true })
    socket.socket.on('error', () => {})
    socket.socket.setMulticastTTL(options.ttl)
    socket.socket.setMulticastLoopback(true)
    if (six && options.interfaceName)
      socket.socket.setMulticastInterface(`::%${options.interfaceName}`)
    else if (options.address) socket.socket.setMulticastInterface(options.address)
    return new Outlet(socket, options)
  }

  /** How many datagrams may be sent right now. */
  get room(): number {
    return this.#slots - this.#underWay
  }

  /** Room for the next datagram; write it here, then `send` its length. At most `room` in a row. */
  slot(): Buffer {
    const at = this.#next * this.#slotBytes
    return this.#ring.subarray(at, at + this.#slotBytes)
  }

  send(bytes: number, port: number): void {
    const at = this.#next * this.#slotBytes
    this.#next = (this.#next + 1) % this.#slots
    this.#underWay++
    this.#raw.send(this.#ring, at, bytes, port, this.#group, this.#done)
  }

  /** Calls once when half of the ring is free again. */
  whenRoom(call: () => void): void {
    this.#onRoom = call
  }

  async close(): Promise<void> {
    await this.#socket.close().catch(() => {})
  }

  readonly #done = (error: Error | null): void => {
    this.#underWay--
    if (error) this.onError(error as NodeJS.ErrnoException)
    else this.sent++
    if (this.#onRoom && this.#underWay * 2 <= this.#slots) {
      const call = this.#onRoom
      this.#onRoom = undefined
      call()
    }
  }
}
