// Whom a receiver dials, by its part in its segment: a relay those outside, who listens to one its
// mates, and anybody where nobody relays. Before that is known a crowd of mates dials few outside:
// each would be told of others by everybody there, and all of that crosses one line.

import { LIMITS } from '../base/limits.js'
import type { Link } from '../swarm/link.js'
import type { Swarm } from '../swarm/swarm.js'
import type { Segment } from './segment.js'
import type { Vicinity } from './vicinity.js'

export type Reach = 'anybody' | 'near' | 'mates' | 'outside'

/** Connections, and who of them is a mate. */
export interface Sides {
  readonly links: readonly Link[]
  readonly changes: number
  readonly inside: readonly Link[]
  readonly outside: readonly Link[]
}

/** Peers outside that a relay wants: of many sites some each. */
const OUTSIDE_WANTED = 20
/** And whoever may become one, or need not. */
const OUTSIDE_WANTED_EARLY = 4

/** The reach of somebody who does not relay as long as nobody does. */
export function earlyReach({ outside }: Sides, isUndecided: boolean): Reach {
  return isUndecided && outside.length >= OUTSIDE_WANTED_EARLY ? 'mates' : 'anybody'
}

/** From now on the swarm dials so; `sides`: as they are whenever it is about to dial. */
export function confine(
  swarm: Swarm,
  segment: Segment,
  vicinity: Vicinity,
  reach: Reach,
  sides: () => Sides,
): void {
  const { book } = swarm
  if (reach === 'near') {
    book.confine(address => vicinity.isAt(address))
    swarm.wanted = () => LIMITS.connectionsWanted - vicinity.mates.length
  } else if (reach === 'anybody') {
    book.confine(() => true)
    swarm.wanted = () => LIMITS.connectionsWanted - swarm.connectionCount
  } else if (reach === 'outside') {
    book.confine(address => !segment.isAt(address))
    swarm.wanted = () => OUTSIDE_WANTED - sides().outside.length
  } else {
    book.confine(address => segment.isAt(address))
    swarm.wanted = () => LIMITS.connectionsWanted - sides().inside.length
  }
}
