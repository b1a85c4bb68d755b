// Receivers' processors were the limit, not the line. They are shared with other work, which ends, so
// the way back to what the line carried is tried sooner and in longer steps than on a line that is
// full: their sockets hold what is too much for a moment. Whoever is that slow for good is asked more
// and more seldom.

import type { Micros } from '../base/machine.js'
import { TUNING } from './tuning.js'

export class Relief {
  /** What the path carried before; infinite while no other limit was met yet; 0: nothing to regain. */
  #beforeBps = 0
  #waitMicros: Micros = TUNING.reliefMicros

  /** The path is full, of receivers that lag or of something else; it carried `beforeBps` before. */
  onFull(lagging: boolean, beforeBps: number): void {
    if (!lagging) return this.end()
    if (this.isAwaited) this.#waitMicros = Math.min(TUNING.reliefMostMicros, 2 * this.#waitMicros)
    this.#beforeBps = Math.max(this.#beforeBps, beforeBps)
  }

  /** A longer step was carried: the processors are free again. */
  onCarried(pathBps: number): void {
    this.#waitMicros = TUNING.reliefMicros
    if (pathBps >= this.#beforeBps * (1 - TUNING.stepMin)) this.end()
  }

  /** Nothing is to be regained. */
  end(): void {
    this.#beforeBps = 0
    this.#waitMicros = TUNING.reliefMicros
  }

  get isAwaited(): boolean {
    return this.#beforeBps > 0
  }

  /** How long the rate holds before the next step up. */
  hold(micros: Micros): Micros {
    return this.isAwaited ? Math.min(micros, this.#waitMicros) : micros
  }

  /** The step from `pathBps`, at least `step`. */
  step(pathBps: number, step: number): number {
    if (!this.isAwaited) return step
    const whole = this.#beforeBps / pathBps - 1
    return Math.max(step, Math.min(TUNING.stepRelief, whole))
  }
}
