// Addresses worth dialling, and the patience with each. Failures back off exponentially per address,
// and hearing of an address again never resets that: a peer list that is fetched every few seconds
// must not make us hammer a dead host.

import { LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'
import type { Prng } from '../base/prng.js'
import type { PeerAddress } from '../wire/message.js'

/** `pinned`: the operator or an announcement named it, so it is dialled whatever else is connected. */
interface Entry {
  readonly address: PeerAddress
  pinned: boolean
  busy: boolean
  failures: number
  retryAt: Micros
  done: boolean
}

/** A pinned address is worth a try at least so often: the seeder may come back. */
const PINNED_RETRY_MICROS = 5_000_000

export class AddressBook {
  readonly #entries = new Map<string, Entry>()
  readonly #prng: Prng
  // When the next pinned and the next other address is due; asked for after every message, so it is
  // only worked out anew after a change.
  #pinnedAt: Micros = Number.POSITIVE_INFINITY
  #othersAt: Micros = Number.POSITIVE_INFINITY
  #changed = false

  constructor(prng: Prng) {
    this.#prng = prng
  }

  get size(): number {
    return this.#entries.size
  }

  /** Learns an address; a known one keeps its back-off. */
  add(address: PeerAddress, pinned: boolean): void {
    const key = keyOf(address)
    const known = this.#entries.get(key)
    this.#changed = true
    if (known) {
      known.pinned ||= pinned
      return
    }
    if (this.#entries.size >= LIMITS.peersKnownMax && !pinned) return
    this.#entries.set(key, { address, pinned, busy: false, failures: 0, retryAt: 0, done: false })
  }

  /** Picks addresses to dial now: all pinned ones that are due, and up to `wanted` others. */
  take(wanted: number, now: Micros): PeerAddress[] {
    const due = [...this.#entries.values()].filter(e => !e.busy && !e.done && e.retryAt <= now)
    const chosen = due.filter(entry => entry.pinned)
    const others = due.filter(entry => !entry.pinned)
    chosen.push(...this.#prng.shuffle(others).slice(0, Math.max(0, wanted)))
    for (const entry of chosen) entry.busy = true
    this.#changed = true
    return chosen.map(entry => entry.address)
  }

  /** The earliest time at which `take` could give something. */
  nextAt(wantsOthers: boolean): Micros {
    if (this.#changed) this.#workOutNext()
    return wantsOthers ? Math.min(this.#pinnedAt, this.#othersAt) : this.#pinnedAt
  }

  /** Somebody at this address is connected (they may have dialled us). */
  connected(address: PeerAddress): void {
    const entry = this.#entries.get(keyOf(address))
    if (entry) entry.busy = true
    this.#changed = true
  }

  /** A conversation took place: patience is restored. */
  succeeded(address: PeerAddress): void {
    const entry = this.#entries.get(keyOf(address))
    if (entry) entry.failures = 0
  }

  /** The connection ended or never came about: wait, longer each time. */
  failed(address: PeerAddress, now: Micros): void {
    const entry = this.#entries.get(keyOf(address))
    if (!entry) return
    entry.busy = false
    this.#changed = true
    const cap = entry.pinned ? PINNED_RETRY_MICROS : LIMITS.backoffMaxMicros
    const wait = Math.min(cap, LIMITS.backoffFirstMicros * 2 ** Math.min(entry.failures, 16))
    entry.failures++
    entry.retryAt = now + wait * (0.75 + 0.5 * this.#prng.unit())
  }

  /** Never dial it again: it is ourselves, or has nothing to do with this swarm. */
  forget(address: PeerAddress): void {
    const entry = this.#entries.get(keyOf(address))
    if (entry) entry.done = true
    this.#changed = true
  }

  #workOutNext(): void {
    this.#changed = false
    this.#pinnedAt = Number.POSITIVE_INFINITY
    this.#othersAt = Number.POSITIVE_INFINITY
    for (const { busy, done, pinned, retryAt } of this.#entries.values()) {
      if (busy || done) continue
      if (pinned) this.#pinnedAt = Math.min(this.#pinnedAt, retryAt)
      else this.#othersAt = Math.min(this.#othersAt, retryAt)
    }
  }
}

export function keyOf(address: PeerAddress): string {
  return `${address.host}|${address.port}`
}
