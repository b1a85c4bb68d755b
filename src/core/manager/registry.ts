// Who is in which swarm: the manager's memory, and its answers. JSON lines, one answer per command,
// so that `nc` is a client. An address is always the connection's own: nobody can register a victim.

import { LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'
import type { Prng } from '../base/prng.js'
import { parseCommand } from '../wire/manager.js'

interface Entry {
  readonly host: string
  readonly port: number
  readonly cookie: string
  until: Micros
}

/** Where a command comes from: the connection's two ends. */
export interface Asker {
  readonly host: string
  /** Our own address on that connection: what a peer of ours is told to be at. */
  readonly localHost: string
}

export class Registry {
  readonly #swarms = new Map<string, Map<string, Entry>>()
  /** Entries of each address. */
  readonly #shares = new Map<string, number>()
  #sweptAt: Micros = Number.NEGATIVE_INFINITY
  readonly #prng: Prng
  /** A peer in our own process, reachable wherever the asker reached us. */
  readonly #own: { readonly metaHash: string; readonly port: number } | undefined

  constructor(prng: Prng, own?: { metaHash: string; port: number }) {
    this.#prng = prng
    this.#own = own
  }

  /** The answer to a line, as a line without its end; a blank line has none. */
  answer(line: string, asker: Asker, now: Micros): string | undefined {
    if (line.trim() === '') return undefined
    const command = parseCommand(line)
    switch (command.cmd) {
      case 'error':
        return json(command)
      case 'register':
        return this.#register(command.meta_hash, command.port, asker, now)
      case 'request_peers':
        return this.#peers(command.meta_hash, command.cookie, asker, now)
      case 'keepalive':
        return this.#keep(command.meta_hash, command.cookie, now)
      case 'leave':
        return this.#leave(command.meta_hash, command.cookie)
      case 'list':
        return this.#list(now)
    }
  }

  #register(hash: string, port: number, asker: Asker, now: Micros): string {
    const swarm = this.#swarms.get(hash) ?? new Map<string, Entry>()
    const key = `${asker.host}|${port}`
    const isFull = (): boolean =>
      (!this.#swarms.has(hash) && this.#swarms.size >= LIMITS.managerSwarmsMax) ||
      (!swarm.has(key) && swarm.size >= LIMITS.managerPeersPerSwarmMax) ||
      (!swarm.has(key) && this.#shareOf(asker.host) >= LIMITS.managerEntriesPerAddressMax)
    if (isFull()) this.#sweep(now)
    if (isFull()) return error('full', 'this manager takes no more')
    if (!swarm.has(key)) this.#shares.set(asker.host, this.#shareOf(asker.host) + 1)
    const cookie = swarm.get(key)?.cookie ?? this.#cookie()
    swarm.set(key, { host: asker.host, port, cookie, until: now + 1e6 * LIMITS.managerTtlSeconds })
    this.#swarms.set(hash, swarm)
    return json({ cmd: 'registered', meta_hash: hash, cookie, ttl: LIMITS.managerTtlSeconds })
  }

  #peers(hash: string, cookie: string | undefined, asker: Asker, now: Micros): string {
    const live: { host: string; port: number }[] = []
    const swarm = this.#swarms.get(hash)
    for (const [key, entry] of swarm ?? []) {
      if (entry.until < now) this.#forget(hash, key)
      else if (cookie === undefined || entry.cookie !== cookie)
        live.push({ host: entry.host, port: entry.port })
    }
    const peers = this.#prng.shuffle(live).slice(0, LIMITS.peersPerMessageMax)
    if (this.#own?.metaHash === hash) peers.unshift({ host: asker.localHost, port: this.#own.port })
    return json({ cmd: 'peers', meta_hash: hash, peers })
  }

  #keep(hash: string, cookie: string, now: Micros): string {
    for (const entry of this.#swarms.get(hash)?.values() ?? [])
      if (entry.cookie === cookie && entry.until >= now) {
        entry.until = now + 1e6 * LIMITS.managerTtlSeconds
        return json({ cmd: 'keepalive', meta_hash: hash, ttl: LIMITS.managerTtlSeconds })
      }
    return error('unknown_cookie', 'register first')
  }

  #leave(hash: string, cookie: string): string {
    const swarm = this.#swarms.get(hash)
    for (const [key, entry] of swarm ?? [])
      if (entry.cookie === cookie) {
        this.#forget(hash, key)
        return json({ cmd: 'left', meta_hash: hash })
      }
    return error('unknown_cookie', 'nothing is registered under this cookie')
  }

  /** What is here, our own first, and how many peers each has. */
  #list(now: Micros): string {
    const swarms: { meta_hash: string; peers: number }[] = []
    const countOf = (hash: string): number =>
      [...(this.#swarms.get(hash)?.values() ?? [])].filter(({ until }) => until >= now).length
    const own = this.#own?.metaHash
    if (own !== undefined) swarms.push({ meta_hash: own, peers: countOf(own) + 1 })
    for (const hash of this.#swarms.keys()) {
      if (swarms.length === LIMITS.managerListMax) break
      const peers = hash === own ? 0 : countOf(hash)
      if (peers > 0) swarms.push({ meta_hash: hash, peers })
    }
    return json({ cmd: 'list', swarms })
  }

  #shareOf(host: string): number {
    return this.#shares.get(host) ?? 0
  }

  /** Takes out an entry, and the swarm when it was the last one of it. */
  #forget(hash: string, key: string): void {
    const swarm = this.#swarms.get(hash)
    const entry = swarm?.get(key)
    if (swarm === undefined || entry === undefined) return
    swarm.delete(key)
    if (swarm.size === 0) this.#swarms.delete(hash)
    const share = this.#shareOf(entry.host) - 1
    if (share > 0) this.#shares.set(entry.host, share)
    else this.#shares.delete(entry.host)
  }

  /** Forgets who did not keep alive; once a second at most, because it looks at everybody. */
  #sweep(now: Micros): void {
    if (now - this.#sweptAt < 1_000_000) return
    this.#sweptAt = now
    for (const [hash, swarm] of this.#swarms)
      for (const [key, { until }] of swarm) if (until < now) this.#forget(hash, key)
  }

  #cookie(): string {
    const part = (): string => this.#prng.u32().toString(16).padStart(8, '0')
    return part() + part()
  }
}

function error(code: string, message: string): string {
  return json({ cmd: 'error', code, message })
}

function json(value: object): string {
  return JSON.stringify(value)
}
