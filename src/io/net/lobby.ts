// Sockets that have not earned a place yet: they said nothing so far, or talk to the manager, which
// anybody may. There is room for so many; when one more comes, the oldest of whoever holds the most
// has to go, so that one host that opens thousands costs only itself.

import type { Socket } from 'node:net'

export class Lobby {
  readonly #room: number
  readonly #byHost = new Map<string, Set<Socket>>()
  #count = 0

  constructor(room: number) {
    this.#room = room
  }

  get count(): number {
    return this.#count
  }

  /** The socket waits here until `leave` or its end. */
  enter(socket: Socket): void {
    const host = socket.remoteAddress ?? ''
    const here = this.#byHost.get(host) ?? new Set()
    this.#byHost.set(host, here.add(socket))
    this.#count++
    socket.once('close', () => this.leave(socket, host))
    if (this.#count > this.#room) this.#turnOutOne()
  }

  leave(socket: Socket, host = socket.remoteAddress ?? ''): void {
    const here = this.#byHost.get(host)
    if (here === undefined || !here.delete(socket)) return
    this.#count--
    if (here.size === 0) this.#byHost.delete(host)
  }

  #turnOutOne(): void {
    let most = new Set<Socket>()
    for (const here of this.#byHost.values()) if (here.size > most.size) most = here
    const [oldest] = most
    this.leave(oldest)
    oldest.destroy()
  }
}
