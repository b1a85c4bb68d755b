// Where hosts are: a tree of switches. The root is the backbone, below it are sites, below a site its
// racks; each has one line up to its parent that all of its hosts share. A switch passes multicast
// within itself, and over its line only when it `passesMulticast`, and only down to where somebody
// has joined.
//
//   const site = network.addPlace({ upBps: 20e6, downBps: 20e6, delayMicros: 10_000 })
//   const rack = network.addPlace({ parent: site, upBps: 1e9, downBps: 1e9, passesMulticast: true })
//   network.addHost({ address: '10.0.0.1', place: rack })

import type { Micros } from '../../src/core/base/machine.js'
import type { Prng } from '../../src/core/base/prng.js'
import { Link, type Pieces, type Run } from './link.js'
import { Loss } from './loss.js'

export interface PlaceOptions {
  /** Default: the backbone. */
  readonly parent?: Place
  /** Bits per second on the wire, each way; default Infinity. */
  readonly upBps?: number
  readonly downBps?: number
  /** Of the buffer at either end; default 256 KiB. */
  readonly queueBytes?: number
  /** One way over its line; default 0. */
  readonly delayMicros?: Micros
  /** Fraction lost on its line, each way, and how many in a row on average; default 0 and 1. */
  readonly loss?: number
  readonly lossBurst?: number
  /** Default false: multicast stays inside. */
  readonly passesMulticast?: boolean
}

/** One direction of a line. */
export interface Hop {
  readonly link: Link
  readonly loss: Loss
}

/** What lies between two hosts beside their own cables. */
export interface Path {
  readonly hops: readonly Hop[]
  readonly delayMicros: Micros
  /** Fraction that is lost on the way. */
  readonly loss: number
  /** Places whose line it takes. */
  readonly places: readonly Place[]
}

export const DIRECT: Path = { hops: [], delayMicros: 0, loss: 0, places: [] }

const QUEUE_BYTES = 256 * 1024

export class Place<Member = unknown> {
  readonly parent: Place<Member> | undefined
  readonly children: Place<Member>[] = []
  readonly up: Hop
  readonly down: Hop
  readonly delayMicros: Micros
  passesMulticast: boolean
  /** Its line is out. */
  isCut = false
  /** Who has joined what, here. */
  readonly #groups = new Map<string, Member>()
  readonly #makeMember: () => Member

  constructor(options: PlaceOptions, prng: Prng | undefined, makeMember: () => Member) {
    const { queueBytes = QUEUE_BYTES, upBps = Infinity, downBps = Infinity } = options
    const { loss = 0, lossBurst = 1 } = options
    this.parent = options.parent as Place<Member> | undefined
    this.delayMicros = options.delayMicros ?? 0
    this.passesMulticast = options.passesMulticast ?? false
    this.#makeMember = makeMember
    const hop = (rateBps: number): Hop => ({
      link: new Link({ rateBps, queueBytes }),
      loss: new Loss(loss, loss, prng, lossBurst),
    })
    this.up = hop(upBps)
    this.down = hop(downBps)
    this.parent?.children.push(this)
  }

  members(key: string): Member {
    let members = this.#groups.get(key)
    if (members === undefined) this.#groups.set(key, (members = this.#makeMember()))
    return members
  }

  get groups(): Iterable<Member> {
    return this.#groups.values()
  }

  /** The places from here to the backbone, this one first. */
  get line(): Place<Member>[] {
    return this.parent === undefined ? [] : [this, ...this.parent.line]
  }

  /** The way to another place: up to where both meet, and down. */
  pathTo(other: Place<Member>): Path {
    if (other === this) return DIRECT
    const mine = this.line
    const its = other.line
    while (mine.length > 0 && mine[mine.length - 1] === its[its.length - 1]) {
      mine.pop()
      its.pop()
    }
    const hops = [...mine.map(place => place.up), ...its.reverse().map(place => place.down)]
    const places = [...mine, ...its]
    return {
      hops,
      places: places as Place[],
      delayMicros: places.reduce((sum, place) => sum + place.delayMicros, 0),
      loss: 1 - hops.reduce((through, hop) => through * (1 - hop.loss.udp), 1),
    }
  }
}

export function isCut(path: Path): boolean {
  return path.places.some(place => place.isCut)
}

/**
 * Datagrams of a run go over a line, the first now and the last at `lastAt`: what is left of them, and
 * when the first and the last have left it.
 */
export function carry(
  { link, loss }: Hop,
  run: Run,
  sent: Pieces,
  now: Micros,
  lastAt: Micros,
): { pieces: Pieces; firstAt: Micros; lastAt: Micros } {
  const passed = link.pushPieces(run, sent, now, lastAt)
  const { leftAt } = link
  const first = passed.length > 0 ? run.wireBytes(passed[0], passed[0] + 1) : 0
  const wireBytes = run.wireBytes(sent[0], sent[sent.length - 1]) - first
  const lasts = Math.max(lastAt - now, link.micros(wireBytes))
  return {
    pieces: loss.thin(passed, now),
    firstAt: Math.max(now, leftAt - lasts),
    lastAt: leftAt,
  }
}
