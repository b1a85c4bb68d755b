// A swarm manager at work: one port for JSON lines and for metas, told apart by their first byte, and
// a registry behind it that is kept in a file or shared with other managers.

import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { LIMITS } from '../../core/base/limits.js'
import { Prng } from '../../core/base/prng.js'
import { Registry, type RegistryOut } from '../../core/manager/registry.js'
import { storageError } from '../../io/disk/fault.js'
import { plainHost } from '../../io/net/conn.js'
import { dial } from '../../io/net/dial.js'
import { readLines } from '../../io/net/line-reader.js'
import { Lobby } from '../../io/net/lobby.js'
import { secret } from '../../io/net/secret.js'
import { PeerPort } from '../../io/net/tcp.js'
import { MetaFolder } from '../../io/registry/meta-folder.js'
import type { ManageOptions, ManageResult, Notice } from '../api.js'
import { nowMicros } from '../drive.js'
import { Journal, type RegistryStore } from './journal.js'
import { MetaDesk } from './meta-desk.js'
import { Shared } from './shared.js'
import { Turns } from './turns.js'

export const DEFAULT_MANAGER_PORT = 8889
const LOOK_EVERY_MILLIS = 1000

/** What the manager has done so far. */
export interface ServiceCounts {
  requests: number
  errors: number
  knocks: number
}

/** For operators. */
export interface ServiceStatus extends ManageResult {
  readonly connections: number
  readonly watchers: number
  readonly store: string
}

export interface StoreState {
  readonly name: string
  readonly isUp: boolean
}

interface Caller {
  readonly socket: Socket
  /** Its lines that wait. */
  waiting: number
}

export class Service {
  readonly registry: Registry
  readonly metas: MetaFolder
  readonly counts: ServiceCounts = { requests: 0, errors: 0, knocks: 0 }
  /** Where entries are kept besides the memory; `isUp`: it takes them. */
  store: StoreState = { name: 'file', isUp: true }
  readonly #startedAt = performance.now()
  #journal: RegistryStore | undefined
  #shared: RegistryStore | undefined
  readonly #desk: MetaDesk
  readonly #turns = new Turns()
  readonly #callers = new Map<number, Caller>()
  readonly #lobby = new Lobby(LIMITS.managerServiceConnectionsMax)
  #nextConn = 1
  #port: PeerPort | undefined
  #news: NodeJS.Timeout | undefined
  /** Who expires is forgotten in time, also while nobody asks. */
  readonly #look = setInterval(() => this.drain(), LOOK_EVERY_MILLIS)

