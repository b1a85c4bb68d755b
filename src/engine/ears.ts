// The multicast side of a receiver's shell: hears announcements on one port and data on the ports
// that they name, and asks who is there.

import { randomBytes } from 'node:crypto'
import { assert } from '../core/base/assert.js'
import { LIMITS } from '../core/base/limits.js'
import { Prng } from '../core/base/prng.js'
import { Batch } from '../core/multicast/batch.js'
import { Turnstile } from '../core/multicast/turnstile.js'
import { type Channel, channelKey } from '../core/session/channel.js'
import type { Load } from '../core/session/fetch-traffic.js'
import {
  type Announce,
  decodeAnnounce,
  decodeQuery,
  encodeQuery,
  type Query,
  type Standing,
} from '../core/wire/announce.js'
import {
  DATAGRAM,
  emptyHeader,
  HEADER_BYTES,
  readHeader,
  type SessionId,
} from '../core/wire/datagram.js'
import { Busyness } from '../io/host/busyness.js'
import { loadNative, type NativeBatch, UDP_MESSAGES_MAX } from '../io/native/load.js'
import type { Group, Messages, OnDatagram } from '../io/net/group.js'
import { type Interface, receivedBytesOf } from '../io/net/interfaces.js'
import type { Outlet } from '../io/net/outlet.js'
import { openGroup, openOutlet } from '../io/net/sockets.js'
import { nowMicros } from './drive.js'

/** Datagrams that are handed to the core together at most: the kernel joins so many to a message. */
const BATCH = 64 * UDP_MESSAGES_MAX

export interface EarsOptions {
  readonly group: string
  readonly port: number
  readonly interfaces: readonly Interface[]
  /** The interface that the operator chose; queries leave by it. */
  readonly chosen: Interface | undefined
  readonly ttl: number
  readonly dscp: number | undefined
  /** Nothing is ever sent but what the kernel says to join a group. */
  readonly mute: boolean
  readonly onAnnounce: (
    source: string,
    session: SessionId,
    announce: Announce,
    bytes: number,
  ) => void
  /** Somebody else asks, in this segment. */
  readonly onQuery?: (source: string, query: Query) => void
}

export class Ears {
  readonly #options: EarsOptions
  readonly #announcements: Group
  readonly #outlet: Outlet | undefined
  readonly #data = new Map<string, Group>()
  readonly #opening = new Set<string>()
  readonly #header = emptyHeader()
  readonly #turnstile = new Turnstile()
  readonly #batch = new Batch(BATCH)
  /** Only who takes datagrams one by one may have too little of a processor for them. */
  readonly #busyness = loadNative().udp ? undefined : new Busyness()
  readonly #lose: (() => boolean) | undefined
  #closed = false
  #left = false
  /** When an announcement was last heard, and the groups were last joined. */
  #heardAt = Number.NEGATIVE_INFINITY
  #renewedAt = performance.now()
  /** Takes a batch of data; payloads are valid during the call. */
  onBatch: (batch: Batch) => void = () => {}

  private constructor(options: EarsOptions, announcements: Group, outlet: Outlet | undefined) {
    this.#options = options
    this.#announcements = announcements
    this.#outlet = outlet
    this.#lose = testLoss()
  }

  /** @throws Mcp2pError NO_GROUP (network) when the group cannot be joined anywhere. */
  static async open(options: EarsOptions): Promise<Ears> {
    let ears: Ears | undefined
    const { group, port, interfaces, ttl, chosen, dscp } = options
    const onDatagram: OnDatagram = (bytes, at, length, source) =>
      ears?.hearAnnounce(bytes.subarray(at, at + length), source)
    const announcements = await openGroup({ group, port, interfaces, onDatagram })
    const route = { group, ttl, dscp, address: chosen?.address, interfaceName: chosen?.name }
    const outlet = options.mute
      ? undefined
      : await openOutlet({ ...route, datagramBytes: 512, slots: 4 })
    ears = new Ears(options, announcements, outlet)
    return ears
  }

  get interfaceNames(): string {
    return this.#announcements.joinedOn.map(each => each.name).join(', ')
  }

