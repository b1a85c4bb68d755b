// Rates of counters between two looks at them, for people: what happened lately, not on average.

export class Meter {
  readonly #last = new Map<string, { value: number; at: number }>()

  /** Bits per second of a byte counter since the last call under this name; `at` in ms. */
  rateBps(name: string, bytes: number, at: number): number {
    const last = this.#last.get(name)
    this.#last.set(name, { value: bytes, at })
    if (last === undefined || at <= last.at) return 0
    return Math.max(0, ((bytes - last.value) * 8000) / (at - last.at))
  }

  /** How much a counter grew since the last call under this name. */
  delta(name: string, value: number): number {
    const last = this.#last.get(name)?.value ?? 0
    this.#last.set(name, { value, at: 0 })
    return value - last
  }
}
