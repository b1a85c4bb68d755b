// Which groups a receiver has joined. Anybody may announce any group, so there are never more than a
// few, those of nobody any more are left, and one that cannot be joined concerns nobody else.

import { type Channel, channelKey } from './channel.js'

export type MembershipOut =
  | { type: 'join'; channel: Channel }
  /** Stop listening, but keep what is needed to come back. */
  | { type: 'leave'; channel: Channel }
  /** Leave all and join them again: the membership may have died on the way. */
  | { type: 'rejoin' }
  /** Nobody sends there any more: let go of it. */
  | { type: 'part'; channel: Channel }

export class Memberships {
  readonly #joined = new Map<string, Channel>()
  readonly #failed = new Map<string, string>()

  /** Why nothing can be heard: every group that should be joined could not be. */
  get why(): string | undefined {
    if (this.#joined.size === 0 || this.#failed.size < this.#joined.size) return undefined
    return [...this.#failed.values()][0]
  }

  /** What to do so that these are joined, and no others. */
  *follow(wanted: readonly Channel[]): Iterable<MembershipOut> {
    const keys = new Set(wanted.map(channelKey))
    for (const [key, channel] of this.#joined) {
      if (keys.has(key)) continue
      this.#joined.delete(key)
      this.#failed.delete(key)
      yield { type: 'part', channel }
    }
    for (const channel of wanted) {
      if (this.#joined.has(channelKey(channel))) continue
      this.#joined.set(channelKey(channel), channel)
      yield { type: 'join', channel }
    }
  }

  *leave(): Iterable<MembershipOut> {
    for (const channel of this.#joined.values()) yield { type: 'leave', channel }
  }

  failed(channel: Channel, reason: string): void {
    if (this.#joined.has(channelKey(channel))) this.#failed.set(channelKey(channel), reason)
  }
}
