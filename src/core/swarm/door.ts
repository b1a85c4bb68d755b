// Who has to go when too many have come. A host has only so many connections to give, and whoever
// opens thousands of them should not keep out those who come to talk: a newcomer takes the place of
// one who has said nothing yet, then of one who has said no more than hello. A sender has more to give:
// each of its receivers stays connected, and there may be ten thousand.

import { LIMITS } from '../base/limits.js'
import type { Link } from './link.js'

export class Door {
  readonly #most: number
  /** How many are here from each address. */
  readonly #from = new Map<string, number>()

  constructor(role: 'seeder' | 'receiver') {
    this.#most = role === 'seeder' ? LIMITS.connectionsOfSenderMax : LIMITS.connectionsMax
  }

  entered({ host }: Link): void {
    this.#from.set(host, (this.#from.get(host) ?? 0) + 1)
  }

  left({ host }: Link): void {
    const others = (this.#from.get(host) ?? 0) - 1
    if (others > 0) this.#from.set(host, others)
    else this.#from.delete(host)
  }

  /** The link that must go now that `newcomer` is one of `links`; nobody while there is room. */
  whoMustGo(links: ReadonlyMap<number, Link>, newcomer: Link): Link | undefined {
    const fromThere = this.#from.get(newcomer.host) ?? 0
    const tooMany = links.size > this.#most
    if (!tooMany && fromThere <= LIMITS.connectionsPerAddressMax) return undefined
    let worst = newcomer
    let worth = Number.POSITIVE_INFINITY
    // They come in the order in which they connected: of equals the oldest goes.
    for (const link of links.values()) {
      if (link === newcomer || link.outbound) continue
      if (!tooMany && link.host !== newcomer.host) continue
      const each = link.hello === undefined ? 0 : link.earnest ? Number.POSITIVE_INFINITY : 1
      if (each >= worth) continue
      worst = link
      worth = each
    }
    return worst
  }
}
