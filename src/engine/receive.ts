// Receives a transfer: finds it, gets its meta, looks at what is already there, and runs the
// receiver's machine until every file stands and nobody needs us any more.

import { randomInt } from 'node:crypto'
import { endpointsOf, formatEndpoint } from '../core/base/endpoint.js'
import { Mcp2pError } from '../core/base/errors.js'
import { LIMITS } from '../core/base/limits.js'
import { MIB } from '../core/base/units.js'
import { isDocumentOf, type P2pMeta, parseMeta } from '../core/meta/p2pmeta.js'
import type { Announce } from '../core/wire/announce.js'
import type { SessionId } from '../core/wire/datagram.js'
import { sha256 } from '../io/disk/hasher.js'
import { readMetaFile } from '../io/disk/meta-file.js'
import type { Address } from '../ports.js'
import type { Link, ReceiveEvents, ReceiveOptions, ReceiveResult } from './api.js'
import { Silence } from './doctor/silence.js'
import { Ears, type EarsOptions } from './ears.js'
import { type Emit, Job } from './events.js'
import { throwIfAborted } from './interrupted.js'
import { fetchMeta, isWanted } from './join.js'
import { askManager, askTransfers } from './lines.js'
import { checkReceiveOptions, checkReceiveSource } from './options.js'
import { Overheard } from './overheard.js'
import { placeOf } from './place.js'
import { Receiving } from './receiving.js'
import { idleReception } from './reception.js'

/** What to receive: a meta (its path or bytes), a link, an id (or its first digits), or the first. */
export interface ReceiveSource {
  readonly meta?: Uint8Array | string
  readonly link?: Link
  readonly id?: string
}

/** A document, and what it says. */
interface Found {
  readonly meta: P2pMeta
  readonly metaBytes: Uint8Array
}

const HINT_AFTER_MILLIS = 5000
const LOOK_EVERY_MILLIS = 1000
const ASK_EVERY_MILLIS = 3000
const ASK_AT_ONCE = 4
const ANNOUNCERS_MAX = 256

/** Starts receiving. `done` rejects with a `Mcp2pError`; parts and journal stay for a resume. */
export function receive(
  source: ReceiveSource,
  options: ReceiveOptions = {},
): Job<ReceiveEvents, ReceiveResult> {
  return new Job(emit => {
    checkReceiveSource(source)
    checkReceiveOptions(options)
    return new Reception(source, options, emit).run()
  })
}

class Reception {
  readonly #source: ReceiveSource
  readonly #options: ReceiveOptions
  readonly #silence: Silence<ReceiveEvents>
  readonly #emit: Emit<ReceiveEvents>
  readonly #peers: Address[]
  readonly #announced = new Map<string, Address>()
  #ears: Ears | undefined
  #receiving: Receiving | undefined
  #wake: () => void = () => {}
  /** Of those who were named. */
  readonly #silent = new Set<string>()
  /** Why each gave no meta. */
  readonly #refusals = new Map<string, string>()
  readonly #startedAt = performance.now()
  #askTransfersAt = 0
  #aloneAt = Number.POSITIVE_INFINITY
  #isToldOfOther = false

  constructor(source: ReceiveSource, options: ReceiveOptions, emit: Emit<ReceiveEvents>) {
    this.#source = source
    this.#options = options
    this.#silence = new Silence(options, emit)
    this.#emit = this.#silence.emit
    const named = [...(options.peers ?? []), ...(options.managers ?? [])]
    this.#peers = [...endpointsOf(named), ...(source.link?.managers ?? [])]
    if (options.oneWay) this.#peers.length = 0
  }

