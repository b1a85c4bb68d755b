// Everybody on one machine, as in a lab of namespaces: the sender and its receivers take turns on a few
// cores, so whoever sends more than they take together starves them. Fresh code is slow until it is
// compiled, and now and then a process stops to collect its garbage.

import type { Prng } from '../../../src/core/base/prng.js'

export interface MachineSpec {
  readonly cores: number
  /** CPU time per datagram, the kernel's part included: of the sender, which also carries it, and of a receiver. */
  readonly sendMicros: number
  readonly takeMicros: number
}

const STEP_MICROS = 1000
/** How long a process runs before another gets the core. */
const SLICE_MICROS = 4000
/** So much slower is code that has not run for so long yet. */
const COLD_FACTOR = 4
const WARM_MICROS = 300_000
/** Once in so many ms of a process, for up to so long. */
const GARBAGE_EVERY = 150
const GARBAGE_MILLIS = 40

class Process {
  usedMicros = 0
  /** What is left of its slice. */
  sliceMicros = 0
  garbageMillis = 0
}

export class Machine {
  readonly #processes: Process[]

  constructor(
    readonly spec: MachineSpec,
    count: number,
    readonly luck: Prng,
  ) {
    this.#processes = Array.from({ length: count }, () => new Process())
  }

  /** Who may run in this ms, given who wants to, and how many datagrams each could handle in it. */
  step(wanting: readonly boolean[]): number[] {
    const { spec, luck } = this
    const runnable = this.#processes.map((process, i) => wanting[i] || process.garbageMillis > 0)
    const order = this.#processes.map((_, i) => i).filter(i => runnable[i])
    // Whoever is within a slice goes on; then the one that has had least.
    order.sort((a, b) => this.#turn(a) - this.#turn(b))
    const least = Math.min(...order.map(i => this.#processes[i].usedMicros))
    const running = new Set(order.slice(0, spec.cores))
    return this.#processes.map((process, i) => {
      // Who slept is not owed the time.
      if (!runnable[i] && Number.isFinite(least))
        process.usedMicros = Math.max(process.usedMicros, least)
      if (!running.has(i)) return 0
      process.usedMicros += STEP_MICROS
      process.sliceMicros =
        (process.sliceMicros > 0 ? process.sliceMicros : SLICE_MICROS) - STEP_MICROS
      if (process.garbageMillis > 0) {
        process.garbageMillis--
        return 0
      }
      if (luck.below(GARBAGE_EVERY) === 0) process.garbageMillis = luck.below(GARBAGE_MILLIS)
      const cold = process.usedMicros < WARM_MICROS ? COLD_FACTOR : 1
      return STEP_MICROS / cold / (i === 0 ? spec.sendMicros : spec.takeMicros)
    })
  }

  #turn(i: number): number {
    const { sliceMicros, usedMicros } = this.#processes[i]
    return usedMicros - (sliceMicros > 0 ? 1e9 : 0)
  }
}
