// Whose turn it is. Lines wait by the address that they come from, and each address has a few
// answered before it is another's turn, and so many a second in all: whoever floods the manager waits
// for himself, and the others hardly notice.

import { LIMITS } from '../../core/base/limits.js'

/** Answers one line; how many it counts for. */
type Answer = () => number

interface Queue {
  readonly waiting: Answer[]
  /** Of `waiting`, those that are done. */
  done: number
  credit: number
  creditAt: number
}

const SHORT_OF_CREDIT_MILLIS = 5
const TIDY_EVERY_MILLIS = 10_000

export class Turns {
  readonly #queues = new Map<string, Queue>()
  /** Those that have something waiting. */
  readonly #busy = new Set<Queue>()
  #isDue = false
  readonly #tidy = setInterval(() => this.#forgetIdle(), TIDY_EVERY_MILLIS)

  /** Calls `answer` when it is this address's turn; false when too many of its lines wait. */
  add(host: string, answer: Answer): boolean {
    const burst = LIMITS.managerLinesBurst
    const queue = this.#queues.get(host) ?? { waiting: [], done: 0, credit: burst, creditAt: 0 }
    this.#queues.set(host, queue)
    if (queue.waiting.length >= LIMITS.managerLinesWaitingPerAddress) return false
    queue.waiting.push(answer)
    this.#busy.add(queue)
    this.#soon()
    return true
  }

  close(): void {
    clearInterval(this.#tidy)
    this.#queues.clear()
    this.#busy.clear()
  }

  #soon(): void {
    if (this.#isDue) return
    this.#isDue = true
    setImmediate(() => this.#turn())
  }

  #turn(): void {
    this.#isDue = false
    const now = performance.now()
    let hasMore = false
    for (const queue of this.#busy) {
      refill(queue, now)
      const most = Math.min(LIMITS.managerLinesPerTurn, Math.floor(queue.credit))
      for (let i = 0; i < most && queue.done < queue.waiting.length; i++)
        queue.credit -= queue.waiting[queue.done++]()
      if (queue.done === queue.waiting.length) {
        queue.waiting.length = queue.done = 0
        this.#busy.delete(queue)
      } else if (queue.credit >= 1) hasMore = true
    }
    if (hasMore) this.#soon()
    else if (this.#busy.size > 0) setTimeout(() => this.#soon(), SHORT_OF_CREDIT_MILLIS)
  }

  #forgetIdle(): void {
    const now = performance.now()
    for (const [host, queue] of this.#queues) {
      refill(queue, now)
      if (queue.waiting.length === 0 && queue.credit === LIMITS.managerLinesBurst)
        this.#queues.delete(host)
    }
  }
}

function refill(queue: Queue, now: number): void {
  const earned = ((now - queue.creditAt) / 1000) * LIMITS.managerLinesPerSecond
  queue.credit = Math.min(LIMITS.managerLinesBurst, queue.credit + earned)
  queue.creditAt = now
}
