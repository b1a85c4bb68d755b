// A binary min-heap keyed by a number, stable: what was pushed first among equal keys comes out
// first. Stability is what makes a simulation repeatable, and a queue of deadlines fair. Keys, order
// and items live in parallel arrays, so that a million events cost no objects of their own.

import { assert } from './assert.js'

export class Heap<T> {
  readonly #keys: number[] = []
  readonly #orders: number[] = []
  readonly #items: T[] = []
  #pushed = 0

  get size(): number {
    return this.#items.length
  }

  /** The least key, or Infinity when the heap is empty. */
  get leastKey(): number {
    return this.#keys.length === 0 ? Number.POSITIVE_INFINITY : this.#keys[0]
  }

  /** The item that `pop` would give, or `undefined`. */
  get top(): T | undefined {
    return this.#items[0]
  }

  push(key: number, item: T): void {
    assert(!Number.isNaN(key), 'a heap key is a number')
    const order = this.#pushed++
    let at = this.#items.length
    this.#keys.push(key)
    this.#orders.push(order)
    this.#items.push(item)
    while (at > 0) {
      const parent = (at - 1) >> 1
      // The new one is the youngest, so an equal parent stays above it.
      if (this.#keys[parent] <= key) break
      this.#move(parent, at)
      at = parent
    }
    this.#put(at, key, order, item)
  }

  /** Takes the item with the least key, the oldest of equals; `undefined` when empty. */
  pop(): T | undefined {
    const top = this.#items[0]
    const key = this.#keys.pop()
    const order = this.#orders.pop()
    const item = this.#items.pop()
    if (key !== undefined && this.#items.length > 0) this.#sink(key, order as number, item as T)
    return top
  }

  clear(): void {
    this.#keys.length = 0
    this.#orders.length = 0
    this.#items.length = 0
  }

  /** Finds the place of an entry from the root down, where a hole is. */
  #sink(key: number, order: number, item: T): void {
    const size = this.#items.length
    let at = 0
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && this.#isBefore(child + 1, this.#keys[child], this.#orders[child]))
        child++
      if (!this.#isBefore(child, key, order)) break
      this.#move(child, at)
      at = child
    }
    this.#put(at, key, order, item)
  }

  #isBefore(at: number, key: number, order: number): boolean {
    return this.#keys[at] < key || (this.#keys[at] === key && this.#orders[at] < order)
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#keys[from], this.#orders[from], this.#items[from])
  }

  #put(at: number, key: number, order: number, item: T): void {
    this.#keys[at] = key
    this.#orders[at] = order
    this.#items[at] = item
  }
}
