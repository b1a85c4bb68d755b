// One reception under way, its meta known: carries out what the receiver's machine wants with real
// sockets, memory and disk, and tells the listeners.

import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { resolve } from 'node:path'
import type { Bitmap } from '../core/base/bitmap.js'
import { LIMITS } from '../core/base/limits.js'
import { leavesOf } from '../core/base/merkle.js'
import { Prng } from '../core/base/prng.js'
import { fileCountOf, type P2pMeta } from '../core/meta/p2pmeta.js'
import { MetaTree } from '../core/meta/tree.js'
import type { Batch } from '../core/multicast/batch.js'
import type { Channel } from '../core/session/channel.js'
import { Fetch, type FetchIn, type FetchOut } from '../core/session/fetch.js'
import type { Announce, Query } from '../core/wire/announce.js'
import type { SessionId } from '../core/wire/datagram.js'
import { openDiscard } from '../io/disk/discard-store.js'
import { hasherOf } from '../io/disk/hasher.js'
import { type OpenStore, openStore } from '../io/disk/store.js'
import { PeerPort } from '../io/net/tcp.js'
import type { Address, Hasher } from '../ports.js'
import type { ReceiveEvents, ReceiveOptions, ReceiveProgress, ReceiveResult } from './api.js'
import { Budget } from './budget.js'
import { Drive, nowMicros } from './drive.js'
import type { Ears } from './ears.js'
import type { Emit } from './events.js'
import { Finisher } from './finisher.js'
import { interrupted } from './interrupted.js'
import { lackNotice } from './lack.js'
import { Managers } from './manager/client.js'
import { Meter } from './meter.js'
import { Peers } from './peers.js'
import { chosenAddress, DEFAULT_PEER_PORT, type Place } from './place.js'
import { PoolBytes, poolBytesFor } from './pool-bytes.js'
import { idleReception, multicastStatus } from './reception.js'
import { Relaying, type RelayingOptions } from './relaying.js'

export interface ReceivingOptions {
  readonly meta: P2pMeta
  readonly metaBytes: Uint8Array
  readonly options: ReceiveOptions
  readonly place: Place
  readonly ears: Ears | undefined
  readonly deaf: string | undefined
  /** Peers or managers that the user named. */
  readonly peers: readonly Address[]
  /** Who announced this transfer already. */
  readonly announced: readonly Address[]
  readonly emit: Emit<ReceiveEvents>
  readonly startedAt: number
}

/** On a line that loses a third, TCP tries its last word again after 13 and 26 s; a sender waits 30. */
const FAREWELL_MILLIS = 27_000

