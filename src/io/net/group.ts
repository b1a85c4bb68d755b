// The socket that hears a group. It only receives: bound to the group, so that nothing else reaches
// it, and joined on every interface by address. Opened through dgram-as-promised, but read by event:
// its `recv` has no queue and loses what comes in bursts.

import { DgramAsPromised, type SocketAsPromised } from 'dgram-as-promised'
import { Mcp2pError } from '../../core/base/errors.js'
import type { Interface } from './interfaces.js'

export interface GroupOptions {
  readonly group: string
  readonly port: number
  readonly interfaces: readonly Interface[]
  readonly onMessage: (bytes: Uint8Array, source: string) => void
}

/** What the kernel is asked for; it grants less where rmem_max says so. */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024

export class GroupSocket {
  readonly #socket: SocketAsPromised
  readonly #options: GroupOptions
  /** Socket buffer that was really granted. */
  readonly bufferBytes: number
  readonly joinedOn: readonly Interface[]

  private constructor(socket: SocketAsPromised, options: GroupOptions) {
    this.#socket = socket
    this.#options = options
    this.joinedOn = this.#join()
    try {
      socket.socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES)
    } catch {
      // The default stays; `bufferBytes` tells.
    }
    this.bufferBytes = socket.socket.getRecvBufferSize()
    socket.socket.on('message', (bytes, from) => options.onMessage(bytes, from.address))
    socket.socket.on('error', () => {}) // an interface that goes away is no reason to end
  }

  /** @throws Mcp2pError NO_GROUP (network) when it cannot be bound or joined anywhere. */
  static async open(options: GroupOptions): Promise<GroupSocket> {
    const { group, port } = options
    const type = group.includes(':') ? 'udp6' : 'udp4'
    const socket = DgramAsPromised.createSocket({ type, reuseAddr: true })
    try {
      const anywhere = type === 'udp4' ? '0.0.0.0' : '::'
      const address = process.platform === 'win32' ? anywhere : group
      await socket.bind({ address, port, exclusive: true })
      return new GroupSocket(socket, options)
    } catch (cause) {
      await socket.close().catch(() => {})
      if (cause instanceof Mcp2pError) throw cause
      const why = cause instanceof Error ? cause.message : String(cause)
      const message = `cannot listen to ${group} port ${port}: ${why}`
      throw new Mcp2pError('NO_GROUP', 'network', message, 'pass another --group or --port', cause)
    }
  }

  /** Leaves and joins again: where nobody renews memberships, a switch forgets them. */
  rejoin(): void {
    for (const { address, name } of this.joinedOn) {
      const on = this.#onInterface(address, name)
      try {
        this.#socket.socket.dropMembership(this.#options.group, on)
      } catch {
        // It may be gone already; what counts is the join.
      }
      try {
        this.#socket.socket.addMembership(this.#options.group, on)
      } catch {
        // The cable is out; the next round tries again.
      }
    }
  }

  async close(): Promise<void> {
    await this.#socket.close().catch(() => {})
  }

  #join(): Interface[] {
    const { group, port, interfaces } = this.#options
    const joined: Interface[] = []
    let failure: unknown
    for (const each of interfaces) {
      try {
        this.#socket.socket.addMembership(group, this.#onInterface(each.address, each.name))
        joined.push(each)
      } catch (cause) {
        // A second address of one interface is joined already; anything else is that interface's.
        if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') failure = cause
      }
    }
    if (joined.length > 0) return joined
    const why = failure instanceof Error ? failure.message : 'no interface'
    const message = `cannot join ${group} port ${port} on any interface: ${why}`
    throw new Mcp2pError(
      'NO_GROUP',
      'network',
      message,
      'pass --interface or another --group',
      failure,
    )
  }

  #onInterface(address: string, name: string): string {
    return this.#options.group.includes(':') ? `::%${name}` : address
  }
}
