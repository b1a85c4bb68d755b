// One session under way: carries out what the sender's machine wants with real sockets and files,
// and tells the listeners.

import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { hexOf } from '../core/base/bytes.js'
import { endpointsOf, formatEndpoint } from '../core/base/endpoint.js'
import { Mcp2pError } from '../core/base/errors.js'
import { LIMITS } from '../core/base/limits.js'
import { Prng } from '../core/base/prng.js'
import { Registry } from '../core/manager/registry.js'
import { symbolBytesOf, symbolsPerBlock } from '../core/meta/geometry.js'
import { formatLink } from '../core/meta/link.js'
import { fileCountOf, type P2pMeta } from '../core/meta/p2pmeta.js'
import { MetaTree } from '../core/meta/tree.js'
import { FixedRate } from '../core/rate/fixed.js'
import { QuantileRate } from '../core/rate/quantile.js'
import { lastHeard, type Receiver } from '../core/session/receivers.js'
import { Seed, type SeedIn, type SeedOut } from '../core/session/seed.js'
import type { Carousel } from '../core/session/seed-options.js'
import { decodeAnnounce, decodeQuery } from '../core/wire/announce.js'
import {
  DATAGRAM,
  emptyHeader,
  HEADER_BYTES,
  readHeader,
  type SessionId,
} from '../core/wire/datagram.js'
import { hasherOf, sha256 } from '../io/disk/hasher.js'
import type { Source } from '../io/disk/source.js'
import type { OnDatagram } from '../io/net/group.js'
import { interfacesOf } from '../io/net/interfaces.js'
import { Lobby } from '../io/net/lobby.js'
import type { Outlet } from '../io/net/outlet.js'
import { secret } from '../io/net/secret.js'
import { openGroup, openOutlet } from '../io/net/sockets.js'
import { PeerPort } from '../io/net/tcp.js'
import type { Address } from '../ports.js'
import type { ReceiverRow, SendEvents, SendOptions, SendProgress, SendResult } from './api.js'
import { Blaster, blastBps, OUTLET_SLOTS } from './blaster.js'
import { Budget } from './budget.js'
import { Chunks } from './chunks.js'
import { Drive, nowMicros } from './drive.js'
import type { Emit } from './events.js'
import { interrupted } from './interrupted.js'
import { serveLines } from './lines.js'
import { Managers } from './manager/client.js'
import { Meter } from './meter.js'
import { Peers } from './peers.js'
import { chosenAddress, DEFAULT_PEER_PORT, type Place } from './place.js'

export interface SendingOptions {
  readonly meta: P2pMeta
  readonly metaBytes: Uint8Array
  readonly source: Source
  readonly options: SendOptions
  readonly place: Place
  readonly emit: Emit<SendEvents>
  readonly startedAt: number
}

const DEFAULT_WAIT_MILLIS = 5_000
const DEFAULT_LINGER_MILLIS = 30_000

export class Sending {
  readonly #given: SendingOptions
  readonly #tree: MetaTree
  readonly #seed: Seed
  readonly #rate: FixedRate | QuantileRate
  readonly #drive: Drive<SeedIn, SeedOut>
  readonly #budget: ReturnType<typeof Budget.share>
  readonly #peers: Peers
  readonly #chunks: Chunks
  readonly #port: PeerPort
  readonly #blaster: Blaster | undefined
  #managers: Managers | undefined
  readonly #closers: (() => Promise<void>)[] = []
  readonly #meter = new Meter()
  #settle: (error: unknown) => void = () => {}
  readonly #settled: Promise<void>

  static async open(given: SendingOptions): Promise<Sending> {
    const { meta, options, place, emit } = given
    const hash = await hasherOf(meta.hash)
    const tree = new MetaTree(meta, hash)
    const chunks = new Chunks(tree, hash, given.source)
    const registry = { current: undefined as Registry | undefined }
    const callers = new Lobby(LIMITS.managerConnectionsMax)
    let sending: Sending | undefined
    const wanted = options.peerPort ?? DEFAULT_PEER_PORT
    const port = await PeerPort.open({
      port: wanted,
      host: place.chosen?.address,
      onPeer: (socket, first) => sending?.accept(socket, first),
      onLines: (socket, first) => {
        callers.enter(socket)
        sending?.charge(socket)
        if (registry.current) serveLines(socket, first, registry.current)
      },
    })
    const prng = new Prng(randomBytes(4).readUInt32BE(0))
    registry.current = new Registry({
      prng: prng.fork(),
      secret,
      own: { metaHash: meta.id, port: port.port },
    })
    if (port.port !== wanted) {
      const message = `peer port ${wanted} is taken; using ${port.port}`
      emit('notice', { code: 'peer-port-taken', level: 'info', message })
    }
    let outlet: Outlet | undefined
    const symbolBytes = symbolBytesOf(symbolsPerBlock(place.mtuBytes))
    if (options.multicast !== 'never')
      outlet = await openOutlet({
        group: place.group,
        ttl: options.ttl ?? 1,
        dscp: place.dscp,
        address: place.chosen?.address,
        interfaceName: place.chosen?.name,
        datagramBytes: Math.max(1500, place.longMtuBytes),
        slots: OUTLET_SLOTS,
      })
    sending = new Sending(given, tree, chunks, port, outlet, symbolBytes, prng)
    await sending.#listen()
    return sending
  }

