// The one loop: feeds a machine, drains it dry, sleeps until its deadline. Inputs that arrive while
// it is being drained wait their turn, so a machine is never re-entered; they go in together, because
// to drain a machine costs more than to feed it.

import type { Machine, Micros } from '../core/base/machine.js'

/** Node's timers hold no more, and fire at once when they are told to; who waits longer looks again. */
export const TIMER_MILLIS_MAX = 2 ** 31 - 1

/** Monotonic microseconds. */
export function nowMicros(): Micros {
  return Math.floor(performance.now() * 1000)
}

export class Drive<In, Out> {
  readonly #machine: Machine<In, Out>
  readonly #act: (out: Out) => void
  readonly #beforeWaking: () => void
  #waiting: In[] = []
  #busy = false
  #stopped = false
  #timer: NodeJS.Timeout | undefined
  #timerAt: Micros = Number.POSITIVE_INFINITY

  /**
   * `act` carries out one output; what it learns comes back by `feed`. `beforeWaking` hands over
   * what waits outside, so that a machine that wakes up late does not judge by old news.
   */
  constructor(
    machine: Machine<In, Out>,
    act: (out: Out) => void,
    beforeWaking: () => void = () => {},
  ) {
    this.#machine = machine
    this.#act = act
    this.#beforeWaking = beforeWaking
  }

  feed(input: In): void {
    if (this.#stopped) return
    this.#waiting.push(input)
    if (!this.#busy) this.run()
  }

  /** Drains the machine, after somebody pulled from it or fed it directly. */
  run(): void {
    if (this.#busy || this.#stopped) return
    this.#busy = true
    try {
      do {
        const now = nowMicros()
        const inputs = this.#waiting
        this.#waiting = []
        for (const input of inputs) this.#machine.handle(input, now)
        for (let out = this.#poll(now); out !== undefined; out = this.#poll(now)) this.#act(out)
      } while (this.#waiting.length > 0)
    } finally {
      this.#busy = false
    }
    this.#sleep()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  #poll(now: Micros): Out | undefined {
    return this.#stopped ? undefined : this.#machine.poll(now)
  }

  #sleep(): void {
    const at = this.#machine.deadline
    if (this.#stopped || at === this.#timerAt) return
    clearTimeout(this.#timer)
    this.#timerAt = at
    if (at === Number.POSITIVE_INFINITY) return
    const millis = Math.max(1, Math.ceil((at - nowMicros()) / 1000))
    this.#timer = setTimeout(
      () => {
        this.#timerAt = Number.POSITIVE_INFINITY
        this.#beforeWaking()
        this.run()
      },
      Math.min(TIMER_MILLIS_MAX, millis),
    )
  }
}