export class Receiving {
  readonly #given: ReceivingOptions
  readonly #meta: P2pMeta
  readonly #tree: MetaTree
  readonly #hash: Hasher
  readonly #open: OpenStore
  readonly #pool: PoolBytes
  readonly #fetch: Fetch
  readonly #drive: Drive<FetchIn, FetchOut>
  readonly #peers: Peers
  readonly #port: PeerPort | undefined
  readonly #finisher: Finisher
  readonly #relaying: Relaying | undefined
  readonly #meter = new Meter()
  #managers: Managers | undefined
  readonly #timers: NodeJS.Timeout[] = []
  #verifiedBytes = 0
  #reportedBytes = 0
  #seconds = 0
  #phase: ReceiveProgress['phase'] = 'receiving'
  #saving: Promise<void> = Promise.resolve()
  #dirty = false
  #settle: (error: unknown) => void = () => {}
  readonly #settled = new Promise<void>((settle, fail) => {
    this.#settle = error => (error === undefined ? settle() : fail(error))
  })

  static async open(given: ReceivingOptions): Promise<Receiving> {
    const { meta, options, emit } = given
    const hash = await hasherOf(meta.hash)
    const tree = new MetaTree(meta, hash)
    const { totalBytes } = tree.geometry
    const { id, name } = meta
    const source = given.announced[0] ?? given.peers[0]
    const from = source ? `${source.host}:${source.port}` : 'file'
    emit('session', { id, name, totalBytes, files: fileCountOf(meta), source: from })
    const dir = resolve(options.out ?? '.')
    const { overwrite = false, signal } = options
    const listening = given.ears !== undefined
    const onProgress = ({ checkedBytes }: { checkedBytes: number }): void => {
      const what = { phase: 'checking', id, name, totalBytes, verifiedBytes: checkedBytes } as const
      emit('progress', idleReception(what, listening, given.startedAt))
    }
    const store = options.discard
      ? openDiscard(tree.geometry.blockCount)
      : await openStore({ dir, meta, tree, hash, overwrite, onProgress, signal })
    let receiving: Receiving | undefined
    const openPort = (): Promise<PeerPort> =>
      PeerPort.open({
        port: options.peerPort ?? DEFAULT_PEER_PORT,
        host: given.place.chosen?.address,
        onPeer: (socket, first) => receiving?.accept(socket, first),
        onLines: socket => socket.destroy(),
      })
    const port = options.oneWay
      ? undefined
      : await openPort().catch(async error => {
          await store.store.close()
          throw error
        })
    receiving = new Receiving(given, meta, tree, hash, store, port)
    return receiving
  }

  private constructor(
    given: ReceivingOptions,
    meta: P2pMeta,
    tree: MetaTree,
    hash: Hasher,
    open: OpenStore,
    port: PeerPort | undefined,
  ) {
    this.#given = given
    this.#meta = meta
    this.#tree = tree
    this.#hash = hash
    this.#open = open
    this.#port = port
    const { options, ears, place } = given
    const budget = Budget.share(options)
    this.#relaying = this.#makeRelaying(budget.upload)
    this.#fetch = new Fetch(
      {
        id: meta.id,
        node: open.node,
        port: port?.port ?? 0,
        tree,
        verified: open.verified,
        finishedFiles: open.finishedFiles,
        metaBytes: given.metaBytes,
        prng: new Prng(randomBytes(4).readUInt32BE(0)),
        multicast: ears !== undefined,
        stay: options.stay ?? false,
        relay: this.#relaying?.policy,
        oneWay: options.oneWay,
        ...budget,
        keeps: open.keeps,
        poolBytes: poolBytesFor(tree.geometry.blockCount),
      },
      nowMicros(),
    )
    this.#verifiedBytes = this.#fetch.resumedBytes
    this.#pool = new PoolBytes({
      poolBytes: this.#fetch.assembly.poolBytes,
      geometry: tree.geometry,
      missingBlocks: tree.geometry.blockCount - open.verified.count,
      hash,
      store: open.store,
      feed: input => this.#drive.feed(input),
      onFailure: error => this.#settle(error),
    })
    const look = (): void => ears?.look()
    this.#drive = new Drive(this.#fetch, out => this.#act(out), look)
    this.#finisher = new Finisher(
      file => open.store.finish(file),
      file => this.#onFinished(file),
      error => this.#settle(error),
    )
    this.#peers = new Peers({
      geometry: tree.geometry,
      place,
      ...budget,
      port,
      feed: input => this.#drive.feed(input),
      read: (file, offset, into) => open.store.read(file, offset, into),
      layer: chunk => this.#layer(chunk),
      onFailure: error => this.#settle(error),
    })
  }

  accept(socket: Socket, first: Uint8Array): void {
    this.#peers.accept(socket, first)
  }

  get id(): string {
    return this.#given.meta.id
  }

  /** Still incomplete, and no peer to ask. */
  get isAlone(): boolean {
    return !this.#fetch.complete && this.#activePeers === 0
  }

  announced(source: string, session: SessionId, announce: Announce, bytes: number): void {
    this.#drive.feed({ type: 'announce', source, session, announce, bytes })
  }

  queried(source: string, { id, from }: Query): void {
    if (id !== undefined && this.#meta.id.startsWith(id))
      this.#drive.feed({ type: 'query', source, from })
  }

  /** Who keeps nothing, or has nobody to hear it, has nothing to relay. */
  #makeRelaying(upload: RelayingOptions['upload']): Relaying | undefined {
    const { meta, metaBytes, options, place, ears, emit } = this.#given
    const { noRelay, relayOnly, oneWay } = options
    if (!this.#open.keeps || noRelay || oneWay || !ears || !this.#port) return undefined
    return new Relaying({
      meta,
      metaBytes,
      tree: this.#tree,
      hash: this.#hash,
      store: this.#open.store,
      place,
      peerPort: this.#port.port,
      only: relayOnly ?? false,
      upload,
      core: () => this.#fetch.site.relay,
      feed: input => this.#drive.feed(input),
      drain: () => this.#drive.run(),
      onSpoilt: ({ message }) =>
        emit('notice', {
          code: 'no-relay',
          level: 'warning',
          message: `it no longer relays: ${message}`,
        }),
    })
  }

  async run(): Promise<ReceiveResult> {
    const { options, ears, deaf, peers, announced } = this.#given
    const onAbort = (): void => this.#settle(interrupted())
    options.signal?.addEventListener('abort', onAbort)
    if (options.signal?.aborted) onAbort()
    if (ears) ears.onBatch = batch => this.#take(batch)
    if (deaf !== undefined) this.#drive.feed({ type: 'deaf', reason: deaf })
    this.#drive.feed({ type: 'addresses', addresses: announced, from: 'announcement' })
    this.#drive.feed({ type: 'addresses', addresses: peers, from: 'operator' })
    this.#every(options.progressEveryMillis ?? 500, () => this.#progress())
    this.#every(LIMITS.journalEveryMicros / 1000, () => this.#save())
    this.#every(250, () => this.#load())
    this.#managers = this.#register()
    this.#progress()
    try {
      await this.#settled
    } finally {
      options.signal?.removeEventListener('abort', onAbort)
      await this.#close()
    }
    this.#phase = 'done'
    this.#progress()
    return this.#result()
  }

  // ---- what the machine wants

  #act(out: FetchOut): void {
    const { ears, emit } = this.#given
    switch (out.type) {
      case 'copy':
        return this.#pool.copy(out)
      case 'fill':
        return this.#pool.fill(out)
      case 'verify':
        return this.#pool.verify(out)
      case 'recover':
        return this.#pool.restore(out)
      case 'swap':
        return this.#pool.swap(out)
      case 'write':
        return this.#pool.write(out)
      case 'spill':
        return this.#pool.spill(out)
      case 'verified':
        this.#verifiedBytes += out.bytes
        this.#dirty = true
        return
      case 'finish':
        return this.#finisher.add(out.file)
      case 'store':
        return this.#storeAll()
      case 'join':
        return this.#join(out.channel)
      case 'part':
        return ears?.part(out.channel)
      case 'leave':
        return ears?.leave(out.channel)
      case 'rejoin':
        return ears?.rejoin()
      case 'query':
        return ears?.query(this.#meta.id, out.from)
      case 'read':
      case 'release':
      case 'announce':
        return this.#relaying?.act(out)
      case 'notice': {
        const { code, level, message, hint } = out
        return emit('notice', { code, level, message, hint })
      }
      case 'lack':
        return emit('notice', lackNotice(out.lack, this.#meta))
      case 'peer': {
        const { host, port, state, reason } = out
        return emit('peer', { host, port, state, reason })
      }
      case 'served':
        return this.#settle(undefined)
      default:
        this.#peers.act(out)
    }
  }

  #join(channel: Channel): void {
    this.#given.ears?.join(channel).catch(error => {
      // There is no other way.
      if (this.#given.options.oneWay) this.#settle(error)
      else this.#drive.feed({ type: 'deaf', reason: error.message, channel })
    })
  }

  #take(batch: Batch): void {
    this.#fetch.take(batch, 0, batch.count, nowMicros())
    this.#pool.place(batch)
    this.#drive.run()
  }

  #onFinished(file: number): void {
    const { path, size } = this.#meta.files[file]
    if (this.#open.keeps) this.#given.emit('file', { path, bytes: size })
    this.#drive.feed({ type: 'finished', file })
  }

  #storeAll(): void {
    this.#saving
      .then(() => this.#open.store.complete())
      .then(
        () => {
          const now = performance.now()
          const { startedAt } = this.#given
          this.#seconds = (now - (this.#pool.firstMillis ?? startedAt)) / 1000
          this.#phase = 'serving'
          this.#tellVerified()
          const { totalBytes } = this.#tree.geometry
          const elapsedMillis = Math.round(now - startedAt)
          this.#drive.feed({ type: 'stored' })
          this.#given.emit('complete', { elapsedMillis, totalBytes })
        },
        error => this.#settle(error),
      )
  }

  /** The leaves of a chunk that we can vouch for; empty otherwise. */
  async #layer(chunk: number): Promise<Uint8Array> {
    const known = this.#fetch.assembly.layerOf(chunk)
    if (known) return known
    const { geometry } = this.#tree
    const first = geometry.firstBlockOfChunk(chunk)
    const blocks = geometry.blocksOfChunk(chunk)
    const isHere = this.#open.keeps && this.#open.verified.countIn(first, blocks) === blocks
    if (!isHere) return new Uint8Array(0)
    const { file, offset, bytes } = geometry.placeOfChunk(chunk)
    const buffer = new Uint8Array(bytes)
    await this.#open.store.read(file, offset, buffer)
    return leavesOf(buffer, this.#hash)
  }

  // ---- time

  #every(millis: number, call: () => void): void {
    this.#timers.push(setInterval(call, millis))
  }

  #save(): void {
    if (!this.#dirty || this.#fetch.complete || this.#phase !== 'receiving') return
    this.#dirty = false
    this.#saving = this.#saving
      .then(() => this.#open.store.saveJournal(snapshot(this.#open.verified)))
      .catch(error => this.#settle(error))
  }

  #load(): void {
    const { ears } = this.#given
    const diskQueueBytes = this.#pool.queuedBytes
    this.#drive.feed({ type: 'load', kernelDrops: 0, ...ears?.load(), diskQueueBytes })
  }

  /** With whoever was named and turns out to be a manager. */
  #register(): Managers | undefined {
    const { metaBytes, options, peers, place, emit } = this.#given
    if (this.#port === undefined) return undefined
    const managers = new Managers(peers, {
      id: this.#meta.id,
      metaBytes,
      port: this.#port.port,
      location: options.location,
      localAddress: () => chosenAddress(place),
      onPeers: found => this.#drive.feed({ type: 'addresses', addresses: found, from: 'manager' }),
      onNotice: notice => emit('notice', notice),
    })
    managers.progress(this.#verifiedBytes, this.#tree.geometry.totalBytes)
    return managers
  }

  async #close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    this.#drive.stop()
    await this.#relaying?.close()
    // The sender must hear of our completion, or it waits for us in vain.
    await Promise.all([
      this.#managers?.close(),
      this.#peers.close(this.#fetch.complete ? FAREWELL_MILLIS : 1000),
    ])
    await this.#port?.close()
    await this.#saving
    // What was verified since the last journal is kept too, so that a resume fetches nothing twice.
    if (!this.#fetch.complete)
      await this.#open.store.saveJournal(snapshot(this.#open.verified)).catch(() => {})
    await this.#open.store.close()
  }

  // ---- what it says

  #tellVerified(): void {
    const bytes = this.#verifiedBytes - this.#fetch.resumedBytes - this.#reportedBytes
    if (bytes <= 0) return
    this.#reportedBytes += bytes
    const { totalBytes } = this.#tree.geometry
    this.#given.emit('verified', { bytes, verifiedBytes: this.#verifiedBytes, totalBytes })
  }

  #progress(): void {
    this.#tellVerified()
    const { totalBytes } = this.#tree.geometry
    const { progress, swarm } = this.#fetch
    const { ears } = this.#given
    this.#managers?.progress(this.#verifiedBytes, totalBytes)
    const now = performance.now()
    const rateBps = this.#meter.rateBps('verified', this.#verifiedBytes, now)
    const left = totalBytes - this.#verifiedBytes
    this.#given.emit('progress', {
      phase: this.#phase,
      id: this.#meta.id,
      name: this.#meta.name,
      totalBytes,
      verifiedBytes: this.#verifiedBytes,
      resumedBytes: this.#fetch.resumedBytes,
      elapsedMillis: Math.round(now - this.#given.startedAt),
      rateBps,
      etaSeconds: rateBps > 0 && left > 0 ? Math.ceil((left * 8) / rateBps) : null,
      multicast: multicastStatus(this.#fetch, ears !== undefined, this.#meter),
      peers: this.#activePeers,
      peerBytes: progress.peerBytes,
      seederBytes: progress.seederBytes,
      uploadedBytes: swarm.slots.servedBytes,
      wrongBlocks: this.#fetch.wrongBlocks,
    })
  }

  get #activePeers(): number {
    let count = 0
    for (const link of this.#fetch.swarm.links()) if (link.active) count++
    return count
  }

  #result(): ReceiveResult {
    const { totalBytes } = this.#tree.geometry
    const { progress, swarm, resumedBytes } = this.#fetch
    const seconds = this.#seconds
    return {
      id: this.#meta.id,
      name: this.#meta.name,
      out: this.#open.keeps ? resolve(this.#given.options.out ?? '.') : null,
      totalBytes,
      files: fileCountOf(this.#meta),
      seconds,
      rateBps: seconds > 0 ? ((totalBytes - resumedBytes) * 8) / seconds : 0,
      resumedBytes,
      multicastBytes: progress.multicastBytes,
      peerBytes: progress.peerBytes,
      seederBytes: progress.seederBytes,
      uploadedBytes: swarm.slots.servedBytes,
      wrongBlocks: this.#fetch.wrongBlocks,
    }
  }
}

function snapshot(verified: Bitmap): Uint8Array {
  return verified.bytes.slice()
}
