// Who is near, in a swarm on its own. Whoever is in our subnet is asked over a line that is ours alone;
// those of other subnets share one line with all of us, and those where the sender is one with all
// subnets. So each block comes from outside once for all who are here, and leaves the sender's subnet
// for one of the others. Everybody takes part in that alike: nobody has to be elected.

import { prefixOf } from '../base/endpoint.js'
import { LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'
import { flatWay, WAY } from '../swarm/division.js'
import type { Link } from '../swarm/link.js'
import type { Swarm } from '../swarm/swarm.js'
import type { PeerAddress } from '../wire/message.js'
import { type Sharing, sharingOf } from './sharing.js'

const LOOK_MICROS = 500_000

export class Vicinity {
  /** Receivers of our subnet who are connected. */
  mates: readonly Link[] = []
  /** More of them are known, and should be dialled before others. */
  lacksMates = false
  /** Some are near and some are not: else nobody is nearer than others. */
  divides = false
  #homes: ReadonlySet<string> = new Set()
  #sharing: Sharing = sharingOf(new Set(), [])
  #links: readonly Link[] = []
  #lookedAt: Micros = Number.NEGATIVE_INFINITY

  /** `isAlone`: there is no multicast that would bring anything to all who are here. */
  look(swarm: Swarm, isAlone: boolean, now: Micros): void {
    const links = swarm.links()
    if (links === this.#links && now - this.#lookedAt < LOOK_MICROS) return
    this.#links = links
    this.#lookedAt = now
    this.#homes = new Set(links.map(link => link.home))
    this.mates = links.filter(link => link.isNear && !link.seeder)
    const others = links.filter(link => !link.isNear)
    const isBesideSender = links.some(link => link.isNear && link.seeder)
    const near = new Set(this.mates.map(link => link.prefix))
    this.#sharing = sharingOf(isBesideSender ? new Set() : near, others)
    this.lacksMates =
      isAlone &&
      this.mates.length < LIMITS.connectionsWanted &&
      swarm.book.anyDue(address => this.isAt(address), now)
    this.divides = isAlone && others.length > 0 && (this.lacksMates || this.mates.length > 0)
  }

  isAt({ host }: PeerAddress): boolean {
    return this.#homes.has(prefixOf(host))
  }

  wayTo(link: Link): number {
    if (!this.divides || link.isNear) return flatWay(link)
    if (link.seeder) return WAY.farSender
    return this.#sharing.sources.has(link.prefix) ? WAY.source : WAY.outside
  }

  /** It is for us to fetch this chunk from where the sender is. */
  isTurn(chunk: number): boolean {
    return !this.divides || this.#sharing.isOurs(chunk)
  }
}
