// Addresses worth dialling, and the patience with each. Failures back off exponentially per address,
// and hearing of an address again never resets that: a peer list that is fetched every few seconds
// must not make us hammer a dead host.

import { LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'
import type { Prng } from '../base/prng.js'
import type { PeerAddress } from '../wire/message.js'
import { Untried } from './untried.js'

/** `pinned`: the operator or an announcement named it, so it is dialled whatever else is connected. */
interface Entry {
  readonly address: PeerAddress
  /** The host of the peer who told us of it; '' when we know it otherwise. */
  readonly teller: string
  pinned: boolean
  /** Pinned by nothing but an announcement, which anybody can send. */
  announced: boolean
  enteredAt: Micros
  /** A conversation took place. */
  proven: boolean
  busy: boolean
  failures: number
  retryAt: Micros
  done: boolean
}

/**
 * A pinned address is worth a try at least so often: the seeder may come back, or only come. Who was named
 * by the operator is waited for by all who do not hear it, and itself waits until the last of them has come.
 */
const PINNED_RETRY_MICROS = 5_000_000
const NAMED_RETRY_MICROS = 1_000_000

const OFFENCE_FAILURES = 6

export class AddressBook {
  readonly #entries = new Map<string, Entry>()
  readonly #prng: Prng
  readonly #pinned: Entry[] = []
  // When the next unpinned address is due: asked for after every message while peers are wanted, so
  // it is only worked out anew after a change.
  #othersAt: Micros = Number.POSITIVE_INFINITY
  #changed = false
  /** Those that were never tried; undefined when to be looked for anew. */
  #untried: Untried<Entry> | undefined
  /** Somebody may be forgotten for it. */
  #anyFailed = false
  #admits: (address: PeerAddress) => boolean = () => true

  constructor(prng: Prng) {
    this.#prng = prng
  }

  /** From now on only these are dialled, beside the pinned ones. */
  confine(admits: (address: PeerAddress) => boolean): void {
    this.#admits = admits
    this.#change()
  }

  #change(): void {
    this.#changed = true
    this.#untried = undefined
  }

  get size(): number {
    return this.#entries.size
  }

  /**
   * The peer at `teller` tells of somebody. A crowd would tell of all: of those that were never tried so
   * many are kept. Each takes the place of any other, so that not all know the same few, who would become
   * hubs; but of those that the host with the most told, for one that invents would push out all others.
   */
  told(address: PeerAddress, teller: string): void {
    if (this.#entries.has(keyOf(address))) return
    this.#untried ??= this.#findUntried()
    if (this.#untried.size >= LIMITS.peersUntriedMax) {
      const gone = this.#untried.takeOfTheMost(teller, this.#prng)
      this.#entries.delete(keyOf(gone.address))
    }
    this.add(address, false, 0, teller)
  }

  #findUntried(): Untried<Entry> {
    const untried = new Untried<Entry>()
    for (const entry of this.#entries.values()) if (this.#isUntried(entry)) untried.add(entry)
    return untried
  }

  #isUntried({ address, pinned, busy, done, proven, failures }: Entry): boolean {
    if (pinned || busy || done || proven || failures > 0) return false
    return this.#admits(address)
  }

  /**
   * A host told everybody at once where it is: not all should dial it. It is due in a moment, when
   * there are others to choose from, if they start together.
   */
  overheard(address: PeerAddress, now: Micros): void {
    this.add(address, false, now + (0.5 + 0.5 * this.#prng.unit()) * LIMITS.overheardMicros)
  }

  /** Learns an address; a known one keeps its back-off. `dueAt`: it is not dialled before. */
  add(address: PeerAddress, pinned: boolean, dueAt: Micros = 0, teller = ''): void {
    const key = keyOf(address)
    const known = this.#entries.get(key)
    if (known) {
      // Hosts that query say the same again and again: nothing is to be worked out anew for that.
      if (pinned && !known.pinned) {
        this.#pinned.push(known)
        this.#change()
      }
      known.pinned ||= pinned
      if (pinned) known.announced = false
      return
    }
    if (this.#entries.size >= LIMITS.peersKnownMax && !pinned && !this.#forgetOne()) return
    this.#enter(address, pinned, dueAt, teller)
  }

  /**
   * Somebody announces itself there. It is dialled whatever else is connected, but of those that were
   * only announced there are never many: a new one takes the place of one that came to nothing.
   */
  announced(address: PeerAddress, now: Micros): void {
    if (this.#entries.get(keyOf(address))?.pinned) return
    const announced = this.#pinned.filter(entry => entry.announced)
    const here = announced.filter(entry => entry.address.host === address.host)
    if (here.length >= LIMITS.announcersPerHostMax) {
      if (!this.#drop(here, now)) return
    } else if (announced.length >= LIMITS.announcersMax && !this.#drop(announced, now)) return
    if (this.#entries.delete(keyOf(address))) this.#untried = undefined
    const entry = this.#enter(address, true)
    entry.announced = true
    entry.enteredAt = now
  }

  #enter(address: PeerAddress, pinned: boolean, retryAt: Micros = 0, teller = ''): Entry {
    const entry = {
      address,
      teller,
      pinned,
      announced: false,
      enteredAt: 0,
      proven: false,
      busy: false,
      failures: 0,
      retryAt,
      done: false,
    }
    this.#entries.set(keyOf(address), entry)
    if (pinned) this.#pinned.push(entry)
    else if (this.#admits(address)) this.#untried?.add(entry)
    if (pinned || this.#admits(address)) this.#othersAt = Math.min(this.#othersAt, retryAt)
    return entry
  }

  /** Forgets one of these that nobody has answered at, at random; false when there is none. */
  #drop(among: Entry[], now: Micros): boolean {
    const idle = among.filter(
      entry => !entry.proven && now - entry.enteredAt >= LIMITS.announcerTrialMicros,
    )
    if (idle.length === 0) return false
    const entry = idle[this.#prng.below(idle.length)]
    this.#entries.delete(keyOf(entry.address))
    this.#pinned.splice(this.#pinned.indexOf(entry), 1)
    return true
  }

  /** Makes room: gives up one that never answered; false when there is none. */
  #forgetOne(): boolean {
    if (!this.#anyFailed) return false
    for (const [key, { pinned, busy, failures }] of this.#entries)
      if (!pinned && !busy && failures > 0) return this.#entries.delete(key)
    this.#anyFailed = false
    return false
  }

  /** One of these could be dialled now. */
  anyDue(among: (address: PeerAddress) => boolean, now: Micros): boolean {
    for (const { address, busy, done, retryAt } of this.#entries.values())
      if (!busy && !done && retryAt <= now && among(address)) return true
    return false
  }

  /** Picks addresses to dial now: all pinned ones that are due, and up to `wanted` others. */
  take(wanted: number, now: Micros): PeerAddress[] {
    const due = [...this.#entries.values()].filter(e => !e.busy && !e.done && e.retryAt <= now)
    const chosen = due.filter(entry => entry.pinned)
    const others = due.filter(entry => !entry.pinned && this.#admits(entry.address))
    chosen.push(...this.#prng.shuffle(others).slice(0, Math.max(0, wanted)))
    for (const entry of chosen) entry.busy = true
    this.#change()
    return chosen.map(entry => entry.address)
  }

  /** The earliest time at which `take` could give something. */
  nextAt(wantsOthers: boolean): Micros {
    const pinnedAt = earliest(this.#pinned)
    if (!wantsOthers) return pinnedAt
    if (this.#changed)
      this.#othersAt = earliest(
        [...this.#entries.values()].filter(each => each.pinned || this.#admits(each.address)),
      )
    this.#changed = false
    return Math.min(pinnedAt, this.#othersAt)
  }

  /** Somebody at this address is connected (they may have dialled us). */
  connected(address: PeerAddress): void {
    const entry = this.#entries.get(keyOf(address))
    if (entry) entry.busy = true
    this.#change()
  }

  /** The address, unless somebody there is connected or being dialled. */
  unlessBusy(address: PeerAddress | undefined): PeerAddress | undefined {
    return address && this.#entries.get(keyOf(address))?.busy ? undefined : address
  }

  /** A conversation took place: patience is restored. */
  succeeded(address: PeerAddress): void {
    const entry = this.#entries.get(keyOf(address))
    if (entry) {
      entry.failures = 0
      entry.proven = true
    }
  }

  /** The connection ended or never came about: wait, longer each time. */
  failed(address: PeerAddress, now: Micros): void {
    const entry = this.#entries.get(keyOf(address))
    if (!entry) return
    entry.busy = false
    this.#change()
    const longer = LIMITS.backoffFirstMicros * 2 ** Math.min(entry.failures, 16)
    const wait = Math.min(capOf(entry), longer)
    entry.failures++
    this.#anyFailed = true
    entry.retryAt = now + wait * (0.75 + 0.5 * this.#prng.unit())
  }

  /** What it said or sent was wrong: that counts for many failures. */
  offended(address: PeerAddress, now: Micros): void {
    const entry = this.#entries.get(keyOf(address))
    if (!entry) return
    entry.failures += OFFENCE_FAILURES
    this.failed(address, now)
  }

  /** Never dial it again: it is ourselves, or has nothing to do with this swarm. */
  forget(address: PeerAddress): void {
    const entry = this.#entries.get(keyOf(address))
    if (entry) entry.done = true
    this.#change()
  }
}

/** When the first of these is due that is neither busy nor given up. */
function earliest(entries: Iterable<Entry>): Micros {
  let next = Number.POSITIVE_INFINITY
  for (const { busy, done, retryAt } of entries)
    if (!busy && !done && retryAt < next) next = retryAt
  return next
}

function capOf({ pinned, announced }: Entry): Micros {
  if (!pinned) return LIMITS.backoffMaxMicros
  return announced ? PINNED_RETRY_MICROS : NAMED_RETRY_MICROS
}

export function keyOf(address: PeerAddress): string {
  return `${address.host}|${address.port}`
}
