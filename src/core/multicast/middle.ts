// The middle (median) of the latest values that a stream of datagrams has told. Anybody on the LAN can
// forge some of them, but while most are true the middle is: one wild number, or a few that creep
// ahead, do not move it, as they would move a maximum, a minimum or a mean.

/** Forgers send in bursts: less than half of so many in a row moves nothing. */
const VALUES = 128
/** The middle is worked out anew after so many, and after each of the first few. */
const EVERY = 64
const FIRST = 8

export class Middle {
  readonly #values = new Float64Array(VALUES)
  #count = 0
  #value = 0

  get isEmpty(): boolean {
    return this.#count === 0
  }

  /** As it was after one of the latest few values. */
  get recent(): number {
    return this.#value
  }

  /** Takes a value; true when `recent` was renewed. */
  add(value: number): boolean {
    this.#values[this.#count++ % VALUES] = value
    if (this.#count > FIRST && this.#count % EVERY !== 0) return false
    this.renew()
    return true
  }

  /** Works the middle out with all that has come. */
  renew(): number {
    const known = Math.min(this.#count, VALUES)
    if (known > 0 && !this.#holds(known))
      this.#value = this.#values.slice(0, known).sort()[(known - 1) >> 1]
    return this.#value
  }

  /** The middle is still in the middle, as it is of what hardly changes: nothing need be sorted. */
  #holds(known: number): boolean {
    let less = 0
    let more = 0
    for (let i = 0; i < known; i++) {
      if (this.#values[i] < this.#value) less++
      else if (this.#values[i] > this.#value) more++
    }
    return less + more < known && 2 * less < known && 2 * more < known
  }
}
