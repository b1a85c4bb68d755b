// Who is in which swarm: the manager's memory, and its answers. JSON lines, one answer per command,
// so that `nc` is a client. An address is the connection's own, or one that a token has proved.

import { isIpv4, isIpv6 } from '../base/endpoint.js'
import { LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'
import type { Prng } from '../base/prng.js'
import { sameScope, scopeOf } from '../base/scope.js'
import { type CommandOf, type PeerRecord, parseCommand } from '../wire/manager.js'
import { Census, TTL_MICROS } from './census.js'
import type { Entry } from './entry.js'
import { introduce } from './introduce.js'
import type { Roll } from './roll.js'
import { isPrivate, mayClaim, Tokens } from './tokens.js'
import { Watchers } from './watchers.js'

/** Where a command comes from: the connection's two ends. */
export interface Asker {
  readonly host: string
  /** Our own address on that connection: what a peer of ours is told to be at. */
  readonly localHost: string
  /** The connection's number, where something may be said to it later. */
  readonly conn?: number
}

export interface RegistryOptions {
  readonly prng: Prng
  /** A word that nobody can guess: cookies and tokens. */
  readonly secret: () => string
  /** A peer in our own process, reachable wherever the asker reached us. */
  readonly own?: { readonly metaHash: string; readonly port: number }
  /** Would a peer's meta of this swarm be welcome? */
  readonly wantsMeta?: (metaHash: string) => boolean
}

/**
 * What the shell has to do; `keep` is new or changed, or only `renewed`; `drop` has left or `expired`.
 * What is `shared` another manager has told, and knows already.
 */
export type RegistryOut =
  | { readonly type: 'tell'; readonly conn: number; readonly line: string }
  | { readonly type: 'knock'; readonly host: string; readonly port: number; readonly line: string }
  | {
      readonly type: 'keep'
      readonly record: PeerRecord
      readonly renewed: boolean
      readonly shared?: true
    }
  | {
      readonly type: 'drop'
      readonly record: PeerRecord
      readonly expired: boolean
      readonly shared?: true
    }

/** A swarm as it is shown to operators. */
export interface SwarmSummary {
  readonly metaHash: string
  readonly peers: number
  readonly complete: number
  readonly verifiedBytes: number
  readonly totalBytes: number
}

export class Registry {
  readonly #options: RegistryOptions
  readonly #census = new Census()
  readonly #watchers = new Watchers()
  readonly #tokens = new Tokens()
  #out: RegistryOut[] = []
  #isHeld = false
  #heldSince: Micros = 0

  constructor(options: RegistryOptions) {
    this.#options = options
  }

  get peers(): number {
    return this.#census.size
  }

  get swarms(): number {
    return this.#census.swarms.size
  }

  get watchers(): number {
    return this.#watchers.size
  }

  /** When newcomers have to be told of. */
  get deadline(): Micros {
    return this.#watchers.dueAt
  }

  /** The answer to a line, as a line without its end; a blank line has none. */
  answer(line: string, asker: Asker, now: Micros): string | undefined {
    if (line.trim() === '') return undefined
    const command = parseCommand(line)
    this.#expire(now)
    switch (command.cmd) {
      case 'error':
        return json(command)
      case 'register':
        return this.#register(command, asker, now)
      case 'confirm':
        return this.#confirm(command, asker, now)
      case 'request_peers':
        return this.#peers(command, asker)
      case 'keepalive':
        return this.#keep(command, now)
      case 'leave':
        return this.#leave(command)
      case 'progress':
        return this.#progress(command, now)
      case 'list':
        return this.#list()
    }
  }

  /** What the shell has to do next; call it until it is undefined. */
  poll(now: Micros): RegistryOut | undefined {
    if (this.#out.length === 0) this.#tell(now)
    if (this.#out.length === 0) this.#expire(now)
    return this.#out.shift()
  }

  /** The connection is gone. */
  closed(conn: number): void {
    this.#watchers.closed(conn)
  }

  /**
   * Learns an entry that a former run has left. It is given a whole new time; whether it kept alive
   * with us or with another manager is not known any more.
   */
  learn(record: PeerRecord, now: Micros): void {
    const entry = this.#learn(record, now)
    if (entry) entry.isShared = true
  }

  /** Learns what another manager of the same store was told. */
  share(record: PeerRecord, now: Micros): void {
    const before = this.#census.of(record.metaHash, record.cookie)?.record
    const entry = this.#learn(record, now)
    if (entry === undefined) return
    entry.isShared = true
    const renewed = before !== undefined && sameAddress(before, record)
    this.#out.push({ type: 'keep', record, renewed, shared: true })
  }

  #learn(record: PeerRecord, now: Micros): Entry | undefined {
    const until = now + TTL_MICROS
    const known = this.#census.of(record.metaHash, record.cookie)
    if (known !== undefined && sameAddress(known.record, record)) {
      known.record = record
      this.#census.renew(known, until)
      return known
    }
    if (!this.#census.hasRoomFor(record)) return undefined
    const entry = this.#census.put(record, until)
    this.#watchers.came(entry, now)
    return entry
  }

  /** While the others cannot be heard, nobody is forgotten because of their silence, for some minutes. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld
  }

  /** Elsewhere an entry has left. */
  unlearn(metaHash: string, cookie: string): void {
    const entry = this.#census.of(metaHash, cookie)
    if (entry === undefined) return
    this.#census.remove(entry)
    this.#out.push({ type: 'drop', record: entry.record, expired: false, shared: true })
  }

  *records(now: Micros): Iterable<{ record: PeerRecord; until: Micros }> {
    this.#expire(now)
    for (const { record, until } of this.#census.entries()) yield { record, until }
  }

  summaries(now: Micros): SwarmSummary[] {
    this.#expire(now)
    return [...this.#census.swarms].map(([metaHash, { all }]) => summaryOf(metaHash, all))
  }

  /** Undefined when there is no such swarm. */
  summary(metaHash: string, now: Micros): SwarmSummary | undefined {
    this.#expire(now)
    const swarm = this.#census.swarms.get(metaHash)
    return swarm && summaryOf(metaHash, swarm.all)
  }

  /** Everybody in a swarm; undefined when there is no such swarm. */
  members(metaHash: string, now: Micros): PeerRecord[] | undefined {
    this.#expire(now)
    const swarm = this.#census.swarms.get(metaHash)
    return swarm && [...swarm.all].map(({ record }) => record)
  }

  #expire(now: Micros): void {
    if (!this.#isHeld) this.#heldSince = now
    const isHeld = this.#isHeld && now - this.#heldSince < LIMITS.managerHoldMicros
    for (const { record } of this.#census.expire(now, isHeld))
      this.#out.push({ type: 'drop', record, expired: true })
  }

  // ---- commands

  #register(command: CommandOf<'register'>, asker: Asker, now: Micros): string {
    const { meta_hash: metaHash, port, cookie, location } = command
    const host = command.host ?? asker.host
    const inside = this.#insideOf(command, asker)
    const record = { metaHash, host, port, inside, location, cookie: cookie ?? '' }
    if (host === asker.host) return this.#enter(record, now)
    if (asker.conn === undefined || !(isIpv4(host) || isIpv6(host)) || !mayClaim(host, asker.host))
      return error(
        'bad_host',
        'another address than your own must be one that you can be reached at',
      )
    const token = this.#options.secret()
    if (!this.#tokens.add(token, record, asker.host, now))
      return error('busy', 'too many addresses wait for their token; try again in 10 s')
    const line = json({ cmd: 'confirm', meta_hash: metaHash, token })
    this.#out.push({ type: 'knock', host, port, line })
    return json({ cmd: 'confirm', meta_hash: metaHash, host, port })
  }

  /** Only of use, and only believed, where it is private and something else is seen from here. */
  #insideOf({ inside }: CommandOf<'register'>, asker: Asker): string | undefined {
    if (inside === undefined || inside === asker.host || !isPrivate(inside)) return undefined
    return isIpv4(inside) || isIpv6(inside) ? inside : undefined
  }

  #confirm({ meta_hash, token }: CommandOf<'confirm'>, asker: Asker, now: Micros): string {
    const record = this.#tokens.take(token, meta_hash, asker.host, now)
    if (record === undefined) return error('unknown_token', 'register with that address first')
    return this.#enter(record, now)
  }

  #enter(asked: PeerRecord, now: Micros): string {
    const { metaHash } = asked
    const known = this.#census.of(metaHash, asked.cookie) ?? this.#census.at(asked)
    if (known === undefined && !this.#census.hasRoomFor(asked))
      return error('full', 'this manager takes no more')
    const { verifiedBytes, totalBytes } = known?.record ?? {}
    const cookie = known?.record.cookie ?? this.#options.secret()
    const record = { ...asked, cookie, verifiedBytes, totalBytes }
    const isNews = known === undefined || !sameAddress(known.record, record)
    const entry = this.#census.put(record, now + TTL_MICROS)
    if (isNews) this.#watchers.came(entry, now)
    // Who registers again and again writes nothing again and again.
    const renewed = known !== undefined && !isNews && known.record.location === record.location
    this.#out.push({ type: 'keep', record, renewed })
    const ttl = LIMITS.managerTtlSeconds
    return json({ cmd: 'registered', meta_hash: metaHash, cookie, ttl, ...this.#wanted(metaHash) })
  }

  #peers(command: CommandOf<'request_peers'>, asker: Asker): string {
    const { meta_hash: hash, cookie } = command
    const swarm = this.#census.swarms.get(hash)
    const self = this.#census.of(hash, cookie)
    const location = command.location ?? self?.record.location
    const welcomes = (entry: Entry): boolean =>
      entry !== self && mayKnow(asker.host, entry.record.host)
    const most = LIMITS.peersPerMessageMax
    const guest = { host: asker.host, location, welcomes }
    const chosen = swarm ? introduce(swarm.all, swarm.places, guest, most, this.#options.prng) : []
    const { own } = this.#options
    const mine = own?.metaHash === hash ? [{ host: asker.localHost, port: own.port }] : []
    const peers = [...mine, ...addressesFor(asker.host, chosen)]
    const watch = command.watch === true && this.#watch(hash, cookie, asker, chosen.length)
    return json({ cmd: 'peers', meta_hash: hash, peers, ...(watch ? { watch } : {}) })
  }

  #watch(metaHash: string, cookie: string | undefined, asker: Asker, told: number): boolean {
    if (asker.conn === undefined) return false
    return this.#watchers.add({ conn: asker.conn, metaHash, host: asker.host, cookie, told })
  }

  #keep({ meta_hash, cookie }: CommandOf<'keepalive'>, now: Micros): string {
    const entry = this.#census.of(meta_hash, cookie)
    if (entry === undefined) return error('unknown_cookie', 'register first')
    this.#renew(entry, now)
    const ttl = LIMITS.managerTtlSeconds
    return json({ cmd: 'keepalive', meta_hash, ttl, ...this.#wanted(meta_hash) })
  }

  /** It keeps alive with us. */
  #renew(entry: Entry, now: Micros): void {
    entry.isShared = false
    this.#census.renew(entry, now + TTL_MICROS)
    this.#out.push({ type: 'keep', record: entry.record, renewed: true })
  }

  #leave({ meta_hash, cookie }: CommandOf<'leave'>): string {
    const entry = this.#census.of(meta_hash, cookie)
    if (entry === undefined)
      return error('unknown_cookie', 'nothing is registered under this cookie')
    this.#census.remove(entry)
    this.#out.push({ type: 'drop', record: entry.record, expired: false })
    return json({ cmd: 'left', meta_hash })
  }

  #progress(command: CommandOf<'progress'>, now: Micros): string {
    const { meta_hash, cookie, verified_bytes: verifiedBytes, total_bytes: totalBytes } = command
    const entry = this.#census.of(meta_hash, cookie)
    if (entry === undefined) return error('unknown_cookie', 'register first')
    if (verifiedBytes > totalBytes)
      return error('bad_command', 'verified_bytes: more than total_bytes')
    entry.record = { ...entry.record, verifiedBytes, totalBytes }
    this.#renew(entry, now)
    return json({ cmd: 'progress', meta_hash })
  }

  /** What is here, our own first, and how many peers each has. */
  #list(): string {
    const swarms: { meta_hash: string; peers: number }[] = []
    const all = this.#census.swarms
    const own = this.#options.own?.metaHash
    if (own !== undefined) swarms.push({ meta_hash: own, peers: (all.get(own)?.all.size ?? 0) + 1 })
    for (const [hash, { all: members }] of all) {
      if (swarms.length === LIMITS.managerListMax) break
      if (hash !== own) swarms.push({ meta_hash: hash, peers: members.size })
    }
    return json({ cmd: 'list', swarms })
  }

  #wanted(metaHash: string): { wants_meta?: true } {
    return this.#options.wantsMeta?.(metaHash) ? { wants_meta: true } : {}
  }

  #tell(now: Micros): void {
    for (const { watcher, newcomers } of this.#watchers.news(now)) {
      const { conn, metaHash, host, cookie } = watcher
      const told: Entry[] = []
      for (const entry of newcomers) {
        if (watcher.told >= LIMITS.peersPerMessageMax) break
        const isOwn = entry.record.cookie === cookie || entry !== this.#census.at(entry.record)
        if (isOwn || !mayKnow(host, entry.record.host)) continue
        told.push(entry)
        watcher.told++
      }
      if (told.length === 0) continue
      const peers = addressesFor(host, told)
      const line = json({ cmd: 'peers', meta_hash: metaHash, peers, watch: true })
      this.#out.push({ type: 'tell', conn, line })
    }
  }
}

