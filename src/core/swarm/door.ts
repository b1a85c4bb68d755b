// Who has to go when too many have come. A host has only so many connections to give, and whoever
// opens thousands of them should not keep out those who come to talk: a newcomer takes the place of
// one who has said nothing yet, then of one who has said no more than hello. A sender has more to give:
// each of its receivers stays connected, and there may be ten thousand.

import { LIMITS } from '../base/limits.js'
import type { Hello } from '../wire/message.js'
import type { Link } from './link.js'

/** Why the two have nothing to do with each other, if so. */
export function whyStranger(hello: Hello, we: { id: string; node: string }): string | undefined {
  if (hello.node === we.node) return 'this is ourselves'
  if (hello.id !== we.id) return 'another transfer'
  return hello.role === 'manager' ? 'a manager' : undefined
}

export class Door {
  readonly #most: number
  /** How many are here from each address. */
  readonly #from = new Map<string, number>()
  /** Who has said its name and takes part, by that name. */
  readonly #named = new Map<string, Link>()
  /** Those that we have dialled and that have said nothing. */
  readonly #dialled = new Set<Link>()

  constructor(role: 'seeder' | 'receiver') {
    this.#most = role === 'seeder' ? LIMITS.connectionsOfSenderMax : LIMITS.connectionsMax
  }

  /** Somebody whom we have dialled may yet turn out to be anybody. */
  get isGreeting(): boolean {
    return this.#dialled.size > 0
  }

  entered(link: Link): void {
    const { host, outbound } = link
    if (outbound) this.#dialled.add(link)
    this.#from.set(host, (this.#from.get(host) ?? 0) + 1)
  }

  /** The link has said hello, and its twin is gone. */
  greeted(link: Link): void {
    this.#dialled.delete(link)
    if (link.active) this.#named.set(link.node, link)
  }

  /** Another connection of one who takes part. */
  twinOf(link: Link, { node, role }: Hello): Link | undefined {
    const other = role === 'meta' ? undefined : this.#named.get(node)
    return other === link ? undefined : other
  }

  left(link: Link): void {
    const { host, node } = link
    this.#dialled.delete(link)
    if (this.#named.get(node) === link) this.#named.delete(node)
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
