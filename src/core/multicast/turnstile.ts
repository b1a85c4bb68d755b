// How many announcements of one source are looked at: parsing costs more than sending, so a flood of
// them would take the time that the blast needs. Sources beyond a few share what is left.

import { LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'

const EVERY_MICROS = 1_000_000
const SOURCES = 64

export class Turnstile {
  readonly #passed = new Map<string, number>()
  #since: Micros = Number.NEGATIVE_INFINITY

  /** True while the source, within a second, has not sent more than anybody honest would. */
  admits(source: string, now: Micros): boolean {
    if (now - this.#since >= EVERY_MICROS) {
      this.#since = now
      this.#passed.clear()
    }
    const key = this.#passed.has(source) || this.#passed.size < SOURCES ? source : ''
    const passed = (this.#passed.get(key) ?? 0) + 1
    this.#passed.set(key, passed)
    return passed <= LIMITS.announcementsPerSecond
  }
}
