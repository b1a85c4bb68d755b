// A set of non-negative integers as sorted disjoint ranges: small when neighbours come and go
// together, as blocks do. Search is binary; an addition at the end, the usual case, is constant.

/** The integers from `first` on, `count` of them. */
export interface Run {
  readonly first: number
  readonly count: number
}

export class RangeSet {
  // Range i is [#starts[i], #ends[i]); ranges neither overlap nor touch.
  readonly #starts: number[] = []
  readonly #ends: number[] = []
  #total = 0

  /** The union of `runs`, which may overlap and come in any order. */
  static from(runs: Iterable<Run>): RangeSet {
    const set = new RangeSet()
    for (const { first, count } of runs) set.add(first, count)
    return set
  }

  /** How many integers are in the set. */
  get total(): number {
    return this.#total
  }

  /** How many ranges it takes. */
  get runCount(): number {
    return this.#starts.length
  }

  /** The least member, or -1. */
  get first(): number {
    return this.#starts.length === 0 ? -1 : this.#starts[0]
  }

  /** One past the greatest member, or 0. */
  get end(): number {
    return this.#ends.length === 0 ? 0 : this.#ends[this.#ends.length - 1]
  }

  has(value: number): boolean {
    const i = this.#after(value) - 1
    return i >= 0 && value < this.#ends[i]
  }

  /** The least member >= `value`, or -1. */
  nextFrom(value: number): number {
    const i = this.#after(value)
    if (i > 0 && value < this.#ends[i - 1]) return value
    return i < this.#starts.length ? this.#starts[i] : -1
  }

  /** How many members lie in [first, first + count). */
  countIn(first: number, count: number): number {
    let members = 0
    for (let i = Math.max(0, this.#after(first) - 1); i < this.#starts.length; i++) {
      if (this.#starts[i] >= first + count) break
      members += Math.max(
        0,
        Math.min(this.#ends[i], first + count) - Math.max(this.#starts[i], first),
      )
    }
    return members
  }

  add(first: number, count: number): void {
    if (count <= 0) return
    const { end: last } = this
    if (first > last || this.#ends.length === 0) {
      this.#starts.push(first)
      this.#ends.push(first + count)
      this.#total += count
      return
    }
    if (first === last) {
      this.#ends[this.#ends.length - 1] += count
      this.#total += count
      return
    }
    let start = first
    let end = first + count
    let from = this.#after(first)
    if (from > 0 && this.#ends[from - 1] >= first) from--
    let to = from
    while (to < this.#starts.length && this.#starts[to] <= end) {
      start = Math.min(start, this.#starts[to])
      end = Math.max(end, this.#ends[to])
      this.#total -= this.#ends[to] - this.#starts[to]
      to++
    }
    this.#total += end - start
    if (to === from + 1) {
      this.#starts[from] = start
      this.#ends[from] = end
      return
    }
    this.#starts.splice(from, to - from, start)
    this.#ends.splice(from, to - from, end)
  }

  delete(first: number, count: number): void {
    if (count <= 0 || this.#total === 0) return
    const end = first + count
    let from = this.#after(first)
    if (from > 0 && this.#ends[from - 1] > first) from--
    if (from === this.#starts.length || this.#starts[from] >= end) return
    let to = from
    const starts: number[] = []
    const ends: number[] = []
    while (to < this.#starts.length && this.#starts[to] < end) {
      const a = this.#starts[to]
      const b = this.#ends[to]
      this.#total -= Math.min(b, end) - Math.max(a, first)
      if (a < first) {
        starts.push(a)
        ends.push(first)
      }
      if (b > end) {
        starts.push(end)
        ends.push(b)
      }
      to++
    }
    this.#starts.splice(from, to - from, ...starts)
    this.#ends.splice(from, to - from, ...ends)
  }

  clear(): void {
    // To pop the few that there are is faster than to set a length.
    while (this.#starts.length > 0) this.#starts.pop()
    while (this.#ends.length > 0) this.#ends.pop()
    this.#total = 0
  }

  /** The ranges in order, as first and count. */
  *runs(): Iterable<Run> {
    for (let i = 0; i < this.#starts.length; i++)
      yield { first: this.#starts[i], count: this.#ends[i] - this.#starts[i] }
  }

  /** What of [first, first + count) is not in the set, in order. */
  *complementIn(first: number, count: number): Iterable<Run> {
    const end = first + count
    let at = first
    for (let i = Math.max(0, this.#after(first) - 1); i < this.#starts.length; i++) {
      if (this.#starts[i] >= end) break
      if (this.#starts[i] > at) yield { first: at, count: this.#starts[i] - at }
      at = Math.max(at, this.#ends[i])
    }
    if (at < end) yield { first: at, count: end - at }
  }

  /** How many ranges start at or before `value`: the index of the first that starts after it. */
  #after(value: number): number {
    let low = 0
    let high = this.#starts.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#starts[middle] <= value) low = middle + 1
      else high = middle
    }
    return low
  }
}
