// The word that a complete receiver owes the sender: that it is complete. One whose connection was lost
// before it heard that, or who has announced and was never met, is dialled until it knows. Of those
// whom the operator named, any may be the sender, or nobody: where none was met each is dialled once.

import type { Micros } from '../base/machine.js'
import type { PeerAddress } from '../wire/message.js'

/** Who says that somebody is at an address; an announcement says that he sends. */
export type Informant = 'manager' | 'operator' | 'announcement'

/** How often a sender that does not know of our completion is dialled. */
const TELL_MICROS = 500_000

export class Word {
  #to: PeerAddress | undefined
  #named: PeerAddress[] = []
  #met = false
  #at: Micros = Number.NEGATIVE_INFINITY

  get isOwed(): boolean {
    return this.#to !== undefined || this.#named.length > 0
  }

  /** When it is due; only while it is owed. */
  get dueAt(): Micros {
    if (this.#named.length > 0) return Number.NEGATIVE_INFINITY
    return this.#to === undefined ? Number.POSITIVE_INFINITY : this.#at
  }

  /** Somebody may be a sender: he is owed it unless one was met. */
  learn(address: PeerAddress, from: Informant): void {
    if (this.#met) return
    if (from === 'announcement') this.#to ??= address
    if (from === 'operator') this.#named.push(address)
  }

  /** A sender is connected, and hears of everything. */
  met(): void {
    this.#met = true
    this.#to = undefined
    this.#named = []
  }

  /** A sender was lost before it could hear of our end. */
  lost(address: PeerAddress | undefined): void {
    this.#to = address
  }

  /** Whom to dial now. */
  take(now: Micros): PeerAddress | undefined {
    const named = this.#named.shift()
    if (named !== undefined) return named
    if (this.#to === undefined || now < this.#at) return undefined
    this.#at = now + TELL_MICROS
    return this.#to
  }
}
