// One end of a two-host test: hears what the other end sends to the group, and sends there itself, at
// a rate and for a time that are bounded. Its datagrams are questions without a text, which every
// other program on the group drops.

import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Blast, Hello } from '../../core/doctor/line.js'
import { DATAGRAM, emptyHeader, readHeader, writeHeader } from '../../core/wire/datagram.js'
import { linkMtu, wayTo } from '../../io/host/links.js'
import type { Group } from '../../io/net/group.js'
import type { Outlet } from '../../io/net/outlet.js'
import { openGroup, openOutlet } from '../../io/net/sockets.js'
import type { Place } from '../place.js'

/** Datagrams that may wait for the kernel. */
const SLOTS = 512
const TICK_MILLIS = 2
/** So few leave one by one. */
const ALONE_MAX = 64
/** A line that takes nothing for so long will not take the rest. */
const STUCK_MILLIS = 3000

/** The fastest that is tried, where nothing else is said. */
export const DOCTOR_MAX_BPS = 160_000_000

/** What became of a blast at the end that sent it. */
export interface Fired {
  readonly sent: number
  readonly micros: number
  readonly error?: string
}

export type Side = 'caller' | 'listener'

/** Where this end stands. */
export async function helloOf(
  { group, port, chosen, mtuBytes }: Place,
  dataPort = port + 1,
  run: number,
): Promise<Hello> {
  const exit = await wayTo(group, port)
  const link = chosen?.name ?? ('link' in exit ? exit.link : undefined)
  const linkMtuBytes = link === undefined ? undefined : linkMtu(link)
  const stand = { group, port, dataPort, link, linkMtuBytes, mtuBytes }
  return { cmd: 'hello', run, ...stand, unixMillis: Date.now() }
}

export interface StationOptions {
  readonly place: Place
  readonly dataPort: number
  readonly run: number
  readonly side: Side
}

export class Station {
  readonly #options: StationOptions
  readonly #outlet: Outlet
  readonly #groups: Group[] = []
  readonly #heard = new Map<number, number>()
  readonly #header = emptyHeader()
  #error: string | undefined

  private constructor(options: StationOptions, outlet: Outlet) {
    this.#options = options
    this.#outlet = outlet
    outlet.onError = error => {
      this.#error ??= error.code
    }
  }

  /** @throws Mcp2pError NO_GROUP (network) */
  static async open(options: StationOptions): Promise<Station> {
    const { place, dataPort } = options
    const { group, interfaces, chosen } = place
    const outlet = await openOutlet({
      group,
      ttl: 1,
      address: chosen?.address,
      interfaceName: chosen?.name,
      datagramBytes: 1500,
      slots: SLOTS,
    })
    const station = new Station(options, outlet)
    try {
      for (const port of [place.port, dataPort]) {
        const onDatagram = station.#hear.bind(station)
        station.#groups.push(await openGroup({ group, port, interfaces, onDatagram }))
      }
      return station
    } catch (error) {
      await station.close()
      throw error
    }
  }

  /** Datagrams of a round that came from the other side so far. */
  tally(round: number): number {
    for (const group of this.#groups) group.look()
    return this.#heard.get(round) ?? 0
  }

  rejoin(): void {
    for (const group of this.#groups) group.leave()
    for (const group of this.#groups) group.join()
  }

  /** Resolves when all have left, or cannot; never rejects. */
  async blast({ round, to, bytes, count, rateBps }: Blast): Promise<Fired> {
    const { place, dataPort, side } = this.#options
    const port = to === 'data' ? dataPort : place.port
    const outlet = this.#outlet
    const before = outlet.sent
    this.#error = undefined
    const template = this.#datagram(round, side, bytes)
    const startedAt = performance.now()
    let movedAt = startedAt
    let written = 0
    const isUnderWay = (): boolean => written < count || outlet.sent - before < written
    while (isUnderWay() && this.#error === undefined) {
      const now = performance.now()
      const due = Math.ceil(((now - startedAt + TICK_MILLIS) * rateBps) / 8000 / bytes)
      const room = Math.min(outlet.room, due - written, count - written)
      for (let i = 0; i < room; i++) {
        outlet.slot().set(template)
        outlet.send(bytes, port)
        // Joined into one for the kernel, they might pass where one alone is too large.
        if (count <= ALONE_MAX) outlet.flush()
      }
      outlet.flush()
      if (room > 0) movedAt = now
      if (now - movedAt > STUCK_MILLIS) break
      written += Math.max(0, room)
      await sleep(TICK_MILLIS)
    }
    const micros = Math.round((performance.now() - startedAt) * 1000)
    return { sent: outlet.sent - before, micros, error: this.#error }
  }

  async close(): Promise<void> {
    await Promise.all([this.#outlet, ...this.#groups].map(socket => socket.close()))
  }

  /** Random bytes, so that no line makes them smaller. */
  #datagram(round: number, side: Side, bytes: number): Uint8Array {
    const datagram = new Uint8Array(randomBytes(bytes))
    const header = emptyHeader()
    header.type = DATAGRAM.query
    header.sessionHigh = this.#options.run
    header.sessionLow = lowOf(round, side)
    writeHeader(datagram, 0, header)
    return datagram
  }

  #hear(bytes: Uint8Array, at: number, length: number): void {
    const header = this.#header
    if (!readHeader(bytes, at, length, header) || header.type !== DATAGRAM.query) return
    const { run, side } = this.#options
    const round = header.sessionLow >>> 1
    const other = side === 'caller' ? 'listener' : 'caller'
    if (header.sessionHigh !== run || header.sessionLow !== lowOf(round, other)) return
    this.#heard.set(round, (this.#heard.get(round) ?? 0) + 1)
  }
}

/** What is sent comes back to the sender as well: the last bit tells whose it is. */
function lowOf(round: number, side: Side): number {
  return 2 * round + (side === 'caller' ? 0 : 1)
}
