// How busy the processors are: this process with its threads, and all of the machine, as other
// processes may be what ours waits for.

import { cpus } from 'node:os'

export class Busyness {
  #at = performance.now()
  #own = process.cpuUsage()
  #machine = machineMillis()

  /** Since the last call, 0…1: how much of one processor this process took, or all of all. */
  share(): number {
    const at = performance.now()
    const own = process.cpuUsage()
    const machine = machineMillis()
    const ownMillis = (own.user + own.system - this.#own.user - this.#own.system) / 1000
    const all = machine.all - this.#machine.all
    const ownShare = ownMillis / Math.max(1, at - this.#at)
    const machineShare = all > 0 ? (machine.busy - this.#machine.busy) / all : 0
    this.#at = at
    this.#own = own
    this.#machine = machine
    return Math.min(1, Math.max(ownShare, machineShare))
  }
}

/** Of all processors together, since the machine started. */
function machineMillis(): { busy: number; all: number } {
  let idle = 0
  let all = 0
  for (const { times } of cpus()) {
    idle += times.idle
    all += times.user + times.nice + times.sys + times.idle + times.irq
  }
  return { busy: all - idle, all }
}
