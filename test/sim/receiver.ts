// A receiver in the simulation: the fetch core, a disk without bytes, and a watch over what the core
// believes to hold.

import type { Bitmap } from '../../src/core/base/bitmap.js'
import { BLOCK_BYTES, LIMITS } from '../../src/core/base/limits.js'
import type { Micros } from '../../src/core/base/machine.js'
import { DIGEST_BYTES } from '../../src/core/base/merkle.js'
import type { Geometry } from '../../src/core/meta/geometry.js'
import type { Batch } from '../../src/core/multicast/batch.js'
import { ObjectSymbols } from '../../src/core/multicast/object.js'
import { QuantileRate } from '../../src/core/rate/quantile.js'
import type { BlastIn } from '../../src/core/session/blasting.js'
import type { Channel } from '../../src/core/session/channel.js'
import { Fetch, type FetchIn, type FetchOut } from '../../src/core/session/fetch.js'
import { Gathering } from '../../src/core/session/gathering.js'
import type { Tree } from '../../src/core/session/layers.js'
import { blocksIn, type Piece } from '../../src/core/session/partial.js'
import type { RelayPolicy } from '../../src/core/session/site.js'
import { encodeQuery } from '../../src/core/wire/announce.js'
import { DATAGRAM } from '../../src/core/wire/datagram.js'
import type { Range } from '../../src/core/wire/message.js'
import { Blaster, type Said } from './blaster.js'
import { Content } from './content.js'
import { isForged } from './forger.js'
import type { Host } from './host.js'
import { type Lying, lying } from './liar.js'
import { type Pieces, Run } from './link.js'
import type { Process } from './network.js'
import {
  ANNOUNCE_PORT,
  DATA_PORT,
  GROUP,
  layerMatches,
  layerOf,
  nodeName,
  PEER_PORT,
  type Setting,
} from './setting.js'
import { Shell, WRONG } from './shell.js'
import { Storage } from './storage.js'

export interface ReceiverOptions {
  /** What a former run left; default nothing. */
  readonly storage?: Storage
  /** Addresses that the operator named. */
  readonly peers?: readonly string[]
  /** This share of what it serves is wrong: a broken or malicious host. */
  readonly liesShare?: number
  /** What it says is changed so on its way out. */
  readonly lie?: Lying
  readonly poolBytes?: number
  /** It never relays. */
  readonly noRelay?: boolean
  /** It sends nothing, and knows nothing before it has heard the meta. */
  readonly oneWay?: boolean
}

/** Putting a verified file under its final name. */
const RENAME_MICROS = 1_000
/** What a sync and a small file cost, as bytes of the disk's time. */
const SYNC_BYTES = 64 * 1024
/** Digests of many blocks that are all right: new ones each time would be most of the garbage. */
const ZEROS = new Uint8Array(DIGEST_BYTES * 4096)

export class Receiver {
  readonly process: Process
  readonly fetch: Fetch
  readonly content: Content
  readonly verified: Bitmap
  readonly storage: Storage
  readonly notices: string[] = []
  /** Whose connections ended, and why. */
  readonly farewells: { readonly host: string; readonly reason?: string }[] = []
  savedAt: Micros | undefined
  readonly startedAt: Micros
  completeAt: Micros | undefined
  servedAt: Micros | undefined
  /** What it says of its processors. */
  busyShare: number | undefined
  /** Of what it relays. */
  blaster: Blaster | undefined
  /** Called when nobody needs it any more. */
  onServed: () => void = () => {}
  readonly #setting: Setting
  readonly #shell: Shell<FetchIn, FetchOut>
  readonly #liesShare: number
  readonly #oneWay: boolean
  readonly #gathering: Gathering
  /** When it looks for what is to be written. */
  #gatheringAt = Number.POSITIVE_INFINITY
  /** The meta as far as it was heard; until it is whole nothing else is of use. */
  #meta: ObjectSymbols | undefined
  /** Datagrams in the socket's buffer. */
  readonly #waiting: { batch: Batch; pieces: Pieces; at: Micros; cameAt: Micros }[] = []

