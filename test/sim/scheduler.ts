// Virtual time. Nothing here knows a wall clock: time jumps from one event to the next, so a second
// of a thousand hosts takes as long as their work, and a seed replays exactly.

import { Heap } from '../../src/core/base/heap.js'
import type { Micros } from '../../src/core/base/machine.js'

export class Scheduler {
  readonly #heap = new Heap<() => void>()
  #now: Micros = 0
  /** Events run so far. */
  events = 0

  get now(): Micros {
    return this.#now
  }

  get pending(): number {
    return this.#heap.size
  }

  /** Runs `event` at `time` (whole microseconds, rounded up), at the earliest after this event. */
  at(time: Micros, event: () => void): void {
    this.#heap.push(Math.max(this.#now, Math.ceil(time)), event)
  }

  after(micros: Micros, event: () => void): void {
    this.at(this.#now + micros, event)
  }

  /**
   * Runs events in order of time up to `until`, or until `done` says so after an event; then true.
   * False when time is over or nothing is left to happen. Without `done` the clock ends at `until`.
   */
  run(until: Micros = Number.POSITIVE_INFINITY, done?: () => boolean): boolean {
    if (done?.()) return true
    while (this.#heap.leastKey <= until && this.#heap.size > 0) {
      this.#now = this.#heap.leastKey
      this.events++
      this.#heap.pop()!()
      if (done?.()) return true
    }
    if (until !== Number.POSITIVE_INFINITY) this.#now = Math.max(this.#now, until)
    return false
  }
}
