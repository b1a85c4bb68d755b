// A disk as a fluid: one head, a rate each way, and a latency per order. It holds no bytes; it only
// says when an order is done, and it can be told to stall.

import type { Micros } from '../../src/core/base/machine.js'
import type { Scheduler } from './scheduler.js'

export interface DiskOptions {
  readonly readBps: number
  readonly writeBps: number
  readonly latencyMicros: Micros
}

export const FAST_DISK: DiskOptions = { readBps: 8e9, writeBps: 4e9, latencyMicros: 100 }

/** Orders that end within so long of the first are told together, as an event loop reaps them. */
const REAP_MICROS = 1_000

interface Order {
  readonly at: Micros
  readonly done: () => void
}

export class Disk {
  readonly #scheduler: Scheduler
  readonly #options: DiskOptions
  #orders: Order[] = []
  #freeAt: Micros = 0
  #waitingBytes = 0
  readBytes = 0
  writtenBytes = 0

  constructor(scheduler: Scheduler, options: DiskOptions) {
    this.#scheduler = scheduler
    this.#options = options
  }

  /** Bytes ordered to be written that are not yet. */
  get waitingBytes(): number {
    return this.#waitingBytes
  }

  read(bytes: number, done: () => void): void {
    this.readBytes += bytes
    this.#order(bytes, this.#options.readBps, done)
  }

  write(bytes: number, done: () => void): void {
    this.#waitingBytes += bytes
    this.#order(bytes, this.#options.writeBps, () => {
      this.#waitingBytes -= bytes
      this.writtenBytes += bytes
      done()
    })
  }

  /** Nothing is read or written for so long. */
  stall(micros: Micros): void {
    this.#freeAt = Math.max(this.#freeAt, this.#scheduler.now) + micros
  }

  #order(bytes: number, rateBps: number, done: () => void): void {
    this.#freeAt = Math.max(this.#freeAt, this.#scheduler.now) + (bytes * 8e6) / rateBps
    this.#orders.push({ at: this.#freeAt + this.#options.latencyMicros, done })
    if (this.#orders.length === 1) this.#reapLater()
  }

  #reapLater(): void {
    this.#scheduler.at(this.#orders[0].at + REAP_MICROS, () => {
      const { now } = this.#scheduler
      const orders = this.#orders
      const open = orders.findIndex(order => order.at > now)
      const ended = open < 0 ? orders : orders.slice(0, open)
      this.#orders = open < 0 ? [] : orders.slice(open)
      if (open >= 0) this.#reapLater()
      for (const { done } of ended) done()
    })
  }
}
