// What is left free below the path: a little always, and as much as the repair of the measured loss
// takes on the same downlinks.

import type { Verdict } from './panel.js'
import { TUNING } from './tuning.js'

/** Weight of the latest round in the smoothed loss. */
const LATEST = 0.3

export class Headroom {
  #loss = 0
  #parity = 0

  /** Share of the path to leave free. A sender at rate r causes r × loss of repair beside it. */
  get share(): number {
    const left = Math.max(this.#loss * TUNING.parityMisses, this.#loss - this.#parity)
    const repair = Math.min(TUNING.lossHeadroomMax, left / (1 + left))
    return TUNING.headroom + repair
  }

  /** A round without congestion. */
  onClean(v: Verdict): void {
    this.#loss += LATEST * (v.loss - this.#loss)
  }

  /** The loss is known to be this from now on. */
  onLoss(loss: number): void {
    this.#loss = loss
  }

  onParity(share: number): void {
    this.#parity = share
  }
}