  private constructor(
    given: SendingOptions,
    tree: MetaTree,
    chunks: Chunks,
    port: PeerPort,
    outlet: Outlet | undefined,
    symbolBytes: number,
    prng: Prng,
  ) {
    this.#given = given
    this.#tree = tree
    this.#chunks = chunks
    this.#port = port
    const { meta, metaBytes, options, place } = given
    this.#budget = Budget.share(options)
    const dataPort = options.dataPort ?? place.port + 1
    const session = {
      high: Number.parseInt(meta.id.slice(0, 8), 16),
      low: randomBytes(4).readUInt32BE(0),
    }
    this.#rate =
      options.rateBps !== undefined
        ? new FixedRate(options.rateBps, { oneWay: options.carousel })
        : new QuantileRate({
            minBps: options.minRateBps,
            maxBps: Math.min(
              options.maxRateBps ?? Number.POSITIVE_INFINITY,
              blastBps(this.#budget.upload),
            ),
            oneWay: options.carousel,
          })
    this.#seed = this.#makeSeed(session, symbolBytes, prng)
    this.#settled = new Promise((settle, fail) => {
      this.#settle = error => (error === undefined ? settle() : fail(error))
    })
    this.#drive = new Drive(this.#seed, out => this.#act(out))
    this.#peers = new Peers({
      geometry: tree.geometry,
      place,
      ...this.#budget,
      port,
      feed: input => this.#drive.feed(input),
      read: (file, offset, into) => chunks.read(file, offset, into),
      layer: chunk => chunks.layer(chunk),
      onFailure: error => this.#settle(error),
    })
    if (outlet === undefined) return
    this.#closers.push(() => outlet.close())
    this.#blaster = new Blaster({
      seed: this.#seed,
      tree,
      chunks,
      metaBytes,
      outlet,
      port: place.port,
      dataPort,
      upload: this.#budget.upload,
      feed: input => {
        // A carousel has no other way.
        if (options.carousel && input.type === 'mute') this.#settle(muted(input.reason))
        else this.#drive.feed(input)
      },
      drain: () => this.#drive.run(),
    })
  }

  #makeSeed(session: SessionId, symbolBytes: number, prng: Prng): Seed {
    const { meta, metaBytes, options, place } = this.#given
    const seedOptions = {
      id: meta.id,
      name: meta.name,
      node: randomBytes(8).toString('hex'),
      session,
      port: this.#port.port,
      geometry: this.#tree.geometry,
      metaBytes,
      metaSha256: hexOf(sha256(metaBytes)),
      prng,
      rate: this.#rate,
      symbolBytes,
      longSymbolBytes: symbolBytesOf(symbolsPerBlock(place.longMtuBytes)),
      carousel: carouselOf(options),
      fec: typeof options.fec === 'number' ? options.fec / 100 : ('auto' as const),
      multicast: options.multicast ?? 'auto',
      group: place.group,
      dataPort: options.dataPort ?? place.port + 1,
      waitReceivers: options.waitReceivers,
      waitMicros: 1000 * waitMillisOf(options),
      lingerMicros: 1000 * (options.lingerMillis ?? DEFAULT_LINGER_MILLIS),
      forever: options.forever ?? false,
      upload: this.#budget.upload,
    }
    return new Seed(seedOptions, nowMicros())
  }

  charge(socket: Socket): void {
    this.#peers.charge(socket)
  }

  accept(socket: Socket, first: Uint8Array): void {
    this.#peers.accept(socket, first)
  }

  async run(): Promise<SendResult> {
    const { meta, options, place, emit } = this.#given
    const { totalBytes } = this.#tree.geometry
    const onAbort = (): void => {
      if (options.carousel) this.#drive.feed({ type: 'stop' })
      else this.#settle(interrupted())
    }
    options.signal?.addEventListener('abort', onAbort)
    if (options.signal?.aborted) onAbort()
    const { id, name } = meta
    const link = this.#link()
    emit('session', { id, name, totalBytes, files: fileCountOf(meta), link })
    const { group, port } = place
    const dataPort = options.dataPort ?? port + 1
    emit('listening', { peerPort: this.#port.port, group, port, dataPort })
    const timer = setInterval(() => this.#progress(), options.progressEveryMillis ?? 500)
    const onStart = (): void => this.#drive.feed({ type: 'start' })
    options.start?.addEventListener('abort', onStart)
    this.#managers = this.#register()
    this.#drive.run()
    let phase: SendProgress['phase'] = 'done'
    try {
      await this.#settled
    } catch (error) {
      phase = 'serving'
      throw error
    } finally {
      options.signal?.removeEventListener('abort', onAbort)
      options.start?.removeEventListener('abort', onStart)
      clearInterval(timer)
      await this.#close()
      if (phase === 'done') this.#progress(phase)
    }
    return this.#result()
  }

  // ---- what the machine wants

  #act(out: SeedOut): void {
    const { emit } = this.#given
    switch (out.type) {
      case 'announce':
        return this.#blaster?.announce(out.sequence, out.announce, out.padToBytes)
      case 'read':
        this.#chunks.hold(out.chunk).then(
          () => {
            this.#drive.feed({ type: 'chunk-read', chunk: out.chunk })
            this.#blaster?.wake()
          },
          error => this.#settle(error),
        )
        return
      case 'release':
        return this.#chunks.release(out.chunk)
      case 'notice': {
        const { code, level, message, hint } = out
        return emit('notice', { code, level, message, hint })
      }
      case 'peer': {
        const { host, port, state, reason } = out
        return emit('peer', { host, port, state, reason })
      }
      case 'receiver':
        return emit('receiver', this.#row(out.receiver))
      case 'ended':
        return this.#settle(undefined)
      default:
        this.#peers.act(out)
    }
  }

  /** Queries come on the announcements' port; without a group there are none. */
  async #listen(): Promise<void> {
    const { meta, options, place, emit } = this.#given
    if (options.multicast === 'never') return
    const header = emptyHeader()
    const onDatagram: OnDatagram = (bytes, at, length) => {
      if (!readHeader(bytes, at, length, header)) return
      const payload = bytes.subarray(at + HEADER_BYTES, at + length)
      if (header.type === DATAGRAM.query) {
        const query = decodeQuery(payload)
        if (query !== undefined) this.#drive.feed({ type: 'query', id: query.id })
      } else if (header.type === DATAGRAM.announce) {
        const session = { high: header.sessionHigh, low: header.sessionLow }
        if (decodeAnnounce(payload)?.id === meta.id)
          this.#drive.feed({ type: 'announced', session })
      }
    }
    const { group, port, interfaces } = place
    try {
      const socket = await openGroup({ group, port, interfaces, onDatagram })
      this.#closers.push(() => socket.close())
    } catch (error) {
      // It can still announce every second; only the answer at once is missing.
      const message = error instanceof Error ? error.message : String(error)
      emit('notice', { code: 'no-queries', level: 'warning', message })
    }
  }

  async #close(): Promise<void> {
    this.#blaster?.stop()
    this.#drive.stop()
    await Promise.all([this.#managers?.close(), this.#peers.close(1000)])
    await this.#port.close()
    for (const close of this.#closers) await close()
  }

  /** The managers that the meta or the operator names, each once. */
  #named(): Address[] {
    const { meta, options } = this.#given
    return endpointsOf([...new Set([...meta.managers, ...(options.managers ?? [])])])
  }

  #register(): Managers {
    const { meta, metaBytes, options, place, emit } = this.#given
    const managers = new Managers(this.#named(), {
      id: meta.id,
      metaBytes,
      port: this.#port.port,
      location: options.location,
      localAddress: () => chosenAddress(place),
      onPeers: () => {}, // receivers come to us
      onNotice: notice => emit('notice', notice),
    })
    const { totalBytes } = this.#tree.geometry
    managers.progress(totalBytes, totalBytes)
    return managers
  }

  // ---- what it says

  #link(): string {
    const { meta, place } = this.#given
    const own = place.chosen ?? bestInterface()
    const named = this.#named().map(formatEndpoint)
    if (own) named.push(formatEndpoint({ host: own.address, port: this.#port.port }))
    const managers = endpointsOf([...new Set(named)])
    return formatLink({ id: meta.id, managers, name: meta.name })
  }

  #row(receiver: Receiver): ReceiverRow {
    const { progress, completeAt, firstAt } = receiver
    const end = completeAt ?? (receiver.link ? nowMicros() : lastHeard(receiver))
    const seconds = Math.max(0, (end - firstAt) / 1e6)
    const verifiedBytes = progress?.verifiedBytes ?? 0
    const resumedBytes = progress?.resumedBytes ?? 0
    const fetched = verifiedBytes - resumedBytes
    const state = completeAt !== undefined ? 'complete' : receiver.link ? 'receiving' : 'gone'
    return {
      node: receiver.node,
      host: receiver.host,
      state,
      totalBytes: this.#tree.geometry.totalBytes,
      verifiedBytes,
      resumedBytes,
      multicastBytes: progress?.multicastBytes ?? 0,
      peerBytes: progress?.peerBytes ?? 0,
      seederBytes: progress?.seederBytes ?? 0,
      seconds,
      rateBps: seconds > 0 ? (fetched * 8) / seconds : 0,
      lossFraction: receiver.lossFraction,
      pathLossFraction: receiver.pathLoss,
      kernelDrops: receiver.kernelDrops,
      diskQueueBytes: receiver.report?.diskQueueBytes ?? 0,
    }
  }

  #rows(): ReceiverRow[] {
    return [...this.#seed.receivers].map(receiver => this.#row(receiver))
  }

  #progress(phase?: SendProgress['phase']): void {
    const { meta, startedAt, emit } = this.#given
    const { sender, swarm } = this.#seed
    const now = performance.now()
    emit('progress', {
      phase: phase ?? PHASES[this.#seed.phase],
      id: meta.id,
      name: meta.name,
      files: fileCountOf(meta),
      totalBytes: this.#tree.geometry.totalBytes,
      elapsedMillis: Math.round(now - startedAt),
      pass: sender.pass,
      passFraction: sender.passFraction,
      rateBps: this.#rate.rateBps,
      sentBps: this.#meter.rateBps('sent', sender.sentBytes, now),
      rateReason: this.#rate.reason,
      datagramBytes: HEADER_BYTES + sender.symbolBytes,
      multicastBytes: sender.sentBytes,
      servedBytes: swarm.slots.servedBytes,
      receivers: this.#rows(),
    })
  }

  #result(): SendResult {
    const { meta, startedAt } = this.#given
    const receivers = this.#rows()
    return {
      id: meta.id,
      name: meta.name,
      totalBytes: this.#tree.geometry.totalBytes,
      seconds: (performance.now() - startedAt) / 1000,
      passes: this.#seed.sender.pass,
      multicastBytes: this.#seed.sender.sentBytes,
      servedBytes: this.#seed.swarm.slots.servedBytes,
      receivers,
      complete:
        (receivers.length > 0 || this.#given.options.carousel === true) &&
        receivers.every(row => row.state === 'complete'),
    }
  }
}

