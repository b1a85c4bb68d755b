// Layers that no blast will bring are asked of whoever is about to give something of the chunk, ahead of
// it; those that did not come, of whoever has verified something of it, each at most once a second, and
// nobody twice before it has answered. Behind a blast a peer will soon be such a one, so the transmitter, whose
// line is full, is asked only when nobody else came to be.

import { LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'
import type { Prng } from '../base/prng.js'
import type { Geometry } from '../meta/geometry.js'
import type { Link } from '../swarm/link.js'
import type { Swarm } from '../swarm/swarm.js'

const AGAIN_MICROS = 1_000_000
const TRANSMITTER_PATIENCE_MICROS = 500_000

interface Wanted {
  readonly since: Micros
  askedAt: Micros
}

export class LayerAsker {
  readonly #geometry: Geometry
  readonly #swarm: Swarm
  readonly #prng: Prng
  #wanted = new Map<number, Wanted>()

  constructor(geometry: Geometry, swarm: Swarm, prng: Prng) {
    this.#geometry = geometry
    this.#swarm = swarm
    this.#prng = prng
  }

  /** Asks `link` for the layer of a chunk, some of which it is about to be asked for. */
  ahead(link: Link, chunk: number, now: Micros): void {
    const before = this.#wanted.get(chunk)
    if (before !== undefined && now - before.askedAt < AGAIN_MICROS) return
    // Its second answer would be one that nobody asked for.
    if (link.owesLayer(chunk)) return
    this.#wanted.set(chunk, { since: before?.since ?? now, askedAt: now })
    this.#swarm.requestLayer(link, chunk, now)
  }

  /** Asks for the layers of `chunks`, which are all that are wanted now. */
  ask(chunks: Iterable<number>, behindBlast: boolean, now: Micros): void {
    const before = this.#wanted
    this.#wanted = new Map()
    for (const [chunk, wanted] of before)
      if (now - wanted.askedAt < AGAIN_MICROS) this.#wanted.set(chunk, wanted)
    let links: Link[] | undefined
    let asked = 0
    for (const chunk of chunks) {
      const wanted = before.get(chunk) ?? { since: now, askedAt: Number.NEGATIVE_INFINITY }
      this.#wanted.set(chunk, wanted)
      if (now - wanted.askedAt < AGAIN_MICROS || asked === LIMITS.requestRangesMax) continue
      links ??= this.#swarm.links().filter(link => link.complete || link.held !== undefined)
      const isFirst = wanted.askedAt === Number.NEGATIVE_INFINITY
      const isPatient = behindBlast && now - wanted.since < TRANSMITTER_PATIENCE_MICROS
      const holders = this.#holders(links, chunk, isFirst, isPatient)
      if (holders.length === 0) continue
      wanted.askedAt = now
      asked++
      const holder = holders[this.#prng.below(holders.length)]
      this.#swarm.requestLayer(holder, chunk, now)
    }
  }

  /** Who may be asked. After an answer that did not come, or was wrong, nobody is preferred. */
  #holders(links: readonly Link[], chunk: number, isFirst: boolean, isPatient: boolean): Link[] {
    const first = this.#geometry.firstBlockOfChunk(chunk)
    const others = links.filter(link => !link.owesLayer(chunk))
    const holders = others.filter(link => link.has(first))
    const peers = holders.filter(link => !this.#swarm.division.isOutside(link))
    if (isFirst && (peers.length > 0 || isPatient)) return peers
    return holders.length > 0 ? holders : others
  }
}
