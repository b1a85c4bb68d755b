// When a bench's datagrams leave: on an absolute schedule, so that a late wake-up is made up for, until
// a time is over or an amount is sent. Without a rate, whenever there is room.

import type { Micros } from '../base/machine.js'
import { Pacer } from '../rate/pacer.js'

export interface Run {
  /** Infinite: as fast as it goes. */
  readonly rateBps: number
  /** Of one datagram's payload, as iperf counts. */
  readonly lengthBytes: number
  /** It ends after so long, */
  readonly micros: Micros
  /** or after so many, whatever comes first. */
  readonly datagrams: number
}

export class Schedule {
  readonly #run: Run
  readonly #pacer: Pacer | undefined
  readonly startedAt: Micros
  #sent = 0

  constructor(run: Run, now: Micros) {
    this.#run = run
    this.startedAt = now
    if (run.rateBps < Infinity) this.#pacer = new Pacer(run.rateBps, now)
  }

  /** Datagrams of this run so far; also the number of the next one. */
  get sent(): number {
    return this.#sent
  }

  isOver(now: Micros): boolean {
    return this.#sent >= this.#run.datagrams || now - this.startedAt >= this.#run.micros
  }

  /** How many are due; after a wake-up that came `lateMicros` late, more at a time. */
  due(now: Micros, lateMicros: number): number {
    if (this.isOver(now)) return 0
    const left = this.#run.datagrams - this.#sent
    if (this.#pacer === undefined) return left
    const { lengthBytes } = this.#run
    const bytes = this.#pacer.batchBytes(now, lengthBytes, lateMicros)
    return Math.min(left, Math.max(0, Math.floor(bytes / lengthBytes)))
  }

  spend(datagrams: number): void {
    this.#sent += datagrams
    this.#pacer?.spend(datagrams * this.#run.lengthBytes)
  }

  /** When the next one is due, or the run over. */
  deadline(now: Micros): Micros {
    if (this.#pacer === undefined) return now
    const end = this.startedAt + this.#run.micros
    return Math.min(end, this.#pacer.deadline(now, this.#run.lengthBytes))
  }
}
