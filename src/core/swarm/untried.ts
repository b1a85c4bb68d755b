// Addresses that peers told of and nobody tried yet, the oldest first, and who told how many of them.

import type { Prng } from '../base/prng.js'

interface Told {
  /** The host of the peer who told us of it. */
  readonly teller: string
}

interface Tally {
  count: number
}

export class Untried<Entry extends Told> {
  readonly #entries: Entry[] = []
  /** Of each entry, how many its teller told. */
  readonly #tallies: Tally[] = []
  readonly #byTeller = new Map<string, Tally>()

  get size(): number {
    return this.#entries.length
  }

  add(entry: Entry): void {
    let tally = this.#byTeller.get(entry.teller)
    if (tally === undefined) this.#byTeller.set(entry.teller, (tally = { count: 0 }))
    tally.count++
    this.#entries.push(entry)
    this.#tallies.push(tally)
  }

  /**
   * Takes out any of those that were told by whoever told the most, when `teller` tells one more; there
   * must be some.
   */
  takeOfTheMost(teller: string, prng: Prng): Entry {
    const its = this.#byTeller.get(teller)
    if (its !== undefined) its.count++
    let most = 1
    for (const { count } of this.#byTeller.values()) most = Math.max(most, count)
    let some = 0
    for (const tally of this.#tallies) if (tally.count === most) some++
    let left = prng.below(some)
    const at = this.#tallies.findIndex(({ count }) => count === most && left-- === 0)
    if (its !== undefined) its.count--
    this.#tallies[at].count--
    this.#tallies.splice(at, 1)
    return this.#entries.splice(at, 1)[0]
  }
}
