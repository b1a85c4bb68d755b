// The entries of all swarms, by every way in which they are looked for: by cookie, by address, by
// swarm, by place, by age and by how many of them one host has. Nothing here takes longer because
// there are more of them.

import { LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'
import { scopeOf } from '../base/scope.js'
import type { PeerRecord } from '../wire/manager.js'
import { addressKey, type Entry, placesOf } from './entry.js'
import { Roll } from './roll.js'

export interface Members {
  readonly all: Roll<Entry>
  readonly byAddress: Map<string, Entry>
  readonly places: Map<string, Roll<Entry>>
}

export const TTL_MICROS: Micros = 1e6 * LIMITS.managerTtlSeconds

export class Census {
  readonly #swarms = new Map<string, Members>()
  /** In the order in which they end: all live equally long, and who is renewed goes to the back. */
  readonly #byCookie = new Map<string, Entry>()
  /** Entries of each address. */
  readonly #shares = new Map<string, number>()

  get size(): number {
    return this.#byCookie.size
  }

  /** Swarms that have members, the oldest first. */
  get swarms(): ReadonlyMap<string, Members> {
    return this.#swarms
  }

  /** The entry that a cookie stands for, if it is one of this swarm. */
  of(metaHash: string, cookie: string | undefined): Entry | undefined {
    const entry = cookie === undefined ? undefined : this.#byCookie.get(cookie)
    return entry?.record.metaHash === metaHash ? entry : undefined
  }

  at(record: PeerRecord): Entry | undefined {
    return this.#swarms.get(record.metaHash)?.byAddress.get(addressKey(record))
  }

  hasRoomFor({ metaHash, host }: PeerRecord): boolean {
    const swarm = this.#swarms.get(metaHash)
    const share =
      scopeOf(host) === 'loopback'
        ? LIMITS.managerEntriesAtHomeMax
        : LIMITS.managerEntriesPerAddressMax
    if ((this.#shares.get(host) ?? 0) >= share || this.size >= LIMITS.managerEntriesMax)
      return false
    if (swarm === undefined) return this.#swarms.size < LIMITS.managerSwarmsMax
    return swarm.all.size < LIMITS.managerPeersPerSwarmMax
  }

  /** Takes an entry in; whatever had its cookie or its address goes. */
  put(record: PeerRecord, until: Micros): Entry {
    const former = this.#byCookie.get(record.cookie)
    if (former) this.remove(former)
    const there = this.at(record)
    if (there) this.remove(there)
    const { metaHash, host } = record
    const entry: Entry = { record, until, isShared: false }
    const swarm = this.#swarms.get(metaHash) ?? {
      all: new Roll(),
      byAddress: new Map(),
      places: new Map(),
    }
    this.#swarms.set(metaHash, swarm)
    swarm.all.add(entry)
    swarm.byAddress.set(addressKey(record), entry)
    for (const place of placesOf(host, record.location)) {
      const roll = swarm.places.get(place) ?? new Roll()
      swarm.places.set(place, roll)
      roll.add(entry)
    }
    this.#byCookie.set(record.cookie, entry)
    this.#shares.set(host, (this.#shares.get(host) ?? 0) + 1)
    return entry
  }

  renew(entry: Entry, until: Micros): void {
    entry.until = until
    this.#byCookie.delete(entry.record.cookie)
    this.#byCookie.set(entry.record.cookie, entry)
  }

  remove(entry: Entry): void {
    const { metaHash, host, cookie, location } = entry.record
    const swarm = this.#swarms.get(metaHash)
    if (swarm === undefined || this.#byCookie.get(cookie) !== entry) return
    this.#byCookie.delete(cookie)
    swarm.all.delete(entry)
    swarm.byAddress.delete(addressKey(entry.record))
    for (const place of placesOf(host, location)) {
      const roll = swarm.places.get(place)
      roll?.delete(entry)
      if (roll?.size === 0) swarm.places.delete(place)
    }
    if (swarm.all.size === 0) this.#swarms.delete(metaHash)
    const share = (this.#shares.get(host) ?? 0) - 1
    if (share > 0) this.#shares.set(host, share)
    else this.#shares.delete(host)
  }

  /** Forgets who did not keep alive, and says who; `isHeld`: but not those of whom we cannot hear. */
  *expire(now: Micros, isHeld: boolean): Iterable<Entry> {
    for (const entry of this.#byCookie.values()) {
      if (entry.until >= now) return
      if (isHeld && entry.isShared) this.renew(entry, now + TTL_MICROS)
      else {
        this.remove(entry)
        yield entry
      }
    }
  }

  *entries(): Iterable<Entry> {
    yield* this.#byCookie.values()
  }
}
