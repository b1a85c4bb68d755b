// The peer port. One port carries everything: the first byte of a connection tells frames from a
// manager's JSON lines, and the accepting side is silent until then.

import { createServer, type Server, type Socket } from 'node:net'
import { Mcp2pError } from '../../core/base/errors.js'
import { LIMITS } from '../../core/base/limits.js'
import { Lobby } from './lobby.js'

/** Ports tried after the wanted one. */
const PORTS_TRIED = 100
const FIRST_BYTE_MILLIS = 10_000

export interface ListenOptions {
  /** First port tried; the next free one is taken. */
  readonly port: number
  /** That port or none. */
  readonly fixed?: boolean
  /** Connections that may be silent at once; default `LIMITS.connectionsSilentMax`. */
  readonly silentMax?: number
  /** Address to accept on; all when absent. */
  readonly host: string | undefined
  readonly onPeer: (socket: Socket, first: Uint8Array) => void
  readonly onLines: (socket: Socket, first: Uint8Array) => void
}

export class PeerPort {
  #server: Server
  readonly #options: ListenOptions
  #host: string | undefined
  readonly #sockets = new Set<Socket>()
  #closed = false
  readonly #silent: Lobby
  readonly port: number

  private constructor(server: Server, options: ListenOptions) {
    this.#server = server
    this.#options = options
    this.#host = options.host
    this.#silent = new Lobby(options.silentMax ?? LIMITS.connectionsSilentMax)
    this.port = (server.address() as { port: number }).port
    this.#serve(server)
  }

  /** @throws Mcp2pError NO_PEER_PORT (network) */
  static async open(options: ListenOptions): Promise<PeerPort> {
    let failure: unknown
    const tried = options.fixed ? 1 : PORTS_TRIED
    for (let i = 0; i < tried && options.port + i <= 65_535; i++) {
      try {
        return new PeerPort(await listen(options.port + i, options.host), options)
      } catch (cause) {
        failure = cause
        if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') break
      }
    }
    const why = failure instanceof Error ? failure.message : 'no port'
    const message = `cannot accept peers on port ${options.port}: ${why}`
    const hint = options.fixed
      ? 'pass another --manager-port or --bind'
      : 'pass another --peer-port'
    throw new Mcp2pError('NO_PEER_PORT', 'network', message, hint, failure)
  }

  /** Listens on another address, once that one is there. */
  move(host: string | undefined): void {
    if (host === this.#host) return
    const before = this.#host
    this.#host = host
    listen(this.port, host).then(
      server => {
        this.#server.close()
        this.#server = server
        this.#serve(server)
        if (this.#closed) server.close()
      },
      () => {
        this.#host = before // the next call tries again
      },
    )
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>(resolve => this.#server.close(() => resolve()))
  }

  #serve(server: Server): void {
    server.on('error', () => {}) // an accept that fails (no descriptors) is not the end
    server.on('connection', socket => this.#accept(socket, this.#options))
  }

  #accept(socket: Socket, options: ListenOptions): void {
    this.#sockets.add(socket)
    // Not a timeout of the socket: blanks, one at a time, would put that off for ever.
    const timer = setTimeout(() => socket.destroy(), FIRST_BYTE_MILLIS)
    socket.on('close', () => {
      clearTimeout(timer)
      this.#sockets.delete(socket)
    })
    socket.on('error', () => {})
    this.#silent.enter(socket)
    const sniff = (piece: Uint8Array): void => {
      const first = piece.find(
        byte => byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d,
      )
      if (first === undefined) return
      socket.off('data', sniff)
      clearTimeout(timer)
      this.#silent.leave(socket)
      if (first === 0x7b) options.onLines(socket, piece)
      else if (first === 0x16)
        socket.destroy() // TLS: this version has no keys
      else options.onPeer(socket, piece)
    }
    socket.on('data', sniff)
  }
}

/** Listens on one address, or on all: both families where the machine has both. */
async function listen(port: number, host: string | undefined): Promise<Server> {
  const on = (address: string): Promise<Server> =>
    new Promise((resolve, reject) => {
      const server = createServer()
      server.once('error', reject)
      server.listen({ port, host: address }, () => resolve(server))
    })
  if (host !== undefined) return on(host)
  return on('::').catch(cause => {
    if ((cause as NodeJS.ErrnoException).code === 'EADDRINUSE') throw cause
    return on('0.0.0.0')
  })
}

/** Why nobody can listen on exactly this port, or undefined. */
export async function portTrouble(
  port: number,
  host: string | undefined,
): Promise<string | undefined> {
  try {
    const server = await listen(port, host)
    await new Promise<void>(resolve => server.close(() => resolve()))
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  }
}