  async run(): Promise<ReceiveResult> {
    const { signal, oneWay = false, multicast } = this.#options
    throwIfAborted(signal)
    const place = placeOf(this.#options)
    const given = this.#source.meta
    const metaBytes = typeof given === 'string' ? await readMetaFile(given) : given
    let found = metaBytes && { meta: parseMeta(metaBytes, sha256), metaBytes }
    this.#givenId = found?.meta.id
    let deaf: string | undefined
    const hinting = setTimeout(() => this.#hint(), HINT_AFTER_MILLIS)
    this.#silence.begin()
    try {
      if (multicast !== 'never') {
        const onAnnounce: EarsOptions['onAnnounce'] = (from, session, announce, bytes) => {
          if (isWanted(announce, this.#wantedId)) {
            this.#silence.broken()
            this.#note(announce.id, { host: from, port: announce.port })
          }
          this.#receiving?.announced(from, session, announce, bytes)
          this.#seeOther(announce)
          this.#overhear(from, session, announce)
          this.#wake()
        }
        try {
          const onQuery: EarsOptions['onQuery'] = (from, query) =>
            this.#receiving?.queried(from, query)
          this.#ears = await Ears.open({ ...place, ttl: 1, mute: oneWay, onAnnounce, onQuery })
          this.#ears.onBatch = batch => this.#overheard?.take(batch)
        } catch (error) {
          if (multicast === 'always' || oneWay) throw error
          deaf = error instanceof Error ? error.message : String(error)
        }
      }
      const askable = this.#peers.length + (found?.meta.managers.length ?? 0)
      if (this.#ears === undefined && askable === 0) throw nobodyToAsk(deaf)
      found ??= await this.#findMeta(place.chosen?.address)
      this.#overheard = undefined
      this.#heard.clear()
      if (!oneWay) this.#peers.push(...endpointsOf(found.meta.managers))
      this.#receiving = await Receiving.open({
        ...found,
        options: this.#options,
        place,
        ears: this.#ears,
        deaf,
        peers: this.#peers,
        announced: this.#announcers(found.meta.id),
        emit: this.#emit,
        startedAt: this.#startedAt,
      })
      return await this.#receiving.run()
    } finally {
      clearTimeout(hinting)
      this.#silence.end()
      await this.#ears?.close()
    }
  }

  readonly #longMetas = new Set<string>()
  /** Of the meta that the user gave. */
  #givenId: string | undefined
  readonly #heard = new Map<string, Uint8Array>()
  #overheard: Overheard | undefined = new Overheard((id, bytes) => {
    this.#heard.set(id, bytes)
    this.#wake()
  })

  /** Anybody can announce, from many addresses: of too many, chance decides who is remembered. */
  #note(id: string, address: Address): void {
    const key = `${address.host}|${id}`
    if (!this.#announced.has(key) && this.#announced.size >= ANNOUNCERS_MAX) {
      const keys = [...this.#announced.keys()]
      this.#announced.delete(keys[randomInt(keys.length)])
    }
    this.#announced.set(key, address)
  }

  #announcers(id: string): Address[] {
    return [...this.#announced].filter(([key]) => key.endsWith(`|${id}`)).map(([, each]) => each)
  }

  /** Until the meta is here, the data's channel is listened to for it. */
  #overhear(source: string, session: SessionId, announce: Announce): void {
    const channel = announce.channels.find(each => each.channel === 1)
    if (this.#source.meta || !channel || !isWanted(announce, this.#wantedId)) return
    if (!this.#overheard?.announced(source, session, announce)) return this.#tooLong(announce)
    const { group, port } = channel
    this.#ears?.join({ group, port }).catch(() => {}) // peers may still give it
  }

  /** A meta that long is not listened for, and here it cannot be asked for. */
  #tooLong({ id, meta }: Announce): void {
    const isLong = meta.bytes > LIMITS.overheardBytesMax
    if (!this.#options.oneWay || !isLong || this.#longMetas.has(id)) return
    // Anybody can announce anything.
    if (this.#longMetas.size >= LIMITS.channelsMax) return
    this.#longMetas.add(id)
    this.#emit('notice', {
      code: 'long-meta',
      level: 'warning',
      message: `the .p2pmeta of ${id.slice(0, 12)} is too long to listen for: ${mebibytes(meta.bytes)} MiB, ${mebibytes(LIMITS.overheardBytesMax)} at most`,
      hint: 'bring the .p2pmeta here and pass it: mcp2p recv x.p2pmeta --one-way',
    })
  }

  /** What may be received, in the order in which it was announced. */
  #candidates(): Iterable<string> {
    const wanted = this.#wantedId
    if (wanted?.length === 64) return [wanted]
    return new Set([...this.#announced.keys()].map(key => key.slice(key.indexOf('|') + 1)))
  }

  get #wantedId(): string | undefined {
    return this.#givenId ?? this.#source.link?.id ?? this.#source.id
  }

