// Who has to go when too many have come. A host has only so many connections to give, and whoever
// opens thousands of them should not keep out those who come to talk: a newcomer takes the place of
// one who has said nothing yet, then of one who has said no more than hello.

import { LIMITS } from '../base/limits.js'
import type { Link } from './link.js'

/** The link that must go now that `newcomer` is one of `links`; nobody while there is room. */
export function whoMustGo(links: ReadonlyMap<number, Link>, newcomer: Link): Link | undefined {
  let fromThere = 0
  for (const link of links.values()) if (link.host === newcomer.host) fromThere++
  const tooMany = links.size > LIMITS.connectionsMax
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
