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

export class Disk {
  readonly #scheduler: Scheduler
  readonly #options: DiskOptions
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
    this.#scheduler.at(this.#order(bytes, this.#options.readBps), done)
  }

  write(bytes: number, done: () => void): void {
    this.#waitingBytes += bytes
    this.#scheduler.at(this.#order(bytes, this.#options.writeBps), () => {
      this.#waitingBytes -= bytes
      this.writtenBytes += bytes
      done()
    })
  }

  /** Nothing is read or written for so long. */
  stall(micros: Micros): void {
    this.#freeAt = Math.max(this.#freeAt, this.#scheduler.now) + micros
  }

  #order(bytes: number, rateBps: number): Micros {
    this.#freeAt = Math.max(this.#freeAt, this.#scheduler.now) + (bytes * 8e6) / rateBps
    return this.#freeAt + this.#options.latencyMicros
  }
}
