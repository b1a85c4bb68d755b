// What came wrong, and what a receiver makes of it. The blast is as open as the LAN: whoever sends from
// the transmitter's address can forge it. Nothing wrong is ever believed, so a forger only costs time;
// the operator hears of it, and where most of what the group brings is wrong, the group is left.

import type { Origin } from './assembly.js'

export interface WrongNotice {
  readonly code: 'wrong-data' | 'forged-data'
  readonly level: 'warning'
  readonly message: string
  readonly hint?: string
}

/** So many wrong blocks by multicast are no accident of a cable or a disk. */
const FORGED_BLOCKS = 8
/** The latest blocks that the blast brought, of which more than half must be right. */
const LATEST_BLOCKS = 256

export class Suspicion {
  /** Blocks that were right with another copy of a symbol; those that had to be fetched again. */
  #mended = 0
  #wrong = 0
  #wrongByPeers = 0
  #latestRight = 0
  #latestWrong = 0
  #tellAt = 1
  #toldForged = false
  #left = false
  readonly #oneWay: boolean

  /** `oneWay`: there is nothing but the group, so it is never left. */
  constructor(oneWay = false) {
    this.#oneWay = oneWay
  }

  /** Blocks that came wrong at first, by whatever way. */
  get wrongBlocks(): number {
    return this.#mended + this.#wrong
  }

  /** Why the group was left, if it was. */
  get why(): string | undefined {
    return this.#left ? 'most blocks that came from the group were forged' : undefined
  }

  /** `count` blocks are verified; `mended` of all so far were so only with another copy. */
  right(origins: readonly Origin[], mended: number, count = 1): void {
    this.#mended = mended
    if (!origins.includes('multicast')) return
    for (let i = 0; i < count; i++) this.#count(false)
  }

  /** A block is wrong in all combinations; true when the group should be left now. */
  wrong(origins: readonly Origin[]): boolean {
    this.#wrong++
    if (!origins.includes('multicast')) {
      this.#wrongByPeers++
      return false
    }
    this.#count(true)
    if (this.#left || this.#oneWay || this.#latestWrong <= LATEST_BLOCKS / 2) return false
    this.#left = true
    return true
  }

  /** What the operator should know by now: that somebody forges, once; wrong blocks, ever more rarely. */
  news(sources: () => readonly string[]): WrongNotice | undefined {
    const byMulticast = this.wrongBlocks - this.#wrongByPeers
    if (!this.#toldForged && byMulticast >= FORGED_BLOCKS) {
      this.#toldForged = true
      const from = sources().join(' and ')
      return {
        code: 'forged-data',
        level: 'warning',
        message: `somebody forges datagrams from ${from}: ${byMulticast} blocks came wrong by multicast so far; nothing wrong is kept`,
        hint: `find who else sends as ${from}${this.#oneWay ? '' : ', or go on without the group by --no-multicast'}`,
      }
    }
    if (this.#wrong < this.#tellAt) return undefined
    this.#tellAt *= 10
    const [blocks, they] = this.#wrong === 1 ? ['block', 'it is'] : ['blocks', 'they are']
    const whence = this.#wrongByPeers > 0 ? ` (${this.#wrongByPeers} from peers)` : ''
    return {
      code: 'wrong-data',
      level: 'warning',
      message: `${this.#wrong} ${blocks} came wrong${whence}; ${they} ${this.#oneWay ? 'awaited again' : 'fetched again, whole'}`,
    }
  }

  #count(isWrong: boolean): void {
    if (isWrong) this.#latestWrong++
    else this.#latestRight++
    if (this.#latestRight + this.#latestWrong <= LATEST_BLOCKS) return
    this.#latestRight /= 2
    this.#latestWrong /= 2
  }
}
