// A set from which members are drawn by lot, in time that does not depend on how many there are: a
// swarm of ten thousand answers as fast as one of ten.

import type { Prng } from '../base/prng.js'

export class Roll<T> {
  readonly #members: T[] = []
  readonly #places = new Map<T, number>()

  get size(): number {
    return this.#members.length
  }

  add(member: T): void {
    if (this.#places.has(member)) return
    this.#places.set(member, this.#members.length)
    this.#members.push(member)
  }

  /** The last one takes the place of the one that goes. */
  delete(member: T): void {
    const place = this.#places.get(member)
    if (place === undefined) return
    this.#places.delete(member)
    const last = this.#members.pop()!
    if (last === member) return
    this.#members[place] = last
    this.#places.set(last, place)
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#members.values()
  }

  /** All members in random order, drawn as they are asked for (Fisher–Yates on what was touched). */
  *draw(prng: Prng): Generator<T> {
    const moved = new Map<number, number>()
    for (let left = this.#members.length; left > 0; left--) {
      const at = prng.below(left)
      yield this.#members[moved.get(at) ?? at]
      moved.set(at, moved.get(left - 1) ?? left - 1)
    }
  }
}