  /**
   * Asks transmitters to announce themselves at once. When none has been heard for long, the switch
   * may have forgotten that we listen: it is reminded.
   */
  query(id: string | undefined, from?: Standing): void {
    const quietMillis = performance.now() - Math.max(this.#heardAt, this.#renewedAt)
    if (quietMillis > LIMITS.rejoinEveryMicros / 1000 && !this.#left) this.rejoin()
    if (this.#outlet === undefined || this.#outlet.room === 0) return
    const random = randomBytes(8)
    const session = { high: random.readUInt32BE(0), low: random.readUInt32BE(4) }
    const bytes = encodeQuery(session, { id, from })
    this.#outlet.slot().set(bytes)
    this.#outlet.send(bytes.length, this.#options.port)
    this.#outlet.flush()
  }

  /** @throws Mcp2pError NO_GROUP (network) */
  async join(channel: Channel): Promise<void> {
    const { interfaces } = this.#options
    const key = channelKey(channel)
    if (this.#opening.has(key)) return
    this.#opening.add(key)
    const onDatagram = this.#hearData.bind(this)
    const onPause = this.#flush.bind(this)
    const { batch } = loadNative()
    const onMessages =
      batch && this.#lose === undefined
        ? (messages: Messages) => this.#hearAll(messages, batch)
        : undefined
    try {
      const socket = await openGroup({ ...channel, interfaces, onDatagram, onMessages, onPause })
      if (this.#closed || !this.#opening.has(key)) await socket.close()
      else this.#data.set(key, socket)
    } catch (error) {
      this.#opening.delete(key)
      throw error
    }
  }

  /** Hands over what has arrived. */
  look(): void {
    for (const socket of this.#data.values()) socket.look()
  }

  /** Stops listening to the data of a channel; the announcements are heard on. */
  leave(channel: Channel): void {
    this.#data.get(channelKey(channel))?.leave()
    this.#left = true
  }

  /** Lets go of a channel that nobody sends on any more. */
  part(channel: Channel): void {
    const key = channelKey(channel)
    this.#data.get(key)?.close()
    this.#data.delete(key)
    this.#opening.delete(key)
  }

  /**
   * Joins everything anew: where nobody renews memberships, a switch forgets them. Announcements and
   * data may share a group, which is left only when all sockets have left it.
   */
  rejoin(): void {
    this.#renewedAt = performance.now()
    const sockets = [this.#announcements, ...this.#data.values()]
    for (const socket of sockets) socket.leave()
    for (const socket of sockets) socket.join()
    this.#left = false
  }

  /** Drops are those on our data ports; what our lines brought is asked for only once we have left. */
  load(): Omit<Load, 'diskQueueBytes'> {
    let kernelDrops = 0
    for (const socket of this.#data.values()) kernelDrops += socket.drops
    const lineBytes = this.#left ? receivedBytesOf(this.#announcements.joinedOn) : undefined
    return { kernelDrops, lineBytes, busyShare: this.#busyness?.share() }
  }

  async close(): Promise<void> {
    this.#closed = true
    const sockets = [this.#announcements, this.#outlet, ...this.#data.values()]
    await Promise.all(sockets.map(socket => socket?.close()))
  }

  /** A datagram on the announcements' port. */
  hearAnnounce(bytes: Uint8Array, source: string): void {
    const header = this.#header
    if (!readHeader(bytes, 0, bytes.length, header)) return
    const isQuery = header.type === DATAGRAM.query && this.#options.onQuery !== undefined
    if (!isQuery && header.type !== DATAGRAM.announce) return
    if (!this.#turnstile.admits(source, nowMicros())) return
    if (isQuery) {
      const query = decodeQuery(bytes.subarray(HEADER_BYTES))
      if (query !== undefined) this.#options.onQuery?.(source, query)
      return
    }
    const announce = decodeAnnounce(bytes.subarray(HEADER_BYTES))
    if (announce === undefined) return
    const session = { high: header.sessionHigh, low: header.sessionLow }
    this.#heardAt = performance.now()
    this.#options.onAnnounce(source, session, announce, bytes.length)
  }

  #hearData(
    bytes: Uint8Array,
    at: number,
    length: number,
    source: string,
    arrivedMicros: number,
  ): void {
    const header = this.#header
    if (!readHeader(bytes, at, length, header)) return
    if (header.keyEpoch !== 0 || header.channel !== 1) return
    if (this.#lose?.()) return
    const batch = this.#batch
    batch.hear(header, bytes, at, length, source, arrivedMicros)
    if (batch.full) this.#flush()
  }

  /** As `#hearData` of each, in one call; returns how many datagrams they are. */
  #hearAll(messages: Messages, native: NativeBatch): number {
    const { slab, slotBytes, records, count, sourceOf, nowMicros } = messages
    const { memory, capacity } = this.#batch
    const rows = native.hear(memory, capacity, slab, slotBytes, records, count, nowMicros)
    assert(rows >= 0, 'what was received lies in its slab')
    this.#batch.filled(rows, slab, sourceOf)
    return rows
  }

  #flush(): void {
    if (this.#batch.count === 0) return
    this.onBatch(this.#batch)
    this.#batch.clear()
  }
}

/** For demos and tests: `MCP2P_TEST_LOSS=0.02` loses that share of the data datagrams, at random. */
function testLoss(): (() => boolean) | undefined {
  const share = Number.parseFloat(process.env.MCP2P_TEST_LOSS ?? '0')
  if (!(share > 0)) return undefined
  const prng = new Prng(randomBytes(4).readUInt32BE(0))
  return () => prng.unit() < share
}