function summaryOf(metaHash: string, all: Roll<Entry>): SwarmSummary {
  const sums = { complete: 0, verifiedBytes: 0, totalBytes: 0 }
  for (const { record } of all) {
    const { verifiedBytes = 0, totalBytes } = record
    sums.verifiedBytes += verifiedBytes
    sums.totalBytes += totalBytes ?? 0
    if (verifiedBytes === totalBytes) sums.complete++
  }
  return { metaHash, peers: all.size, ...sums }
}

/** Addresses that only mean something on one machine or link are for those who are there. */
function mayKnow(asker: string, host: string): boolean {
  return scopeOf(host) === 'wide' || sameScope(host, asker)
}

/** Whoever comes from the same address is behind the same translator: it gets the inside as well. */
function addressesFor(asker: string, entries: readonly Entry[]): { host: string; port: number }[] {
  return entries.flatMap(({ record: { host, port, inside } }) =>
    inside !== undefined && host === asker
      ? [
          { host, port },
          { host: inside, port },
        ]
      : [{ host, port }],
  )
}

function sameAddress(a: PeerRecord, b: PeerRecord): boolean {
  return a.host === b.host && a.port === b.port && a.inside === b.inside
}

function error(code: string, message: string): string {
  return json({ cmd: 'error', code, message })
}

function json(value: object): string {
  return JSON.stringify(value)
}
