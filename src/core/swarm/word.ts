// The word that a complete receiver owes the sender: that it is complete. One whose connection was lost
// before it heard that, or who has announced and was never met, is dialled until it knows.

import type { Micros } from '../base/machine.js'
import type { PeerAddress } from '../wire/message.js'

/** How often a sender that does not know of our completion is dialled. */
const TELL_MICROS = 500_000

export class Word {
  #to: PeerAddress | undefined
  #met = false
  #at: Micros = Number.NEGATIVE_INFINITY

  get isOwed(): boolean {
    return this.#to !== undefined
  }

  /** When it is due; only while it is owed. */
  get dueAt(): Micros {
    return this.#to === undefined ? Number.POSITIVE_INFINITY : this.#at
  }

  /** Somebody announces that he sends: he is owed it unless some sender was met. */
  announced(address: PeerAddress): void {
    if (!this.#met) this.#to ??= address
  }

  /** A sender is connected, and hears of everything. */
  met(): void {
    this.#met = true
    this.#to = undefined
  }

  /** A sender was lost before it could hear of our end. */
  lost(address: PeerAddress | undefined): void {
    this.#to = address
  }

  /** Whom to dial now. */
  take(now: Micros): PeerAddress | undefined {
    if (this.#to === undefined || now < this.#at) return undefined
    this.#at = now + TELL_MICROS
    return this.#to
  }
}