const PHASES = {
  waiting: 'waiting',
  blasting: 'blasting',
  collecting: 'repairing',
  serving: 'serving',
  ended: 'done',
} as const

/** With a number of receivers to wait for and no limit, it waits for ever; a carousel not at all. */
function waitMillisOf({ waitMillis, waitReceivers, carousel }: SendOptions): number {
  if (waitMillis !== undefined) return waitMillis
  if (waitReceivers !== undefined) return Number.POSITIVE_INFINITY
  return carousel ? 0 : DEFAULT_WAIT_MILLIS
}

function carouselOf(options: SendOptions): Carousel | undefined {
  const { carousel, passes = Infinity, durationMillis = Infinity } = options
  return carousel ? { passes, micros: 1000 * durationMillis } : undefined
}

function muted(reason: string): Mcp2pError {
  const hint = 'Check the route to the group (ip route), the switch and --interface.'
  const message = `the carousel cannot be multicast (${reason})`
  return new Mcp2pError('MULTICAST_FAILED', 'network', message, hint)
}

/** The address that others most likely reach us at; one with a zone only counts on its own link. */
function bestInterface(): { address: string } | undefined {
  const all = ([4, 6] as const).flatMap(family => {
    try {
      return interfacesOf(undefined, family)
    } catch {
      return []
    }
  })
  const told = all.filter(({ address }) => !address.includes('%'))
  return told.find(each => !each.internal) ?? told[0]
}
