// So many bits a second, and not more: a bucket that fills at that rate and may run into debt by one
// range, which the next ones wait for. Payload travels in packets, whose headers the line carries as
// well, and beside it goes what peers tell each other. Both are charged by half, so that neither payload
// nor line is further than 3 % from the limit.

import type { Micros } from '../base/machine.js'

/** What a packet of TCP carries at most, and with it the headers of TCP, IP and Ethernet. */
const SEGMENT_BYTES = 1448
const HEADER_BYTES = 66
/** Unused, so much is kept, more than two ticks of whoever spends it; nor is more owed for what was told. */
const KEPT_SECONDS = 0.15

export class Bucket {
  readonly rateBps: number
  readonly #bytesPerMicro: number
  #creditBytes = 0
  /** What was told and is not paid yet. */
  #toldBytes = 0
  #at: Micros | undefined

  /** Infinity: no limit. */
  constructor(rateBps: number) {
    this.rateBps = rateBps
    this.#bytesPerMicro = rateBps / 8e6
  }

  /** Something may be spent now. */
  affords(now: Micros): boolean {
    if (this.#bytesPerMicro === Number.POSITIVE_INFINITY) return true
    const earned = (now - (this.#at ?? now)) * this.#bytesPerMicro
    this.#at = now
    const most = this.#bytesPerMicro * KEPT_SECONDS * 1e6
    // However much there is to tell, half of the rate is left for payload.
    const told = Math.min(this.#toldBytes, earned / 2)
    this.#toldBytes = Math.min(this.#toldBytes - told, most)
    this.#creditBytes = Math.min(most, this.#creditBytes + earned - told)
    return this.#creditBytes >= 0
  }

  /** Spends so much payload, or with a negative number gives it back. */
  spend(bytes: number): void {
    this.#creditBytes -= bytes + (Math.sign(bytes) * headersOf(Math.abs(bytes))) / 2
  }

  /** A message that is no payload went, too. */
  told(bytes: number): void {
    this.#toldBytes += (bytes + headersOf(bytes)) / 2
  }

  /** When a debt is paid; Infinity without a debt. */
  get dueAt(): Micros {
    if (this.#creditBytes >= 0 || this.#at === undefined) return Number.POSITIVE_INFINITY
    return this.#at + Math.ceil(-this.#creditBytes / this.#bytesPerMicro)
  }
}

function headersOf(bytes: number): number {
  return Math.ceil(bytes / SEGMENT_BYTES) * HEADER_BYTES
}
