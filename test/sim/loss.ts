// Loss on the last metre of a host: random, and in windows of time in which everything is lost. The
// random one draws the gap to the next loss instead of a number per datagram, so a run of datagrams
// costs as many draws as it has losses.

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
  readonly #prng: Prng
  readonly #blackouts: Blackout[] = []
  /** Datagrams that still come through before the next loss. */
  #spared: number
  lostDatagrams = 0

  constructor(udp: number, tcp: number, prng: Prng) {
    this.udp = udp
    this.tcp = tcp
    this.#prng = prng
    this.#spared = this.#gap()
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
    const left: Pieces = []
    for (let i = 0; i < pieces.length; i += 2) {
      let from = pieces[i]
      const to = pieces[i + 1]
      while (this.#spared < to - from) {
        const lost = from + this.#spared
        if (lost > from) left.push(from, lost)
        this.lostDatagrams++
        from = lost + 1
        this.#spared = this.#gap()
      }
      this.#spared -= to - from
      if (to > from) left.push(from, to)
    }
    return left
  }

  /** Geometric by inversion: how many trials of chance `udp` fail before one succeeds. */
  #gap(): number {
    if (this.udp <= 0) return Number.POSITIVE_INFINITY
    if (this.udp >= 1) return 0
    return Math.floor(Math.log(1 - this.#prng.unit()) / Math.log(1 - this.udp))
  }
}
