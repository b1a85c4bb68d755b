// Loss on the last metre of a host: random, and in windows of time in which everything is lost. The
// random one draws the gap to the next loss instead of a number per datagram, so a run of datagrams
// costs as many draws as it has losses. Bursts take several in a row (Gilbert's model): the gaps are as
// much longer, so that the fraction stays.

import { assert } from '../../src/core/base/assert.js'
import type { Micros } from '../../src/core/base/machine.js'
import type { Prng } from '../../src/core/base/prng.js'
import type { Pieces } from './link.js'

export interface Blackout {
  readonly from: Micros
  readonly to: Micros
  /** `udp` spares connections; `all` does not. */
  readonly of: 'udp' | 'all'
}

export class Loss {
  /** Fraction of incoming datagrams that is lost. */
  readonly udp: number
  /** Fraction of incoming TCP segments that is lost. */
  readonly tcp: number
  readonly #prng: Prng | undefined
  readonly #burst: number
  readonly #blackouts: Blackout[] = []
  /** Datagrams that still come through before the next loss, and that are lost then. */
  #spared: number
  #doomed: number
  lostDatagrams = 0

  /** `burst`: how many are lost in a row on average. What loses nothing needs no luck. */
  constructor(udp: number, tcp: number, prng?: Prng, burst = 1) {
    assert(prng !== undefined || udp === 0, 'loss needs luck')
    assert(burst >= 1, 'a loss takes one datagram at least')
    this.udp = udp
    this.tcp = tcp
    this.#prng = prng
    this.#burst = burst
    this.#spared = this.#gap()
    this.#doomed = this.#length()
  }

  blackout(window: Blackout): void {
    this.#blackouts.push(window)
  }

  /** True when nothing of that kind comes through now. */
  dark(of: 'udp' | 'tcp', now: Micros): boolean {
    for (const { from, to, of: what } of this.#blackouts)
      if (now >= from && now < to && (what === 'all' || of === 'udp')) return true
    return false
  }

  /** Takes out of `pieces` what gets lost; what is left comes back. */
  thin(pieces: Pieces, now: Micros): Pieces {
    if (this.dark('udp', now)) {
      for (let i = 0; i < pieces.length; i += 2) this.lostDatagrams += pieces[i + 1] - pieces[i]
      return []
    }
    if (this.udp === 0) return pieces
    const left: number[] = []
    for (let i = 0; i < pieces.length; i += 2) {
      let from = pieces[i]
      const to = pieces[i + 1]
      while (this.#spared < to - from) {
        const lost = from + this.#spared
        if (lost > from) left.push(from, lost)
        const dies = Math.min(this.#doomed, to - lost)
        this.lostDatagrams += dies
        from = lost + dies
        this.#doomed -= dies
        this.#spared = 0
        if (this.#doomed > 0) break
        this.#spared = this.#gap()
        this.#doomed = this.#length()
      }
      if (from < to) this.#spared -= to - from
      if (to > from) left.push(from, to)
    }
    return left
  }

  /** How many come through before a loss: geometric, with the mean that makes the fraction right. */
  #gap(): number {
    if (this.udp <= 0) return Number.POSITIVE_INFINITY
    if (this.udp >= 1) return 0
    if (this.#burst === 1) return this.#geometric(this.udp)
    // After a burst one comes through in any case: two bursts in a row were one.
    const mean = (this.#burst * (1 - this.udp)) / this.udp
    return mean <= 1 ? 1 : 1 + this.#geometric(1 / mean)
  }

  #length(): number {
    return this.#burst === 1 ? 1 : 1 + this.#geometric(1 / this.#burst)
  }

  /** By inversion: how many trials of that chance fail before one succeeds. */
  #geometric(chance: number): number {
    return Math.floor(Math.log(1 - this.#prng!.unit()) / Math.log(1 - chance))
  }
}
