// A scenario's network as data, and what it makes of a simulated one: sites and racks with shared
// lines, and hosts of several kinds in them. Receivers fill the racks evenly, in order; all senders
// are in the first rack.

import type { Prng } from '../../src/core/base/prng.js'
import { FAST_DISK } from './disk.js'
import type { Host, HostOptions } from './host.js'
import type { Network } from './network.js'
import type { Place, PlaceOptions } from './place.js'

/** A line, each way; what is absent does not limit. */
export interface Line {
  readonly mbps?: number
  readonly delayMillis?: number
  readonly queueKib?: number
  /** Fraction lost, and how many datagrams in a row on average: 1 is uniform, more are bursts. */
  readonly loss?: number
  readonly burst?: number
}

export interface Tree {
  readonly sites: number
  /** In each site; default 1. */
  readonly racks?: number
  /** The line that a site's, or a rack's, hosts share. */
  readonly site?: Line
  readonly rack?: Line
  /** Of each rack, how many receivers are in it; default as many in all. */
  readonly receivers?: readonly number[]
  /** How far multicast goes: within its rack, its site (default), or everywhere. */
  readonly multicast?: 'rack' | 'site' | 'everywhere'
}

/** What distinguishes some of the receivers; a line of its own replaces the scenario's. */
export interface Kind {
  /** Of the receivers, spread evenly among the others. */
  readonly share: number
  readonly line?: Line
  readonly diskMbps?: number
  readonly datagramsPerSecond?: number
  /** Its process has the processor for so long at a time, and waits for it in between, on average. */
  readonly turnMillis?: { readonly run: number; readonly wait: number }
  readonly multicast?: boolean
}

/** Random faults of random receivers, on average every so often, for so long each, until then. */
export interface Churn {
  readonly everySeconds: number
  readonly awaySeconds: number
  readonly untilSeconds: number
  readonly of: readonly ('restart-receiver' | 'pause-receiver' | 'pull-cable' | 'go-deaf')[]
}

export class Topology {
  readonly #racks: readonly Place[]
  readonly #sites: readonly Place[]
  readonly #tree: Tree | undefined
  readonly #kinds: readonly Kind[]

  constructor(network: Network, tree: Tree | undefined, kinds: readonly Kind[] = []) {
    this.#tree = tree
    this.#kinds = kinds
    const { sites = 0, racks = 1, multicast = 'site' } = tree ?? {}
    const siteOptions = { ...placed(tree?.site), passesMulticast: multicast === 'everywhere' }
    const rackOptions = { ...placed(tree?.rack), passesMulticast: multicast !== 'rack' }
    this.#sites = Array.from({ length: sites }, () => network.addPlace(siteOptions))
    this.#racks = this.#sites.flatMap(parent =>
      Array.from({ length: racks }, () => network.addPlace({ ...rackOptions, parent })),
    )
  }

  get sites(): readonly Place[] {
    return this.#sites
  }

  get racks(): readonly Place[] {
    return this.#racks
  }

  /** Where receiver `index` of so many is; senders are where the first is. */
  placeOf(index: number, receivers: number): Place | undefined {
    let before = 0
    if (this.#tree?.receivers)
      return this.#racks[this.#tree.receivers.findIndex(count => (before += count) > index)]
    return this.#racks[Math.floor((index * this.#racks.length) / receivers)]
  }

  /** What a receiver is by its kind. */
  kindOf(index: number): Partial<HostOptions> {
    // One host is of one kind: the first that counts it in.
    const kind = this.#kinds.find(
      ({ share }) => Math.floor((index + 1) * share) > Math.floor(index * share),
    )
    if (kind === undefined) return {}
    const { line, diskMbps, datagramsPerSecond, turnMillis, multicast } = kind
    const turns = turnMillis && {
      runMicros: turnMillis.run * 1e3,
      waitMicros: turnMillis.wait * 1e3,
    }
    const disk = diskMbps === undefined ? undefined : { ...FAST_DISK, writeBps: diskMbps * 1e6 }
    return definedOf({ ...cabled(line), datagramsPerSecond, turns, multicast, disk })
  }

  /** Multicast of one host is heard by the other, as far as switches go. */
  isHeard(from: Host, to: Host): boolean {
    if (this.#tree === undefined || this.#tree.multicast === 'everywhere') return true
    if (this.#tree.multicast === 'rack') return from.place === to.place
    return from.place.parent === to.place.parent
  }
}

/** When, whom and how faults befall: exponential gaps, so that nothing is in step. */
export function churnOf(
  churn: Churn,
  receivers: number,
  prng: Prng,
): { atMicros: number; receiver: number; do: Churn['of'][number]; seconds: number }[] {
  const events = []
  const gap = (): number => -Math.log(1 - prng.unit()) * churn.everySeconds
  for (let at = gap(); at < churn.untilSeconds; at += gap())
    events.push({
      atMicros: at * 1e6,
      receiver: Math.floor(prng.unit() * receivers),
      do: churn.of[Math.floor(prng.unit() * churn.of.length)],
      seconds: churn.awaySeconds * (0.5 + prng.unit()),
    })
  return events
}

function placed(line: Line = {}): Omit<PlaceOptions, 'parent'> {
  const { mbps, delayMillis, queueKib, loss, burst } = line
  const rateBps = mbps === undefined ? undefined : mbps * 1e6
  return {
    upBps: rateBps,
    downBps: rateBps,
    delayMicros: delayMillis === undefined ? undefined : delayMillis * 1e3,
    queueBytes: queueKib === undefined ? undefined : queueKib * 1024,
    loss,
    lossBurst: burst,
  }
}

/** A host's cable; loss is on its way in. */
function cabled(line: Line = {}): Partial<HostOptions> {
  const { upBps, downBps, delayMicros, queueBytes, loss, lossBurst } = placed(line)
  const downQueueBytes = queueBytes
  return { upBps, downBps, delayMicros, downQueueBytes, lossUdp: loss, lossTcp: loss, lossBurst }
}

/** Without what is undefined, so that it can be spread over defaults. */
function definedOf<T extends object>(of: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(of).filter(([, value]) => value !== undefined),
  ) as Partial<T>
}
