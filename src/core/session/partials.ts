// All blocks under construction: each is given its place in the pool, and the one that has waited longest
// is known, for when the pool runs low.

import type { Geometry } from '../meta/geometry.js'
import { type Partial, partialOf } from './partial.js'
import type { Pool } from './pool.js'

export class Partials {
  readonly #geometry: Geometry
  readonly #pool: Pool
  /** Frees some of the pool when it runs low. */
  readonly #makeRoom: () => void
  readonly #all = new Map<number, Partial>()
  /** Open ones that came only in part so far and have a place in the pool, the oldest first. */
  readonly #spillable = new Set<Partial>()

  constructor(geometry: Geometry, pool: Pool, makeRoom: () => void) {
    this.#geometry = geometry
    this.#pool = pool
    this.#makeRoom = makeRoom
  }

  get(block: number): Partial | undefined {
    return this.#all.get(block)
  }

  has(block: number): boolean {
    return this.#all.has(block)
  }

  /** They are under construction from now on. */
  adopt(partials: readonly Partial[]): void {
    for (const partial of partials) this.#all.set(partial.block, partial)
  }

  /** Gives a missing block a place in the pool; `known` is what is here of it. */
  open(block: number, symbolBytes: number, known = this.get(block)): Partial | undefined {
    if (known !== undefined && known.state !== 'open') return undefined
    if (known !== undefined && known.at >= 0) {
      if (known.mask === 0 && known.spilled === 0) known.symbolBytes = symbolBytes
      return known
    }
    this.#makeRoom()
    const at = this.#pool.take()
    if (at === undefined) return undefined
    if (known !== undefined) {
      known.at = at
      return known
    }
    const partial = partialOf(block, at, this.#geometry.bytesOfBlock(block), symbolBytes)
    this.#all.set(block, partial)
    return partial
  }

  /** Nothing is done with it now: its place may be needed for others. */
  rests(partial: Partial): void {
    if (partial.at >= 0) this.#spillable.add(partial)
  }

  /** All of it is here, or on its way to the disk. */
  moves(partial: Partial): void {
    this.#spillable.delete(partial)
  }

  /** The one that rests longest of those with something in the pool. */
  get oldest(): Partial | undefined {
    for (const partial of this.#spillable) if (partial.mask !== 0) return partial
    return undefined
  }

  /** It is verified, or begins anew; its place in the pool is free. */
  drop(partial: Partial): void {
    if (partial.at >= 0) this.#pool.free(partial.at)
    this.#spillable.delete(partial)
    this.#all.delete(partial.block)
  }
}
