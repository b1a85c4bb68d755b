// A group heard through node's dgram, opened through dgram-as-promised but read by event: its `recv`
// has no queue and loses what comes in bursts.

import { DgramAsPromised, type SocketAsPromised } from 'dgram-as-promised'
import { kernelDrops } from './drops.js'
import {
  type Group,
  type GroupOptions,
  isScoped,
  joinEach,
  noListening,
  RECEIVE_BUFFER_BYTES,
} from './group.js'
import type { Interface } from './interfaces.js'
import { Moderation } from './moderation.js'

export class DgramGroup implements Group {
  readonly #socket: SocketAsPromised
  readonly #options: GroupOptions
  readonly #moderation: Moderation
  readonly joinedOn: readonly Interface[]
  #unpaused = 0

  private constructor(socket: SocketAsPromised, options: GroupOptions) {
    this.#socket = socket
    this.#options = options
    this.joinedOn = joinEach(options, on => this.#member(true, on))
    try {
      socket.socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES)
    } catch {
      // The default stays.
    }
    this.#moderation = new Moderation(socket.socket.getRecvBufferSize())
    socket.socket.on('message', (bytes, from) => this.#hear(bytes, from.address))
    socket.socket.on('error', () => {}) // an interface that goes away is no reason to end
  }

  static async open(options: GroupOptions): Promise<DgramGroup> {
    const { group, port, interfaces } = options
    const type = group.includes(':') ? 'udp6' : 'udp4'
    const socket = DgramAsPromised.createSocket({ type, reuseAddr: true })
    try {
      const anywhere = type === 'udp4' ? '0.0.0.0' : '::'
      const scope = isScoped(group) ? `%${interfaces[0]?.name}` : ''
      const unbound = process.platform === 'win32' || (isScoped(group) && interfaces.length > 1)
      const address = unbound ? anywhere : group + scope
      await socket.bind({ address, port, exclusive: true })
      return new DgramGroup(socket, options)
    } catch (cause) {
      await socket.close().catch(() => {})
      throw noListening(options, cause)
    }
  }

  get drops(): number {
    return kernelDrops(this.#options.port)
  }

  look(): void {} // node reads when it reads

  leave(): void {
    for (const each of this.joinedOn) {
      try {
        this.#member(false, each)
      } catch {
        // It is gone already.
      }
    }
  }

  join(): void {
    for (const each of this.joinedOn) {
      try {
        this.#member(true, each)
      } catch {
        // The cable is out; the next round tries again.
      }
    }
  }

  async close(): Promise<void> {
    await this.#socket.close().catch(() => {})
  }

  #hear(bytes: Uint8Array, source: string): void {
    const arrivedMicros = Math.floor(performance.now() * 1000)
    this.#options.onDatagram(bytes, 0, bytes.length, source, arrivedMicros)
    // Whatever else this turn of the loop brings goes along.
    if (this.#unpaused++ === 0) setImmediate(() => this.#pause())
  }

  #pause(): void {
    const count = this.#unpaused
    this.#unpaused = 0
    this.#options.onPause?.()
    this.#moderation.rest(count)
  }

  #member(join: boolean, on: Interface): void {
    const { socket } = this.#socket
    const { group, source } = this.#options
    const by = this.#onInterface(on)
    if (source === undefined)
      join ? socket.addMembership(group, by) : socket.dropMembership(group, by)
    else if (join) socket.addSourceSpecificMembership(source, group, by)
    else socket.dropSourceSpecificMembership(source, group, by)
  }

  #onInterface({ address, name }: Interface): string {
    return this.#options.group.includes(':') ? `::%${name}` : address
  }
}
