// A swarm as the seeds have it: hosts that fetch pieces of each other, one piece at a time from a
// peer, over lines that are shared. What a host has, and what it is fetching, its neighbours hear a
// moment later. Whoever is done goes on serving. How pieces are chosen is a function (choices.ts);
// the rest of a seed's design is in the members.

import type { Prng } from '../../src/core/base/prng.js'
import type { Choose } from './choices.js'
import { Flows, type Pipe } from './flows.js'

export interface Member {
  /** Whom it may fetch from, by their numbers, the first choice first. */
  readonly neighbours: readonly number[]
  /** Who hear what it is fetching; and its place among them, if the work is divided. */
  readonly group?: readonly number[]
  readonly share?: { readonly index: number; readonly of: number }
}

export interface SwarmOptions {
  /** The first has everything. */
  readonly members: readonly Member[]
  readonly pathOf: (from: number, to: number) => readonly Pipe[]
  readonly pieces: number
  readonly pieceBytes: number
  readonly choose: Choose
  readonly prng: Prng
  /** Peers that one fetches from at a time; default all. */
  readonly peersAtOnce?: number
  /** And in which order idle peers are tried; default at random. */
  readonly order?: 'listed' | 'random'
  /** Peers that one serves at a time; default all. */
  readonly slots?: number
  /** Between a piece and the request for the next one; default 0: requests are queued. */
  readonly gapSeconds?: number
  /** Until others know what a host has, or is fetching; default 1 ms. */
  readonly newsSeconds?: number
}

export interface SwarmOutcome {
  /** When each but the first was complete, in their order. */
  readonly seconds: readonly number[]
  /** What the first sent, over the file, when the last was complete. */
  readonly seedRatio: number
  /** When each piece came, of each but the first. */
  readonly arrivals: readonly (readonly number[])[]
}

const NEWS_SECONDS = 0.001

interface Host extends Member {
  readonly number: number
  /** What the others know that it has. */
  readonly shown: Uint8Array
  readonly asked: Uint8Array
  readonly fetching: Set<number>
  readonly serving: Set<number>
  /** How many of its group have said that they are fetching a piece. */
  readonly started: Uint16Array
  readonly holders: Uint16Array
  /** How many pieces that are wanted each host is known to have. */
  readonly useful: Int32Array
  /** Peers that it waits for before it asks the same again. */
  readonly resting: Set<number>
  readonly arrivals: number[]
  /** Who may fetch from it. */
  readonly clients: number[]
}

export function simulateSwarm(options: SwarmOptions): SwarmOutcome {
  return new Swarm(options).run()
}

class Swarm {
  readonly #options: SwarmOptions
  readonly #flows = new Flows()
  readonly #hosts: readonly Host[]
  #incomplete: number
  #seedBytes = 0

  constructor(options: SwarmOptions) {
    this.#options = options
    const { pieces, members } = options
    this.#incomplete = members.length - 1
    this.#hosts = members.map((member, number) => ({
      ...member,
      number,
      shown: new Uint8Array(pieces).fill(number === 0 ? 1 : 0),
      asked: new Uint8Array(pieces),
      fetching: new Set<number>(),
      serving: new Set<number>(),
      started: new Uint16Array(pieces),
      holders: new Uint16Array(pieces).fill(member.neighbours.includes(0) ? 1 : 0),
      useful: new Int32Array(members.length).fill(pieces, 0, 1),
      resting: new Set<number>(),
      arrivals: [],
      clients: [],
    }))
    for (const { number, neighbours } of this.#hosts)
      for (const each of neighbours) this.#hosts[each].clients.push(number)
  }

  run(): SwarmOutcome {
    for (const host of this.#hosts.slice(1)) this.#ask(host)
    if (!this.#flows.run(() => this.#incomplete === 0))
      throw new Error(`${this.#incomplete} hosts can get no further`)
    const { pieces, pieceBytes } = this.#options
    const arrivals = this.#hosts.slice(1).map(host => host.arrivals)
    return {
      seconds: arrivals.map(times => times[times.length - 1]),
      seedRatio: this.#seedBytes / (pieces * pieceBytes),
      arrivals,
    }
  }

  /** Asks idle peers until it fetches from as many as it may. */
  #ask(host: Host): void {
    const { order = 'random', peersAtOnce = Infinity, prng } = this.#options
    if (host.number === 0 || host.arrivals.length === this.#options.pieces) return
    if (host.fetching.size >= peersAtOnce) return
    const peers = [...host.neighbours]
    if (order === 'random') prng.shuffle(peers)
    for (const peer of peers) {
      if (host.fetching.size >= peersAtOnce) return
      this.#fetch(host, this.#hosts[peer])
    }
  }

  /** The next piece of a peer, if it has one that is wanted and serves us. */
  #fetch(host: Host, peer: Host): void {
    const { slots = Infinity, pieces, pieceBytes, choose, prng, pathOf } = this.#options
    const { number } = peer
    if (host.useful[number] === 0 || host.fetching.has(number) || host.resting.has(number)) return
    if (peer.serving.size >= slots) return
    const wanted: number[] = []
    for (let i = 0; i < pieces; i++) if (peer.shown[i] && !host.asked[i]) wanted.push(i)
    const { index = 0, of = 1 } = host.share ?? {}
    const piece = choose({
      wanted,
      prng,
      holders: each => host.holders[each],
      isStarted: each => host.started[each] > 0,
      isOurs: each => Math.floor((each * of) / pieces) === index,
    })
    host.asked[piece] = 1
    for (const each of host.neighbours) host.useful[each] -= this.#hosts[each].shown[piece]
    host.fetching.add(number)
    peer.serving.add(host.number)
    this.#tell(host.group ?? [], other => other.started[piece]++)
    this.#flows.start(pathOf(number, host.number), pieceBytes, () => this.#got(host, peer, piece))
  }

  #got(host: Host, peer: Host, piece: number): void {
    const { gapSeconds = 0, pieces, pieceBytes } = this.#options
    if (peer.number === 0) this.#seedBytes += pieceBytes
    host.fetching.delete(peer.number)
    peer.serving.delete(host.number)
    host.arrivals.push(this.#flows.now)
    if (host.arrivals.length === pieces) this.#incomplete--
    this.#tell(host.group ?? [], other => other.started[piece]--)
    this.#flows.after(this.#options.newsSeconds ?? NEWS_SECONDS, () => {
      host.shown[piece] = 1
      for (const client of host.clients) {
        const { holders, asked, useful } = this.#hosts[client]
        holders[piece]++
        if (asked[piece]) continue
        useful[host.number]++
        this.#ask(this.#hosts[client])
      }
    })
    if (gapSeconds === 0) this.#freed(host, peer)
    else {
      // It asks this peer again only when the request has gone and come through its program.
      host.resting.add(peer.number)
      this.#flows.after(gapSeconds, () => {
        host.resting.delete(peer.number)
        this.#freed(host, peer)
      })
    }
  }

  /** The same peer again, then others; and who has been waiting for a slot of that peer. */
  #freed(host: Host, peer: Host): void {
    const { slots = Infinity, prng, order = 'random' } = this.#options
    if (order === 'random' && slots === Infinity) this.#fetch(host, peer)
    this.#ask(host)
    if (slots === Infinity) return
    for (const client of prng.shuffle([...peer.clients])) {
      if (peer.serving.size >= slots) break
      this.#ask(this.#hosts[client])
    }
  }

  #tell(group: readonly number[], what: (host: Host) => void): void {
    this.#flows.after(this.#options.newsSeconds ?? NEWS_SECONDS, () => {
      for (const each of group) what(this.#hosts[each])
    })
  }
}
