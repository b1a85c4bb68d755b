// What a host says of itself on every connection. It says the same to all, so that a crowd's many
// connections keep one greeting of each host and not one of each connection.

import type { Hello } from '../wire/message.js'
import { QUIET } from './link.js'
import type { SwarmOptions } from './swarm-options.js'

/** In the hello of one who forgets what it has verified: it will never give anything. */
export const DISCARDS = 'discards'

export class Greeting {
  readonly #options: SwarmOptions
  #latest: Hello | undefined

  constructor(options: SwarmOptions) {
    this.#options = options
  }

  /** The greeting now. */
  say(): Hello {
    const { id, node, role, port, isQuiet, verified, keeps = true } = this.#options
    const { downloadBps = Number.POSITIVE_INFINITY } = this.#options
    const complete = verified.full && keeps
    if (this.#latest?.complete === complete) return this.#latest
    const features = [...(keeps ? [] : [DISCARDS]), ...(isQuiet ? [QUIET] : [])]
    const hello = { type: 'hello', id, node, port, role, complete, version: 1, features } as const
    const isLimited = downloadBps < Number.POSITIVE_INFINITY
    this.#latest = isLimited ? { ...hello, downloadBps: Math.ceil(downloadBps) } : hello
    return this.#latest
  }
}
