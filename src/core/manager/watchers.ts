// Who waits for newcomers. A peer that knows few others is told of each that comes, on its own
// connection and without asking; one that knows fifty has enough. So a swarm of any size costs each
// of its members fifty introductions and no more.

import { LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'
import type { Entry } from './entry.js'

export interface Watcher {
  readonly conn: number
  readonly metaHash: string
  readonly host: string
  readonly cookie: string | undefined
  /** How many it has been told of. */
  told: number
}

export class Watchers {
  readonly #bySwarm = new Map<string, Map<number, Watcher>>()
  readonly #byConn = new Map<number, Set<string>>()
  #newcomers = new Map<string, Set<Entry>>()
  #dueAt: Micros = Number.POSITIVE_INFINITY
  #size = 0

  get size(): number {
    return this.#size
  }

  get dueAt(): Micros {
    return this.#dueAt
  }

  /** False when this connection watches too many swarms already. */
  add(watcher: Watcher): boolean {
    const { conn, metaHash } = watcher
    const own = this.#byConn.get(conn) ?? new Set()
    if (!own.has(metaHash) && own.size >= LIMITS.managerWatchesPerConnection) return false
    this.#byConn.set(conn, own.add(metaHash))
    const swarm = this.#bySwarm.get(metaHash) ?? new Map<number, Watcher>()
    this.#bySwarm.set(metaHash, swarm)
    if (!swarm.has(conn)) this.#size++
    swarm.set(conn, watcher)
    return true
  }

  closed(conn: number): void {
    for (const metaHash of this.#byConn.get(conn) ?? []) this.#forget(conn, metaHash)
    this.#byConn.delete(conn)
  }

  came(entry: Entry, now: Micros): void {
    const { metaHash } = entry.record
    if (!this.#bySwarm.has(metaHash)) return
    const newcomers = this.#newcomers.get(metaHash) ?? new Set()
    this.#newcomers.set(metaHash, newcomers.add(entry))
    this.#dueAt = Math.min(this.#dueAt, now + LIMITS.managerNewsMicros)
  }

  /** Whom to tell of whom, once that is due. */
  *news(now: Micros): Iterable<{ watcher: Watcher; newcomers: Iterable<Entry> }> {
    if (now < this.#dueAt) return
    const all = this.#newcomers
    this.#newcomers = new Map()
    this.#dueAt = Number.POSITIVE_INFINITY
    for (const [metaHash, newcomers] of all)
      for (const watcher of [...(this.#bySwarm.get(metaHash)?.values() ?? [])]) {
        yield { watcher, newcomers }
        if (watcher.told < LIMITS.peersPerMessageMax) continue
        this.#forget(watcher.conn, metaHash)
        this.#byConn.get(watcher.conn)?.delete(metaHash)
      }
  }

  #forget(conn: number, metaHash: string): void {
    const swarm = this.#bySwarm.get(metaHash)
    if (!swarm?.delete(conn)) return
    this.#size--
    if (swarm.size === 0) this.#bySwarm.delete(metaHash)
  }
}
