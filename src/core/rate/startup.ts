// The first seconds: twice the rate in every round until the path is full. Neither the first lost
// datagram nor a steady share of lost ones ends it (a path may lose some always), only evidence
// that what arrives no longer follows what is sent.

import type { Micros } from '../base/machine.js'
import type { Epoch } from './epoch.js'
import type { Verdict } from './panel.js'
import { TUNING } from './tuning.js'

/**
 * `again`: one more round at this rate. `doubt`: too, and what was lost in this one is not believed.
 * `idle`: there is too little to send to learn more.
 */
export type StartupStep = 'again' | 'doubt' | 'double' | 'full' | 'idle'

const IDLE_ROUNDS = 10
/** So much of what is sent arrives where the path is not full. */
const FOLLOWS = 0.93
const DOUBTS_MAX = 3
/** So much more than usual is never lost by chance. */
const CHANCE = 0.2
const SLOW_ROUNDS_MAX = 2

export class Startup {
  #met = false
  #slowRounds = 0
  #idleRounds = 0
  #doubts = 0
  #lineRounds = 0
  #lineBps = 0
  #lossyRounds = 0
  #contestedBps = 0
  readonly #isFed: boolean

  /** `isFed`: what there is to send comes in portions; a want of it says nothing. */
  constructor(isFed = false) {
    this.#isFed = isFed
  }

  /** What our own line brought already; a process that had to wait may find less of it at the end. */
  get lineBps(): number {
    return this.#lineBps
  }

  next(v: Verdict, rateBps: number, epoch: Epoch, now: Micros, isHeldBack: boolean): StartupStep {
    // Loss in the very first round cannot be compared with anything; it is the floor until a test
    // says otherwise, unless a queue shows that even the first rate is too much.
    const excess = this.#met || v.queueMicros > TUNING.queueLowMicros ? v.excess : 0
    this.#met = true
    const slow = v.follow < 0.8
    const overflows = excess > Math.max(0.05, 4 * v.sigma)
    const queues = v.queueMicros > TUNING.queueMicros
    // A little too much loss without a queue may be chance: whether it is shows in one more round.
    const isDoubtful = overflows && excess < CHANCE && v.queueMicros < TUNING.queueLowMicros
    this.#lossyRounds = isDoubtful ? this.#lossyRounds + 1 : 0
    if (this.#lossyRounds === 1) return 'doubt'
    // A delay while everything that is sent arrives is a process that was kept waiting (a busy
    // machine, a collection of garbage), not a path that fills: look once more before believing it.
    if (queues && !overflows && v.follow > FOLLOWS && this.#doubts++ < DOUBTS_MAX) return 'again'
    // Our own line holds what is too much, so nothing is lost by one more round, and that one
    // measures it from beginning to end.
    const line = epoch.lineBound(v.ownQueueMicros, now, 0.95)
    if (line && !overflows && !queues && this.#lineRounds++ === 0) {
      this.#lineBps = v.capBps
      return 'again'
    }
    const full = overflows || queues || line
    this.#slowRounds = slow ? this.#slowRounds + 1 : 0
    if (full && this.#gains(v, rateBps)) return 'double'
    // What neither arrives nor is lost must stand in a queue. Without one the count was late, not
    // the path full: a busy machine reports when it can.
    const waits = slow && v.queueMicros > TUNING.queueLowMicros
    if (full || (waits && this.#slowRounds >= 2)) return this.#end('full')
    if (slow && this.#slowRounds <= SLOW_ROUNDS_MAX) return 'again'
    if (!epoch.idle(v.ownQueueMicros, now, 0.75)) return 'double'
    return this.#isFed || isHeldBack || this.#idleRounds++ < IDLE_ROUNDS
      ? 'again'
      : this.#end('idle')
  }

  #end(step: 'full' | 'idle'): StartupStep {
    this.#slowRounds = 0
    this.#doubts = 0
    this.#lineRounds = 0
    this.#lossyRounds = 0
    this.#contestedBps = 0
    return step
  }

  /**
   * Full almost at once: a slow line, or one that others have filled. Which of them shows when more
   * is sent: a share of a full line grows with what is sent, a slow line carries no more. Not far
   * beyond, though: the others must be left their part.
   */
  #gains(v: Verdict, rateBps: number): boolean {
    if (rateBps > TUNING.contestedBps) return false
    const gains = v.capBps >= TUNING.contestedGain * this.#contestedBps
    if (gains) this.#contestedBps = v.capBps
    return gains
  }
}
