// Virtual time. Nothing here knows a wall clock: time jumps from one event to the next, so a second
// of a thousand hosts takes as long as their work, and a seed replays exactly. What happens at one
// time stands in one list, in the order it was planned: a run of datagrams comes to a thousand hosts
// in the same microsecond, and that should cost one step of the heap.

import { Heap } from '../../src/core/base/heap.js'
import type { Micros } from '../../src/core/base/machine.js'

type Event = () => void

export class Scheduler {
  readonly #heap = new Heap<Event[]>()
  readonly #lists = new Map<Micros, Event[]>()
  #soon: Event[] = []
  /** How many of the events of the least time have run. */
  #done = 0
  #now: Micros = 0
  #planned = 0
  /** Events run so far. */
  events = 0

  get now(): Micros {
    return this.#now
  }

  get pending(): number {
    return this.#planned - this.events
  }

  /** Runs `event` at `time` (whole microseconds, rounded up), at the earliest after this event. */
  at(time: Micros, event: Event): void {
    const at = Math.max(this.#now, Math.ceil(time))
    this.#planned++
    const list = this.#lists.get(at)
    if (list !== undefined) {
      list.push(event)
      return
    }
    const first = [event]
    this.#lists.set(at, first)
    this.#heap.push(at, first)
  }

  after(micros: Micros, event: Event): void {
    this.at(this.#now + micros, event)
  }

  /** Runs `event` behind the one that runs now, before the next: the end of its host's turn. */
  soon(event: Event): void {
    this.#soon.push(event)
  }

  #endTurn(): void {
    while (this.#soon.length > 0) for (const event of this.#soon.splice(0)) event()
  }

  /**
   * Runs events in order of time up to `until`, or until `done` says so after an event; then true.
   * False when time is over or nothing is left to happen. Without `done` the clock ends at `until`.
   */
  run(until: Micros = Number.POSITIVE_INFINITY, done?: () => boolean): boolean {
    if (done?.()) return true
    this.#endTurn()
    while (this.#heap.leastKey <= until && this.#heap.size > 0) {
      const list = this.#heap.top!
      if (this.#done === list.length) {
        this.#lists.delete(this.#heap.leastKey)
        this.#heap.pop()
        this.#done = 0
        continue
      }
      this.#now = this.#heap.leastKey
      this.events++
      list[this.#done++]()
      this.#endTurn()
      if (done?.()) return true
    }
    if (until !== Number.POSITIVE_INFINITY) this.#now = Math.max(this.#now, until)
    return false
  }
}
