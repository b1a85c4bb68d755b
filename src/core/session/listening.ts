// What is left to do over time for a receiver on a one-way link: to listen. It can ask nobody, so when
// nothing comes it joins the group anew, as a switch may have forgotten it, and says so once.

import { LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'
import type { Stream } from '../multicast/stream.js'

export class Listening {
  #lookedAt: Micros
  #isTold = false

  constructor(now: Micros) {
    this.#lookedAt = now
  }

  /** True when the group should be joined anew. */
  look(streams: Iterable<Stream>, now: Micros): boolean {
    let heardAt = Number.NEGATIVE_INFINITY
    for (const stream of streams) {
      heardAt = Math.max(heardAt, stream.heardAt)
      stream.passed(now, () => {}) // what the blast has passed comes again with the next pass
    }
    if (now - heardAt < LIMITS.silenceRejoinMicros) this.#isTold = false
    if (now - Math.max(heardAt, this.#lookedAt) < LIMITS.rejoinEveryMicros) return false
    this.#lookedAt = now
    return true
  }

  /** What the operator should know, once in each silence. */
  news(missingBytes: number): { code: string; message: string; hint: string } | undefined {
    if (this.#isTold) return undefined
    this.#isTold = true
    const seconds = LIMITS.rejoinEveryMicros / 1e6
    return {
      code: 'silent',
      message: `nothing was heard for ${seconds} s, ${missingBytes} bytes are missing; still listening`,
      hint: 'see that the sender runs with --carousel, and check the cable, the switch and --interface',
    }
  }
}
