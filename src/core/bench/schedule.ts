// When a bench's datagrams leave: on an absolute schedule, so that a late wake-up is made up for, as
// iperf does, until a time is over or an amount is sent. Without a rate, whenever there is room.

import type { Micros } from '../base/machine.js'

/** Who slept for longer does not flood the line with all of it. */
const CATCH_UP_MICROS = 500_000

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
  /** From one datagram to the next; 0 without a rate. */
  readonly #everyMicros: number
  readonly startedAt: Micros
  /** When number 0 was due, as if nothing had ever been given up. */
  #origin: Micros
  #sent = 0

  constructor(run: Run, now: Micros) {
    this.#run = run
    this.#everyMicros = (8e6 * run.lengthBytes) / run.rateBps
    this.startedAt = now
    this.#origin = now
  }

  /** Datagrams of this run so far; also the number of the next one. */
  get sent(): number {
    return this.#sent
  }

  isOver(now: Micros): boolean {
    return this.#sent >= this.#run.datagrams || now >= this.#end
  }

  /** How many are due. */
  due(now: Micros): number {
    if (this.isOver(now)) return 0
    const left = this.#run.datagrams - this.#sent
    if (this.#everyMicros === 0) return left
    const behind = now - this.#nextAt - CATCH_UP_MICROS
    if (behind > 0) this.#origin += behind
    const due = Math.floor((now - this.#nextAt) / this.#everyMicros) + 1
    return Math.min(left, Math.max(0, due))
  }

  spend(datagrams: number): void {
    this.#sent += datagrams
  }

  /** When the next one is due, or the run over. */
  get deadline(): Micros {
    return Math.min(this.#end, Math.ceil(this.#nextAt))
  }

  get #nextAt(): Micros {
    return this.#origin + this.#sent * this.#everyMicros
  }

  get #end(): Micros {
    return this.startedAt + this.#run.micros
  }
}
