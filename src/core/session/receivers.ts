// Every receiver that a transmitter has heard of: how far it is, when it was last heard, and how it
// ended. A closed connection only starts the clock; the host may come back, and a process that goes on
// where a killed one was has its name.

import { prefixOf } from '../base/endpoint.js'
import { LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'
import type { Link } from '../swarm/link.js'
import type { Missing, Progress, Report } from '../wire/message.js'

export interface Receiver {
  readonly node: string
  /** Small integer by which the rate controller knows it. */
  readonly index: number
  readonly host: string
  /** Present while it is connected. */
  link: Link | undefined
  readonly firstAt: Micros
  lastAt: Micros
  completeAt: Micros | undefined
  progress: Progress | undefined
  /** When it last came further. */
  furtherAt: Micros
  /** What it had verified then. */
  furtherBytes: number
  /** How often it has come back since. */
  returns: number
  lossFraction: number
  /** What of it the path lost, not the receiver's own socket. */
  pathLoss: number
  /** Datagrams that came to the host and found no room there. */
  kernelDrops: number
  /** It was advised to leave the group, because it lost so much more than the others. */
  demotedLoss: number | undefined
  /** It has received a datagram of this session. */
  heard: boolean
  /** The longest datagram that it said to have heard whole, 0 before it said any. */
  reachedBytes: number
  report: Report | undefined
  /** Its processors have been too busy for the blast since then. */
  overworkedAt: Micros | undefined
  missing: Missing | undefined
  /** The latest pass brought it nearly nothing of what it missed before. */
  inVain: boolean
  /** It had not said what it misses when all patience after the latest pass was over: once is enough. */
  keptWaiting: boolean
}

/** A receiver reports every few seconds at the latest; one that has not by then is none. */
export const EARNEST_MICROS = 10_000_000
/** Within so long everybody who is connected has said something. */
const SIGN_MICROS = LIMITS.keepAliveMicros + 1_000_000
/** So often one may come back before it has come further, and is given all its time anew. */
const RETURNS_MAX = 16

export class Receivers {
  readonly #all = new Map<string, Receiver>()
  #nextIndex = 0
  /** When any of them last came further. */
  #furtherAt: Micros = Number.NEGATIVE_INFINITY

  get size(): number {
    return this.#all.size
  }

  *[Symbol.iterator](): Iterator<Receiver> {
    yield* this.#all.values()
  }

  of(link: Link): Receiver | undefined {
    return this.#all.get(link.node)
  }

  joined(link: Link, now: Micros): Receiver {
    const known = this.#all.get(link.node)
    if (known) {
      known.link = link
      known.missing = undefined
      known.reachedBytes = 0
      known.lastAt = now
      if (++known.returns <= RETURNS_MAX) this.#cameFurther(known, now)
      return known
    }
    if (this.#all.size >= LIMITS.receiversMax) this.#forgetOne()
    const receiver: Receiver = {
      node: link.node,
      index: this.#nextIndex++,
      host: link.host,
      link,
      firstAt: now,
      lastAt: now,
      completeAt: undefined,
      progress: undefined,
      furtherAt: now,
      furtherBytes: 0,
      returns: 0,
      lossFraction: 0,
      pathLoss: 0,
      kernelDrops: 0,
      demotedLoss: undefined,
      heard: false,
      reachedBytes: 0,
      report: undefined,
      overworkedAt: undefined,
      missing: undefined,
      inVain: false,
      keptWaiting: false,
    }
    this.#all.set(link.node, receiver)
    return receiver
  }

  /** It said how far it is. */
  told(receiver: Receiver, progress: Progress, now: Micros): void {
    // A few bytes now and then are no progress: a peer that lies could hold us for ever.
    const further = progress.verifiedBytes - receiver.furtherBytes
    if (further >= LIMITS.receiverFurtherBytes || receiver.progress === undefined) {
      if (receiver.progress !== undefined) {
        receiver.returns = 0
        this.#cameFurther(receiver, now)
      }
      receiver.furtherBytes = progress.verifiedBytes
    }
    receiver.progress = progress
  }

  #cameFurther(receiver: Receiver, now: Micros): void {
    receiver.furtherAt = now
    this.#furtherAt = now
  }

  /** Who leaves without ever having said how far it is was no receiver: nobody waits for it. */
  left(receiver: Receiver, lastByteAt: Micros): void {
    receiver.lastAt = lastByteAt
    receiver.link = undefined
    receiver.missing = undefined
    if (receiver.progress === undefined) this.#all.delete(receiver.node)
  }

  /** At the end only those count who said how far they are. */
  forgetMute(): void {
    for (const { node, progress } of this) if (progress === undefined) this.#all.delete(node)
  }

  #forgetOne(): void {
    for (const { node, link } of this) if (link === undefined) return void this.#all.delete(node)
  }

  /** Connected and not complete. */
  *open(): Iterable<Receiver> {
    for (const receiver of this)
      if (receiver.link !== undefined && receiver.completeAt === undefined) yield receiver
  }

  /**
   * Up to `count` of those who hear the blast, taken in turn from each address prefix: what they say
   * quickly should speak for every part of the network.
   */
  sample(count: number): Set<Receiver> {
    const groups = new Map<string, Receiver[]>()
    for (const receiver of this.open()) {
      if (receiver.demotedLoss !== undefined) continue
      const prefix = prefixOf(receiver.host)
      const group = groups.get(prefix)
      if (group === undefined) groups.set(prefix, [receiver])
      else group.push(receiver)
    }
    const sample = new Set<Receiver>()
    for (let turn = 0; sample.size < count; turn++) {
      const before = sample.size
      for (const group of groups.values())
        if (turn < group.length && sample.size < count) sample.add(group[turn])
      if (sample.size === before) break
    }
    return sample
  }

  /**
   * Who has said how far it is, is incomplete, heard of within `lingerMicros`, and not stuck: one that
   * is connected, has been served since `servedSince` and came no further for minutes (its disk hangs,
   * say) is not waited for. A connected one that has nothing to say gives signs of life so rarely that
   * a shorter patience would abandon it in the middle. Nor is anybody when in all that time nobody came further: new names could
   * come for ever.
   */
  *hoped(lingerMicros: number, servedSince: Micros, now: Micros): Iterable<Receiver> {
    const patience = Math.max(LIMITS.receiverStuckMicros, lingerMicros)
    if (now - Math.max(this.#furtherAt, servedSince) >= patience) return
    for (const receiver of this) {
      if (receiver.completeAt !== undefined || receiver.progress === undefined) continue
      const lifeMicros =
        receiver.link === undefined ? lingerMicros : Math.max(lingerMicros, SIGN_MICROS)
      if (now - lastHeard(receiver) < lifeMicros && !isStuck(receiver, servedSince, now))
        yield receiver
    }
  }

  /** Somebody has said how far it is. */
  get hasEarnest(): boolean {
    for (const { progress } of this) if (progress !== undefined) return true
    return false
  }

  /** Somebody came just now, and may yet say how far it is. */
  hasNewcomer(now: Micros): boolean {
    for (const { progress, firstAt } of this.open())
      if (progress === undefined && now - firstAt < EARNEST_MICROS) return true
    return false
  }
}

function isStuck({ link, furtherAt }: Receiver, servedSince: Micros, now: Micros): boolean {
  return link !== undefined && now - Math.max(furtherAt, servedSince) >= LIMITS.receiverStuckMicros
}

/** What is said at the end of those who were given up. */
export function stuckNotice(count: number) {
  const [who, have] = count === 1 ? ['one receiver', 'has'] : [`${count} receivers`, 'have']
  const minutes = LIMITS.receiverStuckMicros / 60e6
  return {
    code: 'stuck',
    level: 'warning' as const,
    message: `${who} ${have} come no further for ${minutes} min, though connected: not waited for any longer`,
    hint: 'look at the disk of those hosts, then send again: they go on where they are',
  }
}

export function lastHeard(receiver: Receiver): Micros {
  return Math.max(receiver.lastAt, receiver.link?.lastByteAt ?? 0)
}
