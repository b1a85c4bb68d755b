// A peer's connection to one manager, as its `Membership` wants it: dialled, kept, dialled again; and
// the meta given to a manager that has none.

import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { formatEndpoint } from '../../core/base/endpoint.js'
import { Prng } from '../../core/base/prng.js'
import { Membership, type MembershipIn, type MembershipOut } from '../../core/manager/membership.js'
import { plainHost } from '../../io/net/conn.js'
import { dial } from '../../io/net/dial.js'
import { readLines } from '../../io/net/line-reader.js'
import type { Address } from '../../ports.js'
import type { Notice } from '../api.js'
import { Drive } from '../drive.js'
import { giveMeta } from './give-meta.js'

export interface ClientOptions {
  readonly manager: Address
  readonly id: string
  readonly metaBytes: Uint8Array
  /** Where we accept peers. */
  readonly port: number
  readonly location: string | undefined
  readonly localAddress: () => string | undefined
  readonly onPeers: (peers: Address[]) => void
  readonly onNotice: (notice: Notice) => void
}

const FAREWELL_MILLIS = 500
const GIVE_EVERY_MILLIS = 5000

class Client {
  readonly #options: ClientOptions
  readonly #drive: Drive<MembershipIn, MembershipOut>
  #socket: Socket | undefined
  #closed = false
  #gaveAt = Number.NEGATIVE_INFINITY

  constructor(options: ClientOptions) {
    this.#options = options
    const { id, port, location } = options
    const prng = new Prng(randomBytes(4).readUInt32BE(0))
    const membership = new Membership({ metaHash: id, port, location, prng })
    this.#drive = new Drive(membership, out => this.#act(out))
    this.#drive.run()
  }

  progress(verifiedBytes: number, totalBytes: number): void {
    this.#drive.feed({ type: 'progress', verifiedBytes, totalBytes })
  }

  /** Says goodbye, where there is somebody to say it to. */
  async close(): Promise<void> {
    const socket = this.#socket
    this.#drive.feed({ type: 'leave' })
    this.#drive.stop()
    this.#closed = true
    if (socket === undefined || socket.destroyed) return
    await new Promise<void>(resolve => {
      socket.once('close', () => resolve())
      setTimeout(() => socket.destroy(), FAREWELL_MILLIS)
    })
  }

  #act(out: MembershipOut): void {
    const { manager, onPeers, onNotice } = this.#options
    const where = formatEndpoint(manager)
    switch (out.type) {
      case 'dial':
        return this.#dial()
      case 'say':
        this.#socket?.write(`${out.line}\n`)
        return
      case 'close':
        this.#socket?.end()
        this.#socket = undefined
        return
      case 'peers':
        return onPeers(out.peers.map(peer => onOurLink(peer, manager)))
      case 'give-meta':
        return this.#giveMeta()
      case 'lost': {
        const message = `${where} does not answer; still trying, and going on with whoever is known`
        return onNotice({ code: 'manager-lost', level: 'warning', message })
      }
      case 'found':
        return onNotice({ code: 'manager-found', level: 'info', message: `${where} answers again` })
    }
  }

  #dial(): void {
    const { manager, localAddress } = this.#options
    dial(manager, localAddress()).then(
      socket => this.#adopt(socket),
      () => this.#drive.feed({ type: 'closed' }),
    )
  }

  #adopt(socket: Socket): void {
    if (this.#closed) {
      socket.destroy()
      return
    }
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('close', () => {
      if (this.#socket !== socket) return
      this.#socket = undefined
      this.#drive.feed({ type: 'closed' })
    })
    readLines(socket, undefined, line => {
      if (this.#socket === socket) this.#drive.feed({ type: 'line', line })
    })
    const localHost = plainHost(socket.localAddress ?? '').replace(/%.*$/, '')
    this.#drive.feed({ type: 'connected', localHost })
  }

  #giveMeta(): void {
    const now = performance.now()
    if (now - this.#gaveAt < GIVE_EVERY_MILLIS) return
    this.#gaveAt = now
    const { manager, id, metaBytes, port, localAddress } = this.#options
    // It asks again, of us or of another, as long as it has none.
    giveMeta(manager, { id, metaBytes, port }, localAddress()).catch(() => {})
  }
}

/** All managers of a transfer. */
export class Managers {
  readonly #clients: readonly Client[]

  constructor(managers: readonly Address[], options: Omit<ClientOptions, 'manager'>) {
    const each = new Map(managers.map(manager => [formatEndpoint(manager), manager]))
    this.#clients = [...each.values()].map(manager => new Client({ ...options, manager }))
  }

  progress(verifiedBytes: number, totalBytes: number): void {
    for (const client of this.#clients) client.progress(verifiedBytes, totalBytes)
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map(client => client.close()))
  }
}

/** A link-local address is told without the zone, which every host names in its own way. */
function onOurLink(peer: Address, manager: Address): Address {
  const zone = /%.*$/.exec(manager.host)?.[0]
  if (zone === undefined || !/^fe[89ab]/i.test(peer.host)) return peer
  return { host: peer.host.replace(/%.*$/, '') + zone, port: peer.port }
}