  constructor(setting: Setting, host: Host, options: ReceiverOptions) {
    const { network, geometry, metaBytes, symbolBytes } = setting
    this.#setting = setting
    this.#liesShare = options.liesShare ?? 0
    this.startedAt = network.scheduler.now
    this.#oneWay = options.oneWay ?? false
    if (this.#oneWay) this.#meta = new ObjectSymbols(metaBytes.length, symbolBytes)
    this.process = network.start(host)
    this.storage = options.storage ?? new Storage(setting.id, geometry)
    this.content = new Content(this.storage)
    const { verified, finishedFiles } = this.storage.open()
    this.verified = verified
    this.#gathering = new Gathering(geometry, geometry.blockCount - verified.count)
    this.fetch = new Fetch(
      {
        id: setting.id,
        node: nodeName(network),
        port: PEER_PORT,
        tree: treeOf(geometry),
        verified: this.verified,
        finishedFiles,
        metaBytes: setting.metaBytes,
        tactics: setting.tactics,
        prng: network.prng.fork(),
        multicast: setting.multicast,
        stay: false,
        relay: options.noRelay || options.oneWay ? undefined : this.#relayPolicy(),
        oneWay: options.oneWay,
        poolBytes: options.poolBytes ?? setting.poolBytes,
      },
      this.startedAt,
    )
    this.#shell = new Shell<FetchIn, FetchOut>({
      lateMicros: setting.lateMicros,
      network,
      process: this.process,
      core: options.lie ? lying(this.fetch, options.lie) : this.fetch,
      port: PEER_PORT,
      act: out => this.#act(out),
      serve: range => this.#serves(range),
      layerOf: chunk => layerOf(geometry, chunk),
      also: {
        deadline: () => this.blaster?.due() ?? Infinity,
        wake: () => this.blaster?.fill(),
      },
      isResting: () => this.#waiting.length > 0,
      restMicros: setting.restMicros / 8,
    })
    this.blaster = this.#makeBlaster()
    this.process.join(GROUP, ANNOUNCE_PORT, (run, _pieces, source) =>
      this.#hear(run.payload as Said, source),
    )
    const addresses = (options.peers ?? []).map(peer => ({ host: peer, port: PEER_PORT }))
    if (addresses.length > 0)
      this.fetch.handle({ type: 'addresses', addresses, from: 'operator' }, this.startedAt)
    this.#shell.drain()
    this.#saveLater()
  }

  #makeBlaster(): Blaster | undefined {
    const { relay } = this.fetch.site
    const { scheduler } = this.#setting.network
    const feed = (input: BlastIn): void => this.fetch.handle(input, scheduler.now)
    return relay && new Blaster(this.#setting, this.process, relay, feed)
  }

  #relayPolicy(): RelayPolicy {
    const { id, geometry, metaBytes, symbolBytes } = this.#setting
    return {
      only: false,
      id,
      name: 'simulated',
      port: PEER_PORT,
      geometry,
      metaBytes,
      metaSha256: id,
      group: GROUP,
      dataPort: DATA_PORT,
      rate: new QuantileRate({ isFed: true, startBps: 50e6 }),
      // Not drawn: whoever never relays has the same luck as without.
      session: { high: Number.parseInt(id.slice(0, 8), 16), low: this.process.host.index + 1 },
      symbolBytes,
    }
  }

  /** Every 3 s, one after another: snapshot, sync, journal. */
  #saveLater(): void {
    const { disk } = this.process.host
    this.process.at(this.#shell.now + LIMITS.journalEveryMicros, () => {
      if (this.completeAt !== undefined) return
      const snapshot = this.verified.bytes.slice()
      const synced = this.storage.sync()
      disk.write(SYNC_BYTES, () => {
        if (!this.process.alive) return
        synced()
        disk.write(SYNC_BYTES, () => {
          if (!this.process.alive) return
          this.storage.journal(snapshot)
          this.savedAt = this.#shell.now
        })
      })
      this.#saveLater()
    })
  }

  #hear(said: Said, source: string): void {
    if (said.type === 'query') return this.#shell.input({ type: 'query', source, from: said.from })
    const { session, announce, bytes } = said
    this.#shell.input({ type: 'announce', source, session, announce, bytes })
  }

  #join(channel: Channel): void {
    this.process.join(channel.group, channel.port, (run, pieces, _source, cameAt) => {
      const { now } = this.#shell
      this.#waiting.push({ batch: run.payload as Batch, pieces, at: now, cameAt })
      const { restMicros } = this.#setting
      if (restMicros === 0) this.#look()
      else if (this.#waiting.length === 1) this.process.at(now + restMicros, () => this.#look())
    })
  }

  /** Takes what has come since the last look, each at its time of arrival. */
  #look(): void {
    const kernelDrops = this.process.host.kernelDrops
    const diskQueueBytes = this.process.host.disk.waitingBytes
    const load = { kernelDrops, diskQueueBytes, busyShare: this.busyShare }
    this.fetch.handle({ type: 'load', ...load }, this.#shell.now)
    for (const { batch, pieces, at, cameAt } of this.#waiting.splice(0))
      for (let i = 0; i < pieces.length; i += 2) {
        batch.arrivedMicros.fill(cameAt, pieces[i], pieces[i + 1])
        if (this.#lacksMeta(batch, pieces[i], pieces[i + 1])) continue
        this.fetch.take(batch, pieces[i], pieces[i + 1], at)
        this.#place(batch, pieces[i], pieces[i + 1])
      }
    this.#shell.look()
  }

  /** It is on disk and comes again, which only who has no way back makes use of. */
  #isEcho(block: number): boolean {
    return this.#oneWay && this.content.holds(block)
  }

  #lacksMeta(batch: Batch, from: number, to: number): boolean {
    for (let i = from; i < to && this.#meta !== undefined; i++)
      if (batch.type[i] === DATAGRAM.meta)
        if (this.#meta.add(batch.block[i], batch.payloadOf(i, batch.bytes[i])))
          this.#meta = undefined
    return this.#meta !== undefined
  }

  /** Moves the payloads; what the core gave one place goes there in one go. */
  #place(batch: Batch, from: number, to: number): void {
    for (let i = from; i < to; i++) {
      const at = batch.place[i]
      if (at < 0) continue
      const block = batch.block[i]
      // A row of parity has no content of its own: what it restores is put when it does. Nor has what
      // is on disk and comes again beside it.
      if (batch.type[i] === DATAGRAM.parity || this.#isEcho(block)) continue
      const offset = batch.symbol[i] * batch.symbolBytes[i]
      this.content.put(at, batch.placeBytes[i], block, isForged(batch), offset)
      i += Math.ceil(batch.placeBytes[i] / batch.symbolBytes[i]) - 1
    }
  }

  /** True when what it serves is wrong. */
  #serves(range: Range): boolean {
    const blocks = Math.ceil((range.offsetBytes + range.lengthBytes) / BLOCK_BYTES)
    for (let block = range.block; block < range.block + blocks; block++)
      if (!this.verified.has(block) || !this.content.holds(block))
        this.content.problems.push(`block ${block} is served, but not held`)
    return this.#liesShare > 0 && this.#setting.network.prng.unit() < this.#liesShare
  }

  #act(out: FetchOut): void {
    const { disk } = this.process.host
    const shell = this.#shell
    switch (out.type) {
      case 'fill':
        this.content.fill(out.block, out.at, out.spilled)
        shell.input({ type: 'filled', block: out.block })
        return
      case 'verify': {
        const { pieces } = out
        shell.input({ type: 'hashed', pieces, digests: this.#digestsOf(pieces) })
        return
      }
      case 'recover':
        for (const [i, block] of out.missing.blocks.entries())
          if (!this.#isEcho(block))
            this.content.put(out.missing.at[i], out.missing.bytes[i], block, false)
        return
      case 'swap':
        this.content.swap(out.at, out.spare, out.bytes)
        return
      case 'write':
        this.#gathering.add(out.pieces, shell.now)
        return this.#write()
      case 'spill': {
        const { block, at, parts } = out
        this.content.spill(block, at, parts)
        const bytes = parts.reduce((sum, part) => sum + part.lengthBytes, 0)
        disk.write(bytes, () => shell.input({ type: 'spilled', block }))
        return
      }
      case 'copy':
        this.#copy(out)
        return
      case 'verified':
        return
      default:
        this.#actRarely(out)
    }
  }

  /** What is wrong has other digests than the zeros that every layer holds here. */
  #digestsOf(pieces: readonly Piece[]): Uint8Array {
    const wrong: number[] = []
    let count = 0
    const note = (index: number): void => void wrong.push(count + index)
    for (const piece of pieces) {
      this.content.wrongIn(piece, note)
      count += blocksIn(piece)
    }
    const bytes = DIGEST_BYTES * count
    if (wrong.length === 0 && bytes <= ZEROS.length) return ZEROS
    const digests = new Uint8Array(bytes)
    for (const i of wrong) digests.fill(1, DIGEST_BYTES * i, DIGEST_BYTES * (i + 1))
    return digests
  }

  /** Orders what was gathered. */
  #write(): void {
    for (const pieces of this.#gathering.take(this.#shell.now)) {
      const bytes = pieces.reduce((sum, { bytes }) => sum + bytes, 0)
      this.process.host.disk.write(bytes, () => {
        if (!this.process.alive) return
        for (const piece of pieces) this.content.write(piece)
        this.#shell.input({ type: 'written', pieces })
      })
    }
    const { deadline } = this.#gathering
    if (deadline < this.#gatheringAt) {
      this.#gatheringAt = deadline
      this.process.at(deadline, () => {
        this.#gatheringAt = Number.POSITIVE_INFINITY
        this.#write()
      })
    }
  }

  #actRarely(out: FetchOut): void {
    const shell = this.#shell
    const { process } = this
    if (out.type === 'join') this.#join(out.channel)
    else if (out.type === 'rejoin')
      for (const each of this.fetch.transmitters.channels) this.#join(each)
    else if (out.type === 'query') {
      const { id } = this.#setting
      const { from } = out
      const bytes = encodeQuery({ high: 0, low: 0 }, { id, from }).length
      process.multicast(GROUP, ANNOUNCE_PORT, new Run(1, bytes, { type: 'query', id, from }))
    } else if (out.type === 'announce') this.blaster?.announce(out)
    else if (out.type === 'read') this.#readChunk(out.chunk)
    else if (out.type === 'notice') this.notices.push(out.message)
    else if (out.type === 'peer' && out.state === 'closed') this.farewells.push(out)
    else if (out.type === 'finish') {
      const { file } = out
      process.at(shell.now + RENAME_MICROS, () => {
        this.storage.finish(file)
        shell.input({ type: 'finished', file })
      })
    } else if (out.type === 'store') {
      process.at(shell.now + RENAME_MICROS, () => {
        this.completeAt = shell.now
        this.#audit()
        shell.input({ type: 'stored' })
      })
    } else if (out.type === 'served') {
      this.servedAt = shell.now
      this.onServed()
    }
  }

  /** A relay multicasts nothing that it has not verified. */
  #readChunk(chunk: number): void {
    const { geometry } = this.#setting
    const first = geometry.firstBlockOfChunk(chunk)
    for (let block = first; block < first + geometry.blocksOfChunk(chunk); block++)
      if (!this.verified.has(block) || !this.content.holds(block))
        this.content.problems.push(`block ${block} is relayed, but not held`)
    const input = { type: 'chunk-read', chunk } as const
    this.process.host.disk.read(geometry.bytesOfChunk(chunk), () => this.#shell.input(input))
  }

  /** Part of some data, perhaps of several blocks in a row, goes to the pool. */
  #copy({ range, bytes, from, at, lengthBytes }: FetchOut & { type: 'copy' }): void {
    const first = range.block + Math.floor((range.offsetBytes + from) / BLOCK_BYTES)
    for (let i = 0; i * BLOCK_BYTES < lengthBytes; i++) {
      const count = Math.min(BLOCK_BYTES, lengthBytes - i * BLOCK_BYTES)
      this.content.put(at + i * BLOCK_BYTES, count, first + i, bytes === WRONG)
    }
  }

  /** All is said to stand: every block must have been delivered, right. */
  #audit(): void {
    const { geometry } = this.#setting
    for (let block = 0; block < geometry.blockCount; block++) {
      if (!this.verified.has(block)) this.content.problems.push(`stored without block ${block}`)
      if (!this.content.holds(block)) this.content.problems.push(`stored with block ${block} wrong`)
    }
  }
}

/** What a layer is follows from the geometry: no bytes, no hashes. */
function treeOf(geometry: Geometry): Tree {
  return {
    geometry,
    layerMatches: (_chunk, leaves) => layerMatches(leaves),
    sharedLayer: chunk => layerOf(geometry, chunk),
  }
}