  /** Listens and asks until somebody gives us the meta of what we want. */
  async #findMeta(localAddress: string | undefined): Promise<Found> {
    const { signal } = this.#options
    const tried = new Map<string, number>()
    for (;;) {
      throwIfAborted(signal)
      this.#ears?.query(this.#wantedId)
      await this.#askTransfers(localAddress)
      // Who announces and gives no meta must not keep us from the others.
      for (const id of this.#candidates()) {
        const heard = this.#heard.get(id)
        const found = heard && this.#check(id, heard, 'what was heard')
        if (found) return found
        this.#heard.delete(id)
        if (this.#options.oneWay) continue
        const given = await this.#askForMeta(id, localAddress, tried)
        if (given !== undefined) return given
      }
      this.#progress()
      await this.#pause(LOOK_EVERY_MILLIS)
    }
  }

  /** Whoever was named may say what there is, where the user did not. */
  async #askTransfers(localAddress: string | undefined): Promise<void> {
    if (this.#wantedId?.length === 64 || performance.now() < this.#askTransfersAt) return
    this.#askTransfersAt = performance.now() + ASK_EVERY_MILLIS
    const ask = async (peer: Address): Promise<void> => {
      for (const id of (await askTransfers(peer, localAddress)) ?? [])
        if (/^[0-9a-f]{64}$/.test(id) && id.startsWith(this.#wantedId ?? '')) this.#note(id, peer)
    }
    await Promise.allSettled(this.#peers.map(ask))
  }

  /**
   * Asks everybody who may have it, each at most every 3 s (`tried`: not before), several at once:
   * those who announce and do not answer must not keep us from the one who does.
   */
  async #askForMeta(
    id: string,
    localAddress: string | undefined,
    tried: Map<string, number>,
  ): Promise<Found | undefined> {
    const { signal } = this.#options
    const now = performance.now()
    const all = [...this.#announcers(id), ...(await this.#known(id, localAddress))]
    const keyOf = (peer: Address): string => `${formatEndpoint(peer)}|${id}`
    const due = all.filter(peer => now >= (tried.get(keyOf(peer)) ?? 0))
    return new Promise((resolve, reject) => {
      const askNext = async (): Promise<void> => {
        for (let peer = due.shift(); peer !== undefined; peer = due.shift()) {
          const key = keyOf(peer)
          tried.set(key, performance.now() + ASK_EVERY_MILLIS)
          try {
            const bytes = await fetchMeta(peer, id, localAddress, signal)
            const found = this.#check(id, bytes, `what ${peer.host} port ${peer.port} gave`)
            if (found === undefined) continue
            due.length = 0
            return resolve(found)
          } catch (error) {
            throwIfAborted(signal)
            if (error instanceof Mcp2pError && error.code !== 'NO_META') throw error
            // That it does not answer is said already, and it is asked as soon as it does.
            if (this.#silent.has(formatEndpoint(peer))) tried.delete(key)
            else this.#refused(key, error instanceof Error ? error.message : String(error))
          }
        }
      }
      const askers = Array.from({ length: ASK_AT_ONCE }, askNext)
      Promise.all(askers).then(() => resolve(undefined), reject)
    })
  }

  /**
   * The meta of `id`, if these bytes are it. What is not is the giver's mistake or lie, which stops
   * nobody: others may have the right one.
   *
   * @throws Mcp2pError when they are just what `id` names, and are refused all the same
   */
  #check(id: string, metaBytes: Uint8Array, what: string): Found | undefined {
    try {
      const meta = parseMeta(metaBytes, sha256)
      if (meta.id === id) return { meta, metaBytes }
      this.#noMeta(`${what} is the .p2pmeta of another transfer`)
    } catch (error) {
      if (!(error instanceof Mcp2pError) || isDocumentOf(id, metaBytes, sha256)) throw error
      this.#noMeta(`${what} is no use: ${error.message}`)
    }
    return undefined
  }

  /** Said again only when the reason is another one. */
  #refused(key: string, message: string): void {
    if (this.#refusals.get(key) === message) return
    this.#refusals.set(key, message)
    this.#noMeta(message)
  }

  #noMeta(message: string): void {
    this.#emit('notice', { code: 'no-meta', level: 'warning', message })
  }

  /** The peers and managers that the user named, and whom those managers know. */
  async #known(id: string, localAddress: string | undefined): Promise<Address[]> {
    const known: Address[] = []
    for (const address of this.#peers) {
      known.push(address)
      try {
        known.push(...((await askManager(address, id, localAddress)) ?? []))
        this.#answers(address, true)
      } catch {
        this.#answers(address, false) // the next round tries again
      }
    }
    return known
  }

  /** Says when somebody who was named cannot be reached, and when that is over. */
  #answers(address: Address, isThere: boolean): void {
    const where = formatEndpoint(address)
    if (isThere ? !this.#silent.delete(where) : this.#silent.has(where)) return
    if (!isThere) this.#silent.add(where)
    const message = isThere ? `${where} answers` : `${where} does not answer; still trying`
    const code = isThere ? 'manager-found' : 'manager-lost'
    this.#emit('notice', { code, level: isThere ? 'info' : 'warning', message })
  }

  /** Whoever waits in vain is told what to pass, with a meta at hand or without. */
  #hint(): void {
    if (this.#announced.size > 0 || this.#receiving?.isAlone === false) return
    const { group = '224.0.67.67', port = 6767, oneWay } = this.#options
    const wanted = this.#wantedId ? ` of ${this.#wantedId.slice(0, 12)}` : ''
    const where = `${group} port ${port} (${this.#ears?.interfaceNames})`
    this.#emit('notice', {
      code: 'no-announcement',
      level: 'warning',
      message: this.#ears
        ? `no announcement${wanted} on ${where} so far; still listening`
        : `${this.#peers.map(formatEndpoint).join(', ')}: no peer so far; still trying`,
      hint: oneWay
        ? 'see that `mcp2p send --carousel` runs, and check the cable, the switch and --interface'
        : 'pass the link that `mcp2p send` prints (mcp2p:…?m=HOST:PORT), or --peer HOST:PORT',
    })
  }

  /** Who took what was announced first, and is left alone with it, hears what else there is. */
  #seeOther({ id, name }: Announce): void {
    if (this.#isToldOfOther || this.#wantedId !== undefined || this.#options.oneWay) return
    if (!this.#receiving?.isAlone) this.#aloneAt = Number.POSITIVE_INFINITY
    else this.#aloneAt = Math.min(this.#aloneAt, performance.now())
    if (id === this.#receiving?.id || performance.now() - this.#aloneAt < HINT_AFTER_MILLIS) return
    this.#isToldOfOther = true
    this.#emit('notice', {
      code: 'another',
      level: 'warning',
      message: `nobody is here for this transfer, but another one is announced: ${name}`,
      hint: `to take that one, stop this and run: mcp2p recv ${id}`,
    })
  }

  #progress(): void {
    const name = this.#source.link?.name ?? ''
    const what = { phase: 'discovering', id: this.#wantedId ?? '', name } as const
    const nothing = { totalBytes: 0, verifiedBytes: 0 }
    const listening = this.#ears !== undefined
    this.#emit('progress', idleReception({ ...what, ...nothing }, listening, this.#startedAt))
  }

  /** Waits, but no longer than until the next announcement or the end. */
  #pause(millis: number): Promise<void> {
    const { signal } = this.#options
    return new Promise(done => {
      const end = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', end)
        this.#wake = () => {}
        done()
      }
      const timer = setTimeout(end, millis)
      signal?.addEventListener('abort', end)
      this.#wake = end
    })
  }
}

function nobodyToAsk(deaf: string | undefined): Mcp2pError {
  const why = deaf ?? 'multicast is switched off'
  const hint = 'pass the link that `mcp2p send` prints (mcp2p:…?m=HOST:PORT), or --peer HOST:PORT'
  return new Mcp2pError('NOBODY_TO_ASK', 'network', `nobody to receive from: ${why}`, hint)
}

function mebibytes(bytes: number): string {
  return (bytes / MIB).toFixed(1)
}
