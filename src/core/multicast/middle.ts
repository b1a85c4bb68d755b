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

  /** Takes a value that was told so many times; true when `recent` was renewed. */
  add(value: number, times = 1): boolean {
    const before = this.#count
    for (let i = 0; i < times; i++) this.#values[this.#count++ % VALUES] = value
    if (before >= FIRST && Math.floor(before / EVERY) === Math.floor(this.#count / EVERY))
      return false
    this.renew()
    return true
  }

  /** Works the middle out with all that has come. */
  renew(): number {
    const known = Math.min(this.#count, VALUES)
    if (known > 0 && !this.#holds(known)) {
      scratch.set(this.#values)
      this.#value = nthOf(scratch, known, (known - 1) >> 1)
    }
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

const scratch = new Float64Array(VALUES)

/** The value that would stand at `nth` if the first `count` were sorted; reorders them (Hoare, 1961). */
function nthOf(values: Float64Array, count: number, nth: number): number {
  let left = 0
  let right = count - 1
  while (left < right) {
    const pivot = values[(left + right) >> 1]
    let i = left
    let j = right
    while (i <= j) {
      while (values[i] < pivot) i++
      while (values[j] > pivot) j--
      if (i > j) break
      const held = values[i]
      values[i++] = values[j]
      values[j--] = held
    }
    if (nth <= j) right = j
    else if (nth >= i) left = i
    else break
  }
  return values[nth]
}
