// Sends to a group through node's dgram, one call a datagram. They are written into a ring, because a
// socket may keep what it was given until the kernel has room.

import type { Socket } from 'node:dgram'
import { DgramAsPromised, type SocketAsPromised } from 'dgram-as-promised'
import { Mcp2pError } from '../../core/base/errors.js'
import type { Outlet, OutletOptions } from './outlet.js'

export class DgramOutlet implements Outlet {
  readonly #socket: SocketAsPromised
  readonly #raw: Socket
  readonly #group: string
  readonly #ring: Buffer
  readonly #slotBytes: number
  readonly #slots: number
  #next = 0
  #underWay = 0
  #onRoom: (() => void) | undefined
  onError: (error: NodeJS.ErrnoException) => void = () => {}
  sent = 0

  private constructor(socket: SocketAsPromised, options: OutletOptions) {
    this.#socket = socket
    this.#raw = socket.socket
    this.#group = options.group
    this.#slotBytes = options.datagramBytes
    this.#slots = options.slots
    this.#ring = Buffer.alloc(options.datagramBytes * options.slots)
  }

  static async open(options: OutletOptions): Promise<DgramOutlet> {
    if (options.dscp !== undefined) {
      const hint = 'Leave --dscp out.'
      throw new Mcp2pError('NO_DSCP', 'usage', 'only the native part can set a code point', hint)
    }
    const six = options.group.includes(':')
    const socket = DgramAsPromised.createSocket({ type: six ? 'udp6' : 'udp4' })
    // TTL and interface can be set on a bound socket only.
    await socket.bind({ address: options.address, port: 0, exclusive: true })
    socket.socket.on('error', () => {})
    socket.socket.setMulticastTTL(options.ttl)
    if (options.sendBufferBytes !== undefined)
      socket.socket.setSendBufferSize(options.sendBufferBytes)
    socket.socket.setMulticastLoopback(true)
    if (six && options.interfaceName)
      socket.socket.setMulticastInterface(`::%${options.interfaceName}`)
    else if (options.address) socket.socket.setMulticastInterface(options.address)
    return new DgramOutlet(socket, options)
  }

  get room(): number {
    return this.#slots - this.#underWay
  }

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

  flush(): void {} // each is on its way already

  /** When half of the ring is free again. */
  /** Node's sockets let the kernel cut what is too long. */
  sendWhole(): void {}

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
