// A binary min-heap whose equal keys come out in the order they went in: the order of events at one
// instant must not depend on how the heap happens to be shaped, or a seed would not replay.

export class Heap<T> {
  readonly #keys: number[] = []
  readonly #orders: number[] = []
  readonly #items: T[] = []
  #pushed = 0

  get size(): number {
    return this.#items.length
  }

  /** The least key, or Infinity when nothing is in it. */
  get leastKey(): number {
    return this.#items.length === 0 ? Number.POSITIVE_INFINITY : this.#keys[0]
  }

  push(key: number, item: T): void {
    const order = this.#pushed++
    let at = this.#items.length
    while (at > 0) {
      const parent = (at - 1) >> 1
      // The new item is the youngest: only a greater key lets it pass.
      if (this.#keys[parent] <= key) break
      this.#move(parent, at)
      at = parent
    }
    this.#put(at, key, order, item)
  }

  /** Takes the item with the least key, the oldest of equals. */
  pop(): T | undefined {
    const size = this.#items.length
    if (size === 0) return undefined
    const top = this.#items[0]
    const key = this.#keys.pop()!
    const order = this.#orders.pop()!
    const item = this.#items.pop()!
    if (size > 1) this.#sink(key, order, item)
    return top
  }

  #sink(key: number, order: number, item: T): void {
    const size = this.#items.length
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= size) break
      if (child + 1 < size && this.#before(child + 1, child)) child++
      const childKey = this.#keys[child]
      if (key < childKey || (key === childKey && order < this.#orders[child])) break
      this.#move(child, at)
      at = child
    }
    this.#put(at, key, order, item)
  }

  #before(a: number, b: number): boolean {
    const difference = this.#keys[a] - this.#keys[b]
    return difference === 0 ? this.#orders[a] < this.#orders[b] : difference < 0
  }

  #move(from: number, to: number): void {
    this.#keys[to] = this.#keys[from]
    this.#orders[to] = this.#orders[from]
    this.#items[to] = this.#items[from]
  }

  #put(at: number, key: number, order: number, item: T): void {
    this.#keys[at] = key
    this.#orders[at] = order
    this.#items[at] = item
  }
}
