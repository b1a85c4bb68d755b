// What several transfers of one process may send, and take from peers, all together. Each may
// have limits of its own besides, and none gets more than its turn while others want theirs.

import { Allowance } from '../core/swarm/allowance.js'
import { Commons } from '../core/swarm/commons.js'
import { check, type Rules, rate } from './rules.js'

/** Bits per second; default without limit. */
export interface BudgetOptions {
  /** What is sent at most, by multicast and to peers. */
  readonly uploadBps?: number
  /** What is asked of peers at most. */
  readonly downloadBps?: number
}

const BUDGET: Rules<BudgetOptions> = { uploadBps: rate, downloadBps: rate }

/** Hand the same one to every transfer that is to share it. */
export class Budget {
  readonly #upload: Commons
  readonly #download: Commons

  /** @throws Mcp2pError BAD_OPTION (usage) */
  constructor(options: BudgetOptions) {
    check(options, BUDGET)
    this.#upload = new Commons(options.uploadBps ?? Number.POSITIVE_INFINITY)
    this.#download = new Commons(options.downloadBps ?? Number.POSITIVE_INFINITY)
  }

  /** For the engine: what a transfer with these limits of its own may spend of it. */
  static share(options: BudgetOptions & { readonly budget?: Budget }): {
    readonly upload: Allowance
    readonly download: Allowance
  } {
    const { budget = new Budget({}), uploadBps, downloadBps } = options
    return {
      upload: new Allowance(uploadBps ?? Number.POSITIVE_INFINITY, budget.#upload),
      download: new Allowance(downloadBps ?? Number.POSITIVE_INFINITY, budget.#download),
    }
  }
}
