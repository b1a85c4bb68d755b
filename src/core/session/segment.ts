// Who is in my segment, and which of us relay. What is multicast here is heard here only: so whoever's
// query is heard is a mate, and where none of the mates hears a sender, some are elected to fetch from
// outside for all. Everybody elects for himself, from what all have said of themselves, and all come
// to the same: whoever relays goes on, unless he is much slower than the best; then the fastest.

import { prefixOf } from '../base/endpoint.js'
import { LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'
import { keyOf } from '../swarm/book.js'
import type { Link } from '../swarm/link.js'
import type { Standing } from '../wire/announce.js'
import type { PeerAddress } from '../wire/message.js'

interface Mate {
  readonly host: string
  readonly said: Standing
  readonly heardAt: Micros
}

/** Who hears a sender asks so rarely, and what it said of that is believed for longer. */
const HEARING_MICROS = 25_000_000
/** A relay this much slower than the best is replaced, if there is somebody else. */
const SLOW_SHARE = 0.25
/** So many mates for each relay. */
const MATES_PER_RELAY = 2

export class Segment {
  readonly #own: string
  readonly #mates = new Map<string, Mate>()
  /** How often somebody has come or was forgotten. */
  changes = 0
  /** Where they are: asked of every address that is known. */
  readonly #addresses = new Set<string>()
  /** Who was elected last, of whom; until somebody says something else, or nothing any more. */
  #elected: readonly string[] = []
  #electedFrom: Standing | undefined
  #electedUntil: Micros = Number.NEGATIVE_INFINITY

  /** `own`: the node of whoever asks. */
  constructor(own: string) {
    this.#own = own
  }

  /** Somebody's query was heard; true when it is the first of him. */
  heard(host: string, said: Standing, now: Micros): boolean {
    if (said.node === this.#own) return false
    const isNew = !this.#mates.has(said.node)
    if (isNew && this.#mates.size >= LIMITS.matesMax) this.#forget(now)
    if (isNew && this.#mates.size >= LIMITS.matesMax) return false
    const before = this.#mates.get(said.node)
    this.#mates.set(said.node, { host, said, heardAt: now })
    if (isNew) this.changes++
    if (before === undefined || !isAlike(before.said, said) || !this.#isHere(before, now))
      this.#electedFrom = undefined
    if (before) this.#addresses.delete(addressOf(before))
    this.#addresses.add(keyOf({ host, port: said.port }))
    return isNew
  }

  /** Its connection ended: it may be gone. It is back with its next query. */
  left(node: string): void {
    const mate = this.#mates.get(node)
    if (mate) this.#mates.set(node, { ...mate, heardAt: Number.NEGATIVE_INFINITY })
    this.#electedFrom = undefined
  }

  has(node: string): boolean {
    return this.#mates.has(node)
  }

  get size(): number {
    return this.#mates.size
  }

  /** The subnets that all are in, so far as addresses tell; our own end of each link has one of ours. */
  prefixes(links: readonly Link[]): ReadonlySet<string> {
    const homes = links.flatMap(({ home }) => home || [])
    return new Set([...homes, ...[...this.#mates.values()].map(({ host }) => prefixOf(host))])
  }

  isAt(address: PeerAddress): boolean {
    return this.#addresses.has(keyOf(address))
  }

  /** One of us hears a sender: nobody else may multicast here. */
  hears(now: Micros): boolean {
    for (const { said, heardAt } of this.#mates.values())
      if (said.hears && now - heardAt < HEARING_MICROS) return true
    return false
  }

  /** The nodes of those who relay or should, ascending; none where nobody can. Asked all the time. */
  elected(self: Standing, now: Micros): readonly string[] {
    const from = this.#electedFrom
    if (from !== undefined && now < this.#electedUntil && isAlike(from, self)) return this.#elected
    const here = [...this.#mates.values()].filter(mate => this.#isHere(mate, now))
    this.#electedFrom = self
    this.#electedUntil = Math.min(...here.map(each => each.heardAt + LIMITS.mateSilenceMicros))
    this.#elected = electedOf([self, ...here.map(({ said }) => said)])
    return this.#elected
  }

  #isHere({ heardAt }: Mate, now: Micros): boolean {
    return now - heardAt < LIMITS.mateSilenceMicros
  }

  /** One of these says that something comes to it. */
  anyFetches(nodes: readonly string[], now: Micros): boolean {
    return nodes.some(node => {
      const mate = this.#mates.get(node)
      if (mate === undefined) return node === this.#own
      return mate.said.bps > 1 && now - mate.heardAt < LIMITS.mateSilenceMicros
    })
  }

  #forget(now: Micros): void {
    for (const [node, mate] of this.#mates) {
      if (now - mate.heardAt <= LIMITS.mateMicros) continue
      this.#mates.delete(node)
      this.changes++
      this.#addresses.delete(addressOf(mate))
    }
  }
}

/** Of all who are here, the nodes of those who relay or should, ascending. */
function electedOf(here: readonly Standing[]): string[] {
  if (here.length === 1) return []
  const wanted = Math.ceil((here.length - 1) / MATES_PER_RELAY)
  const all = here.filter(each => each.able)
  const meant = all.filter(each => each.only)
  const able = meant.length > 0 ? meant : all
  const bestBps = Math.max(0, ...able.filter(each => each.relays).map(each => each.bps))
  const rank = ({ bps, relays }: Standing): number => {
    if (bps > 0 && bps < SLOW_SHARE * bestBps) return 2
    return relays ? 0 : 1
  }
  // In octaves, so that who differs by little is not preferred by one and not by the other.
  const octave = ({ bps }: Standing): number => Math.floor(Math.log2(1 + bps))
  able.sort((a, b) => rank(a) - rank(b) || octave(b) - octave(a) || (a.node < b.node ? -1 : 1))
  const chosen = able.slice(0, Math.min(LIMITS.relaysMax, wanted))
  return chosen.map(({ node }) => node).sort()
}

/** They weigh the same in an election. */
function isAlike(a: Standing, b: Standing): boolean {
  return a.able === b.able && a.relays === b.relays && a.only === b.only && a.bps === b.bps
}

function addressOf({ host, said }: Mate): string {
  return keyOf({ host, port: said.port })
}
