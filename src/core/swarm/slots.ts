// Serving: who gets the uplink next. Requests wait per peer; so many peers have a slot at a time, and
// those are served round-robin, one range each. While others wait a slot is had for a turn: then it goes
// to whoever waits longest, of an address that has the fewest. So who asks for ever, reads slowly or not at
// all, or comes under many names, costs others no more than his share. No tit-for-tat: a fleet
// cooperates. A transmitter that blasts gives repair only a small share of its rate, by a token bucket.

import { BLOCK_BYTES, LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'
import type { Range } from '../wire/message.js'
import { Allowance } from './allowance.js'
import { rangeKey } from './link.js'

/** Bytes on their way into one peer's socket before the next range is read for it. */
const SENDING_BYTES_MAX = 512 * 1024
/** Of a limited rate one answer takes so much at most: a longer range is answered in parts. */
const PART_SECONDS = 0.025
/** With a limited rate: more queued than this many seconds of it is answered "later". */
const QUEUE_SECONDS = 1

/** Who asks. */
export interface Asking {
  readonly peer: number
  readonly host: string
}

interface Queue extends Asking {
  /** By their last byte, so that one is found without a search, though some of it was given already. */
  readonly ranges: Map<number, Range>
  sendingBytes: number
  /** When its socket last took something, or was given something to take. */
  movedAt: Micros
  hasSlot: boolean
  /** When it got a slot and its turn began. */
  turnSince: Micros
  /** In the line of those who wait for a slot; the lowest comes first. */
  place: number
}

export interface Serve {
  readonly peer: number
  readonly range: Range
}

export class Slots {
  readonly #queues = new Map<number, Queue>()
  /** Those that have a slot, the next to be served first. */
  #served: Queue[] = []
  #lastPlace = 0
  #rateBps = Number.POSITIVE_INFINITY
  #creditBytes = 0
  #creditAt: Micros = 0
  #queuedBytes = 0
  /** What the operator allows in any case. */
  #allowance = new Allowance(Number.POSITIVE_INFINITY)
  /** The longest answer, in blocks. */
  #partBlocks = Number.POSITIVE_INFINITY
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
    const partBytes = (PART_SECONDS * allowance.rateBps) / 8
    this.#partBlocks = Math.max(1, Math.floor(partBytes / BLOCK_BYTES))
  }

  /** Queues a range; false when the queue is too long for the present limit. */
  ask({ peer, host }: Asking, range: Range, now: Micros): boolean {
    this.lastAskedAt = now
    let queue = this.#queues.get(peer)
    const waitingBps = (this.#queuedBytes * 8) / QUEUE_SECONDS
    if (waitingBps > this.#rateBps) return false
    // Of the operator's little everybody has some, however much those ask for who came first.
    if (waitingBps > this.#allowance.rateBps && queue && queue.ranges.size > 0) return false
    if (queue === undefined) {
      queue = {
        peer,
        host,
        ranges: new Map(),
        sendingBytes: 0,
        movedAt: now,
        hasSlot: false,
        turnSince: Number.NEGATIVE_INFINITY,
        place: ++this.#lastPlace,
      }
      this.#queues.set(peer, queue)
    }
    const key = endOf(range)
    if (queue.ranges.size >= 4 * LIMITS.requestRangesMax || queue.ranges.has(key)) return false
    // Who has got what he asked for makes room, but his turn goes on: what he asks next is on its way.
    if (!queue.hasSlot && isIdle(queue))
      if (isInTurn(queue, now)) this.#serve(queue)
      else queue.place = ++this.#lastPlace
    queue.ranges.set(key, range)
    this.#queuedBytes += range.lengthBytes
    return true
  }

  /** Takes back a queued range; returns what of it will not be served. */
  cancel(peer: number, range: Range): Range | undefined {
    const queue = this.#queues.get(peer)
    const queued = queue?.ranges.get(endOf(range))
    if (queue === undefined || queued === undefined) return undefined
    this.#queuedBytes -= queued.lengthBytes
    queue.ranges.delete(endOf(range))
    return queued
  }

  /** The socket took the bytes of a served range. */
  sent(peer: number, bytes: number, now: Micros): void {
    const queue = this.#queues.get(peer)
    if (queue === undefined) return
    queue.sendingBytes -= bytes
    queue.movedAt = now
  }

  drop(peer: number): void {
    const queue = this.#queues.get(peer)
    if (queue === undefined) return
    for (const range of queue.ranges.values()) this.#queuedBytes -= range.lengthBytes
    this.#queues.delete(peer)
    this.#served = this.#served.filter(other => other !== queue)
  }

  /** The next range to read and send, or `undefined`. */
  next(now: Micros): Serve | undefined {
    if (this.#queuedBytes === 0) return undefined
    this.#refill(now)
    if (this.#creditBytes < 0 || !this.#allowance.affords(now)) return undefined
    this.#takeSlots(now)
    this.#giveSlots(now)
    const at = this.#served.findIndex(isReady)
    if (at < 0) return undefined
    const [queue] = this.#served.splice(at, 1)
    this.#served.push(queue)
    const range = this.#takePart(queue)
    if (queue.sendingBytes === 0) queue.movedAt = now
    queue.sendingBytes += range.lengthBytes
    this.#queuedBytes -= range.lengthBytes
    if (this.#rateBps !== Number.POSITIVE_INFINITY) this.#creditBytes -= range.lengthBytes
    this.#allowance.spend(range.lengthBytes)
    this.servedBytes += range.lengthBytes
    return { peer: queue.peer, range }
  }

  /** What one answer gives of the queue's first range; the rest keeps its place. */
  #takePart({ ranges }: Queue): Range {
    const [[key, range]] = ranges
    const [part, rest] = divide(range, this.#partBlocks * BLOCK_BYTES)
    if (rest === undefined) ranges.delete(key)
    else ranges.set(key, rest)
    return part
  }

  /** From those that want nothing, or take nothing; and when others wait, from who had his turn. */
  #takeSlots(now: Micros): void {
    const isFull = this.#served.length >= LIMITS.uploadSlots
    const isOver = (queue: Queue): boolean =>
      isStalled(queue, now) || (isFull && !isInTurn(queue, now))
    const over = this.#served.filter(isOver)
    for (const queue of this.#served) queue.hasSlot = !isIdle(queue) && !over.includes(queue)
    this.#served = this.#served.filter(({ hasSlot }) => hasSlot)
    // They wait in the order in which they came, or always the same would come off badly.
    for (const queue of over.sort((a, b) => a.place - b.place)) {
      queue.turnSince = Number.NEGATIVE_INFINITY
      queue.place = ++this.#lastPlace
    }
  }

  #giveSlots(now: Micros): void {
    while (this.#served.length < LIMITS.uploadSlots) {
      const next = this.#nextInLine(now)
      if (next === undefined) return
      next.turnSince = now
      this.#serve(next)
    }
  }

  #serve(queue: Queue): void {
    queue.hasSlot = true
    this.#served.push(queue)
  }

  /** Of the address that has the fewest slots whoever waits longest. */
  #nextInLine(now: Micros): Queue | undefined {
    let next: Queue | undefined
    let fewest = Number.POSITIVE_INFINITY
    for (const queue of this.#queues.values()) {
      if (isIdle(queue) && !isInTurn(queue, now)) this.#queues.delete(queue.peer)
      if (queue.hasSlot || !isReady(queue) || isStalled(queue, now)) continue
      const slots = this.#served.filter(({ host }) => host === queue.host).length
      if (next && (slots > fewest || (slots === fewest && queue.place > next.place))) continue
      next = queue
      fewest = slots
    }
    return next
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

/** Unique for the last byte of a range. */
function endOf(range: Range): number {
  return rangeKey(range) + range.lengthBytes
}

/** So many whole blocks of it, and the rest, if any. */
function divide(range: Range, bytes: number): [Range, Range?] {
  const { block, offsetBytes, lengthBytes } = range
  if (offsetBytes > 0 || lengthBytes <= bytes) return [range]
  const rest = { block: block + bytes / BLOCK_BYTES, offsetBytes, lengthBytes: lengthBytes - bytes }
  return [{ block, offsetBytes, lengthBytes: bytes }, rest]
}

function isReady({ ranges, sendingBytes }: Queue): boolean {
  return ranges.size > 0 && sendingBytes < SENDING_BYTES_MAX
}

function isIdle({ ranges, sendingBytes }: Queue): boolean {
  return ranges.size === 0 && sendingBytes === 0
}

function isInTurn({ turnSince }: Queue, now: Micros): boolean {
  return now - turnSince < LIMITS.slotTurnMicros
}

/** It takes nothing of what was sent. */
function isStalled({ sendingBytes, movedAt }: Queue, now: Micros): boolean {
  return sendingBytes > 0 && now - movedAt >= LIMITS.slotStallMicros
}
