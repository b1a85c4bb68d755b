// Layers that did not come with the blast are asked of anybody who has the chunk, each at most once
// a second.

import { LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'
import type { Prng } from '../base/prng.js'
import type { Geometry } from '../meta/geometry.js'
import type { Swarm } from '../swarm/swarm.js'

const AGAIN_MICROS = 1_000_000

export class LayerAsker {
  readonly #geometry: Geometry
  readonly #swarm: Swarm
  readonly #prng: Prng
  readonly #askedAt = new Map<number, Micros>()

  constructor(geometry: Geometry, swarm: Swarm, prng: Prng) {
    this.#geometry = geometry
    this.#swarm = swarm
    this.#prng = prng
  }

  ask(wanted: Iterable<number>, now: Micros): void {
    const chunks: number[] = []
    for (const chunk of wanted) {
      const askedAt = this.#askedAt.get(chunk)
      if (askedAt !== undefined && now - askedAt < AGAIN_MICROS) continue
      this.#askedAt.set(chunk, now)
      chunks.push(chunk)
    }
    if (chunks.length === 0) return
    const links = [...this.#swarm.links()].filter(link => link.complete || link.held !== undefined)
    if (links.length === 0) return
    for (const chunk of chunks.slice(0, LIMITS.requestRangesMax)) {
      const first = this.#geometry.firstBlockOfChunk(chunk)
      const others = links.filter(link => !link.layersAsked.has(chunk))
      const holders = others.filter(link => link.has(first))
      const from = holders.length > 0 ? holders : others
      if (from.length > 0) this.#swarm.requestLayer(from[this.#prng.below(from.length)], chunk, now)
    }
  }
}