  /** Rejects with a `Mcp2pError`: a folder that cannot be used, a port that is taken. */
  static async open(
    options: ManageOptions & { readonly state: string },
    onNotice: (notice: Notice) => void,
  ): Promise<Service> {
    const { state, port = DEFAULT_MANAGER_PORT, bind } = options
    const metas = await MetaFolder.open(join(state, 'metas'), LIMITS.managerMetasBytesMax).catch(
      error => {
        throw storageError(error, 'keep metas in', state)
      },
    )
    const service = new Service(metas, onNotice)
    service.#port = await PeerPort.open({
      port,
      fixed: true,
      host: bind,
      silentMax: LIMITS.managerServiceConnectionsMax,
      onLines: (socket, first) => service.#onLines(socket, first),
      onPeer: (socket, first) => {
        service.#lobby.enter(socket)
        service.#desk.accept(socket, first)
      },
    })
    // The port is the lock: whoever has it is the only one with this journal.
    const path = join(state, `peers-${port}.jsonl`)
    const journal = await Journal.open(path, service.registry, error =>
      onNotice(troubleOf(path, error)),
    ).catch(async error => {
      await service.close()
      throw storageError(error, 'keep peers in', path)
    })
    service.#journal = journal
    if (options.store !== undefined) await service.#share(options.store, onNotice)
    return service
  }

  private constructor(metas: MetaFolder, onNotice: (notice: Notice) => void) {
    this.metas = metas
    const wants = (id: string): boolean => /^[0-9a-f]{64}$/.test(id) && !metas.has(id)
    this.#desk = new MetaDesk(metas, wants, error => onNotice(troubleOf('a .p2pmeta', error)))
    const prng = new Prng(randomBytes(4).readUInt32BE(0))
    this.registry = new Registry({ prng, secret, wantsMeta: wants })
  }

  get connections(): number {
    return this.#callers.size
  }

  /** Together with the other managers of this Redis. */
  async #share(url: string, onNotice: (notice: Notice) => void): Promise<void> {
    this.store = { name: 'redis', isUp: false }
    const shared = await Shared.open(url, {
      registry: this.registry,
      onState: isUp => {
        this.store = { name: 'redis', isUp }
      },
      onNotice,
      onLearnt: () => this.drain(),
    }).catch(async error => {
      await this.close()
      throw error
    })
    this.#shared = shared
  }

  /** What it has, and what it has done. */
  status(): ServiceStatus {
    const { peers, swarms, watchers } = this.registry
    const { requests, errors } = this.counts
    return {
      seconds: (performance.now() - this.#startedAt) / 1000,
      swarms,
      peers,
      metas: this.metas.count,
      connections: this.connections,
      watchers,
      requests,
      errors,
      store: this.store.isUp ? this.store.name : `${this.store.name} (away)`,
    }
  }

  /** Carries out what the registry wants, after it was told something. */
  drain(): void {
    const now = nowMicros()
    for (let out = this.registry.poll(now); out !== undefined; out = this.registry.poll(now)) {
      this.#act(out)
    }
    const due = this.registry.deadline
    if (due === Number.POSITIVE_INFINITY || this.#news !== undefined) return
    const millis = Math.max(1, Math.ceil((due - nowMicros()) / 1000))
    this.#news = setTimeout(() => {
      this.#news = undefined
      this.drain()
    }, millis)
  }

  async close(): Promise<void> {
    clearTimeout(this.#news)
    clearInterval(this.#look)
    this.#turns.close()
    await this.#port?.close()
    for (const store of this.#storesFor({})) await store.close()
  }

  #onLines(socket: Socket, first: Uint8Array): void {
    this.#lobby.enter(socket)
    const conn = this.#nextConn++
    const caller: Caller = { socket, waiting: 0 }
    this.#callers.set(conn, caller)
    const host = plainHost(socket.remoteAddress ?? '')
    const asker = { host, localHost: plainHost(socket.localAddress ?? ''), conn }
    socket.setNoDelay(true)
    socket.once('close', () => {
      this.#callers.delete(conn)
      this.registry.closed(conn)
    })
    readLines(socket, first, line => {
      if (line.trim() === '') return
      const mine = this.#turns.add(host, () => {
        if (--caller.waiting === 0) socket.resume()
        if (socket.destroyed) return 0
        const answer = this.registry.answer(line, asker, nowMicros())
        // Kept first, answered then: what a peer was told is not forgotten.
        this.drain()
        return this.#say(caller, answer)
      })
      if (!mine) return socket.destroy()
      if (++caller.waiting >= LIMITS.managerLinesWaiting) socket.pause()
    })
  }

  /** Says it, if anything; how many lines the one that it answers counts for. */
  #say({ socket }: Caller, line: string | undefined): number {
    if (line === undefined) return 1
    write(socket, line)
    this.counts.requests++
    if (!line.startsWith('{"cmd":"error"')) return 1
    this.counts.errors++
    return LIMITS.managerErrorLines
  }

  /** What others have told is in what is shared already; the journal has it for our next run. */
  #storesFor({ shared }: { readonly shared?: true }): RegistryStore[] {
    const stores = shared ? [this.#journal] : [this.#journal, this.#shared]
    return stores.filter(store => store !== undefined)
  }

  #act(out: RegistryOut): void {
    switch (out.type) {
      case 'tell': {
        const caller = this.#callers.get(out.conn)
        if (caller) write(caller.socket, out.line)
        return
      }
      case 'keep':
        for (const store of this.#storesFor(out)) store.keep(out.record, out.renewed)
        return
      case 'drop':
        for (const store of this.#storesFor(out)) store.drop(out.record, out.expired)
        return
      case 'knock':
        this.counts.knocks++
        // Nobody there, or somebody who does not want it: then it is not proved.
        dial({ host: out.host, port: out.port }, undefined).then(
          socket => socket.on('error', () => {}).end(`${out.line}\n`),
          () => {},
        )
    }
  }
}

function write(socket: Socket, line: string): void {
  if (!socket.writable) return
  socket.write(`${line}\n`)
  if (socket.writableLength > LIMITS.managerUnsentBytesMax) socket.destroy()
}

function troubleOf(what: string, error: unknown): Notice {
  const why = error instanceof Error ? error.message : String(error)
  const message = `cannot keep ${what}: ${why}`
  const hint = 'it goes on from memory; make room, or pass another --state'
  return { code: 'not-kept', level: 'warning', message, hint }
}
