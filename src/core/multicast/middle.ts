// The middle (median) of the latest values that a stream of datagrams has told. Anybody on the LAN can
// forge some of them, but while most are true the middle is: one wild number, or a few that creep
// ahead, do not move it, as they would move a maximum, a minimum or a mean.

/** Forgers send in bursts: less than half of so many in a row moves nothing. */
const VALUES = 128
/** The middle is worked out anew after so many, and after each of the first few. */
const EVERY = 64
const FIRST = 8

export class Middle {
  /** The latest values in a ring, and how often in a row each was told: most come many times. */
  readonly #values = new Float64Array(VALUES)
  readonly #times = new Uint8Array(VALUES)
  #first = 0
  #entries = 0
  /** How many values the ring stands for: the latest `VALUES` at most. */
  #known = 0
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
    this.#count += times
    this.#append(value, Math.min(times, VALUES))
    if (before >= FIRST && Math.floor(before / EVERY) === Math.floor(this.#count / EVERY))
      return false
    this.renew()
    return true
  }

  /** Works the middle out with all that has come. */
  renew(): number {
    if (this.#known > 0 && !this.#holds()) {
      for (let i = 0; i < this.#entries; i++) {
        const at = (this.#first + i) % VALUES
        values[i] = this.#values[at]
        times[i] = this.#times[at]
      }
      this.#value = nthOf(this.#entries, (this.#known - 1) >> 1)
    }
    return this.#value
  }

  #append(value: number, times: number): void {
    this.#known += times
    const last = (this.#first + this.#entries - 1 + VALUES) % VALUES
    const isSame = this.#entries > 0 && this.#values[last] === value
    let more = times
    if (isSame) {
      more = Math.min(VALUES, this.#times[last] + times)
      this.#known -= this.#times[last] + times - more
    }
    // The oldest make room, before a new one takes its place.
    while (this.#known > VALUES) {
      const gone = Math.min(this.#known - VALUES, this.#times[this.#first])
      this.#known -= gone
      this.#times[this.#first] -= gone
      if (this.#times[this.#first] > 0) break
      this.#first = (this.#first + 1) % VALUES
      this.#entries--
    }
    const at = isSame ? last : (this.#first + this.#entries++) % VALUES
    this.#values[at] = value
    this.#times[at] = more
  }

  /** The middle is still in the middle, as it is of what hardly changes: nothing need be sorted. */
  #holds(): boolean {
    let less = 0
    let more = 0
    for (let i = 0; i < this.#entries; i++) {
      const at = (this.#first + i) % VALUES
      if (this.#values[at] < this.#value) less += this.#times[at]
      else if (this.#values[at] > this.#value) more += this.#times[at]
    }
    return less + more < this.#known && 2 * less < this.#known && 2 * more < this.#known
  }
}

const values = new Float64Array(VALUES)
const times = new Uint8Array(VALUES)

/**
 * The value that would stand at `nth` if each of the first `count` in `values` stood there as often as
 * `times` says, and all were sorted; reorders both (Hoare, 1961).
 */
function nthOf(count: number, nth: number): number {
  let left = 0
  let right = count - 1
  let before = 0
  while (left < right) {
    const pivot = values[(left + right) >> 1]
    let i = left
    let j = right
    while (i <= j) {
      while (values[i] < pivot) i++
      while (values[j] > pivot) j--
      if (i > j) break
      swap(i++, j--)
    }
    let lower = 0
    for (let k = left; k <= j; k++) lower += times[k]
    if (nth < before + lower) {
      right = j
      continue
    }
    // One that is equal to the pivot may stand between both parts.
    for (let k = j + 1; k < i; k++) lower += times[k]
    if (nth < before + lower) return pivot
    before += lower
    left = i
  }
  return values[left]
}

function swap(i: number, j: number): void {
  const [value, count] = [values[i], times[i]]
  values[i] = values[j]
  times[i] = times[j]
  values[j] = value
  times[j] = count
}
