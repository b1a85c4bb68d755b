// Serving: who gets the uplink next. Requests wait per peer; up to eight peers are served at a time,
// round-robin, one range each in turn; who does not read loses its place to who does. No tit-for-tat: a fleet cooperates. A transmitter that blasts
// gives repair only a small share of its rate, by a token bucket.

import { LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'
import type { Range } from '../wire/message.js'
import { Allowance } from './allowance.js'
import { rangeKey } from './link.js'

/** Bytes on their way into one peer's socket before the next range is read for it. */
const SENDING_BYTES_MAX = 512 * 1024
/** With a limited rate: more queued than this many seconds of it is answered "later". */
const QUEUE_SECONDS = 1

interface Queue {
  /** By their first byte, so that one is taken back without a search. */
  readonly ranges: Map<number, Range>
  sendingBytes: number
  /** When its socket last took something, or was given something to take. */
  movedAt: Micros
}

export interface Serve {
  readonly peer: number
  readonly range: Range
}

export class Slots {
  readonly #queues = new Map<number, Queue>()
  #order: number[] = []
  #rateBps = Number.POSITIVE_INFINITY
  #creditBytes = 0
  #creditAt: Micros = 0
  #queuedBytes = 0
  /** What the operator allows in any case. */
  #allowance = new Allowance(Number.POSITIVE_INFINITY)
  servedBytes = 0
  lastAskedAt: Micros = Number.NEGATIVE_INFINITY

  /** Limits what is served, bits per second; Infinity lifts the limit. */
  limit(rateBps: number, now: Micros): void {
    this.#refill(now)
    if (this.#rateBps === Number.POSITIVE_INFINITY) this.#creditBytes = 0
    this.#rateBps = rateBps
  }

  /** Never more than this allows. */
  cap(allowance: Allowance): void {
    this.#allowance = allowance
  }

  get capBps(): number {
    return this.#allowance.rateBps
  }

  /** Queues a range; false when the queue is too long for the present limit. */
  ask(peer: number, range: Range, now: Micros): boolean {
    this.lastAskedAt = now
    const mostBps = Math.min(this.#rateBps, this.capBps)
    if ((this.#queuedBytes * 8) / QUEUE_SECONDS > mostBps) return false
    let queue = this.#queues.get(peer)
    if (queue === undefined) {
      queue = { ranges: new Map(), sendingBytes: 0, movedAt: now }
      this.#queues.set(peer, queue)
      this.#order.push(peer)
    }
    const key = rangeKey(range)
    if (queue.ranges.size >= 4 * LIMITS.requestRangesMax || queue.ranges.has(key)) return false
    queue.ranges.set(key, range)
    this.#queuedBytes += range.lengthBytes
    return true
  }

  /** Takes back a queued range; true when it had not been served yet. */
  cancel(peer: number, range: Range): boolean {
    const queue = this.#queues.get(peer)
    const queued = queue?.ranges.get(rangeKey(range))
    if (queue === undefined || queued === undefined) return false
    this.#queuedBytes -= queued.lengthBytes
    return queue.ranges.delete(rangeKey(range))
  }

  /** The socket took the bytes of a served range. */
  sent(peer: number, bytes: number, now: Micros): void {
    const queue = this.#queues.get(peer)
    if (queue === undefined) return
    queue.sendingBytes -= bytes
    queue.movedAt = now
  }

  drop(peer: number): void {
    for (const range of this.#queues.get(peer)?.ranges.values() ?? [])
      this.#queuedBytes -= range.lengthBytes
    this.#queues.delete(peer)
    this.#order = this.#order.filter(other => other !== peer)
  }

  /** The next range to read and send, or `undefined`. */
  next(now: Micros): Serve | undefined {
    if (this.#queuedBytes === 0) return undefined
    this.#refill(now)
    if (this.#creditBytes < 0 || !this.#allowance.affords(now)) return undefined
    let active = 0
    for (const queue of this.#queues.values())
      if (queue.sendingBytes > 0 && now - queue.movedAt < LIMITS.slotStallMicros) active++
    for (let i = 0; i < this.#order.length; i++) {
      const peer = this.#order.shift()!
      this.#order.push(peer)
      const queue = this.#queues.get(peer)!
      if (queue.ranges.size === 0 || queue.sendingBytes >= SENDING_BYTES_MAX) continue
      if (queue.sendingBytes === 0 && active >= LIMITS.uploadSlots) continue
      const [[key, range]] = queue.ranges
      queue.ranges.delete(key)
      if (queue.sendingBytes === 0) queue.movedAt = now
      queue.sendingBytes += range.lengthBytes
      this.#queuedBytes -= range.lengthBytes
      if (this.#rateBps !== Number.POSITIVE_INFINITY) this.#creditBytes -= range.lengthBytes
      this.#allowance.spend(range.lengthBytes)
      this.servedBytes += range.lengthBytes
      return { peer, range }
    }
    return undefined
  }

  /** When a limited queue may go on; sockets wake the rest. */
  get deadline(): Micros {
    if (this.#queuedBytes === 0) return Number.POSITIVE_INFINITY
    if (this.#creditBytes >= 0) return this.#allowance.dueAt
    return this.#creditAt + Math.ceil((-this.#creditBytes * 8e6) / this.#rateBps)
  }

  #refill(now: Micros): void {
    if (this.#rateBps === Number.POSITIVE_INFINITY) {
      this.#creditBytes = 0
      this.#creditAt = now
      return
    }
    const earned = ((now - this.#creditAt) * this.#rateBps) / 8e6
    const cap = (0.1 * this.#rateBps) / 8
    this.#creditBytes = Math.min(cap, this.#creditBytes + Math.max(0, earned))
    this.#creditAt = now
  }
}
