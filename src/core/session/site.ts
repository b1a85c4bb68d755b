// A receiver's part in its segment. Where nobody hears a sender, some are elected to fetch from outside
// and multicast at home; the others listen, repair among themselves, and leave what is outside alone.
// It follows from who hears what: as soon as anybody here hears a sender, nobody relays.

import type { Bitmap } from '../base/bitmap.js'
import { BLOCK_BYTES, LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'
import type { Prng } from '../base/prng.js'
import type { Geometry } from '../meta/geometry.js'
import type { Stream } from '../multicast/stream.js'
import { WAY } from '../swarm/division.js'
import { blocksOf, type Link } from '../swarm/link.js'
import type { Swarm } from '../swarm/swarm.js'
import type { Announce, Standing } from '../wire/announce.js'
import { type SessionId, sessionText } from '../wire/datagram.js'
import { Duty } from './duty.js'
import { confine, earlyReach, type Reach, type Sides } from './reach.js'
import { Relay, type RelayOut } from './relay.js'
import type { RelayOptions } from './relay-options.js'
import { Segment } from './segment.js'
import { type Sharing, sharingOf } from './sharing.js'
import { Span } from './span.js'
import { Vicinity } from './vicinity.js'
import type { Wants } from './wants.js'

/** What a relay may do: `only`: where it is, nobody else should. */
export interface RelayPolicy extends RelayOptions {
  readonly only: boolean
}

export interface SiteOptions {
  readonly node: string
  readonly port: number
  readonly geometry: Geometry
  readonly verified: Bitmap
  /** Undefined: it never relays. */
  readonly relay: RelayPolicy | undefined
}

/** What a site must know of the rest of its receiver. */
export interface SiteView {
  readonly streams: Iterable<Stream>
  /** It takes part in multicast. */
  readonly listens: boolean
  /** Seeders that say they blast: what they blast they do not serve. */
  readonly isBlasting: boolean
}

/** A sender that is there is heard within this time; it announces itself when it is asked. */
const GRACE_MICROS = 1_200_000
/** And then who relays is known within this time. */
const DECIDE_MICROS = 800_000
/** A sender that was not heard for so long is not heard. */
const HEARING_MICROS = 5_000_000
/**
 * A thousand hosts that start together would ask all at once, and each question goes to all: by then
 * the answer to the first is there, and who has heard an announcement need not ask.
 */
const FIRST_QUERY_MICROS = 20_000
/** Queries: of who hears no sender, of who relays, in answer to a newcomer; and what each mate adds. */
const ASK_MICROS = { deaf: 800_000, relays: 400_000 }
const GREET_MICROS = 200_000
const CROWD_MICROS = 16_000
/** Who has heard an announcement within this time does not ask. */
const ANNOUNCED_MICROS = 2_500_000
/** Within this time one of those who hear a sender says so. */
const ANSWER_MICROS = 500_000
/** Nothing comes of the relays for so long: everybody helps himself for as long again. */
const HELPLESS_MICROS = 8_000_000
const HOPELESS_MICROS = 60_000_000
/** Blocks that a relay has ready to be asked for. */
const AHEAD_BLOCKS = LIMITS.rangeBytesMax / BLOCK_BYTES
/** Whatever got lost on the way, it is looked for again so often. */
const REWIND_MICROS = 5_000_000
/** Which sites there are is looked at so often. */
const SHARE_MICROS = 500_000
const RATE_MICROS = 1_000_000
/** A new relay begins to fetch after so long: by then it knows who else has become one. */
const SETTLE_MICROS = 150_000
/** A new relay is not judged before. */
const TRIAL_MICROS = 3_000_000

export class Site {
  readonly relay: Relay | undefined
  readonly #options: SiteOptions
  readonly #swarm: Swarm
  readonly #wants: Wants
  readonly #segment: Segment
  readonly #duty: Duty
  readonly #startedAt: Micros
  #heardAt: Micros = Number.NEGATIVE_INFINITY
  readonly #relaySessions = new Set<string>()
  /** Nobody here hears a sender; we hear one. */
  #isFar = false
  #isNear = false
  #relays: readonly string[] = []
  #relaysSince: Micros = 0
  /** When we are to ask, or to answer. */
  queryAt: Micros = Number.POSITIVE_INFINITY
  #announcedAt: Micros = Number.NEGATIVE_INFINITY
  readonly #span = new Span()
  readonly #vicinity = new Vicinity()
  #isSenderKnown = false
  /** Somebody who hears no sender should know that we do. */
  #owesAnswer = false
  #progressAt: Micros = 0
  #aloneUntil: Micros = Number.NEGATIVE_INFINITY
  /** Blocks before this one somebody here may have. */
  #frontier = 0
  #rewoundAt: Micros = 0
  #outsideBytes = 0
  #rateAt: Micros = 0
  #beganAt: Micros = 0
  #bps = 0
  #isMute = false
  #reach: Reach = 'anybody'
  #known: Sides = { links: [], changes: -1, inside: [], outside: [] }
  /** The sender wants no multicast. */
  #isQuiet = false
  #sharing: Sharing = sharingOf(new Set(), [])
  #sharedAt: Micros = Number.NEGATIVE_INFINITY

  constructor(options: SiteOptions, swarm: Swarm, wants: Wants, now: Micros) {
    const { node, geometry, verified, relay } = options
    this.#options = options
    this.#swarm = swarm
    this.#wants = wants
    this.#segment = new Segment(node)
    const isFree = (block: number): boolean => wants.isMissing(block) && !wants.isPending(block)
    this.#duty = new Duty(geometry, verified, swarm.division, node, wants.outer, isFree)
    wants.isDuty = block => this.#duty.has(geometry.chunkOfBlock(block))
    if (relay) this.relay = new Relay(relay, swarm)
    this.#startedAt = now
    swarm.isFar = link => this.#isElsewhere(link)
    swarm.division.wayTo = link => this.#wayTo(link)
    swarm.division.isAway = link => this.#isAway(link)
    swarm.division.isTurn = chunk => this.isRelayed || this.#vicinity.isTurn(chunk)
  }

  /** The sender is heard here, and it is elsewhere. */
  #isAway(link: Link): boolean {
    return this.#isNear && !link.seeder && this.#isElsewhere(link)
  }

  #wayTo(link: Link): number {
    if (this.#isAway(link)) return WAY.outside
    if (!this.isRelayed) return this.#vicinity.wayTo(link)
    if (this.isMate(link)) return WAY.inside
    const { sites, sources } = this.#sharing
    return sites === 1 || sources.has(link.prefix) ? WAY.source : WAY.outside
  }

  /** It takes part in multicast, and has a way back. */
  begin(prng: Prng, now: Micros): void {
    this.queryAt = now + prng.below(FIRST_QUERY_MICROS)
  }

  isMate(link: Link): boolean {
    return this.#segment.has(link.node)
  }

  /** Somebody here relays: what is outside is theirs to fetch. */
  get isRelayed(): boolean {
    return this.#relays.length > 0
  }

  /** There are mates, no sender is heard so far, and who relays is about to be known. */
  isUndecided(now: Micros): boolean {
    if (this.isRelayed || this.#segment.size === 0 || now < this.#aloneUntil) return false
    if (this.#isQuiet) return false
    if (this.#hears(now) || this.#segment.hears(now)) return false
    return now - this.#startedAt < GRACE_MICROS + DECIDE_MICROS
  }

  /** We are one of them. */
  get isRelay(): boolean {
    return this.#relays.includes(this.#options.node)
  }

  /** It transmits here, says its own connection. */
  isTransmitter(link: Link): boolean {
    return link.seeder || this.isMate(link)
  }

  /** An announcement was heard; false when it is our own. */
  announced(source: string, session: SessionId, announce: Announce, now: Micros): boolean {
    const text = sessionText(session)
    if (this.relay && text === sessionText(this.relay.session)) return false
    if (announce.role === 'seeder') {
      this.#heardAt = now
      this.#announcedAt = now
      this.#span.add(source)
      this.#isSenderKnown = true
    } else this.#isRelays(text)
    return true
  }

  /** What a transmitter is called that says of itself, on its connection, that it blasts. */
  blasts(link: Link, session: string): void {
    if (!link.seeder) this.#isRelays(session)
  }

  #isRelays(session: string): void {
    if (this.#relaySessions.size < LIMITS.matesMax) this.#relaySessions.add(session)
  }

  /** A query was heard: who asks here is a mate. */
  queried(host: string, said: Standing | undefined, now: Micros): void {
    if (said === undefined || said.node === this.#options.node) return
    const isNew = this.#segment.heard(host, said, now)
    if (isNew) this.#span.add(host)
    const address = { host, port: said.port }
    if (said.relays) this.#swarm.book.announced(address, now)
    else this.#swarm.book.overheard(address, now)
    // Its address may have been known before it was a mate's.
    if (isNew && this.#reach !== 'anybody') this.#confine()
    if (this.#isTold(now)) return this.#answer(said, now)
    // It should know of us as soon as we of it.
    if (isNew) this.queryAt = Math.min(this.queryAt, now + GREET_MICROS + this.#crowdMicros)
  }

  joined(link: Link, now: Micros): void {
    if (link.seeder) this.#isQuiet = link.isQuiet
    if (this.isMate(link)) this.relay?.joined(link, now)
  }

  left(link: Link, now: Micros): void {
    this.relay?.left(link, now)
    // Two that dial each other at once close one of the two connections.
    for (const other of this.#swarm.links()) if (other.node === link.node) return
    this.#segment.left(link.node)
  }

  /** Bytes came from a peer. */
  arrived(link: Link, bytes: number): void {
    if (this.#swarm.division.isOutside(link)) this.#outsideBytes += bytes
  }

  /** A block is verified; true when nobody is to be told yet, because all are about to hear it. */
  verified(block: number, count: number, now: Micros): boolean {
    this.#progressAt = now
    const { geometry, verified } = this.#options
    const chunk = geometry.chunkOfBlock(block)
    if (!this.#duty.has(chunk)) return false
    const blocks = geometry.blocksOfChunk(chunk)
    if (verified.countIn(geometry.firstBlockOfChunk(chunk), blocks) === blocks)
      this.relay?.give(chunk, now)
    this.#swarm.tellFar(block, count, now)
    return true
  }

  mute(now: Micros): void {
    this.#isMute = true
    this.#resign(now)
  }

  /** It is `queryAt`: what we say of ourselves, if anything; who hears announcements need not ask. */
  query(now: Micros): Standing | undefined {
    if (this.#swarm.complete && !this.relay?.active) {
      this.queryAt = Number.POSITIVE_INFINITY
      return undefined
    }
    const { deaf, relays } = ASK_MICROS
    this.queryAt = now + (this.relay?.active ? relays : Math.max(deaf, this.#crowdMicros))
    if (this.#isTold(now) && !this.#owesAnswer) return undefined
    this.#owesAnswer = false
    return this.#standing(now)
  }

  /** One of those who hear a sender says so to whoever does not: the one who comes first. */
  #answer(said: Standing, now: Micros): void {
    if (said.hears) this.#owesAnswer = false
    else if (!this.#segment.hears(now) && !this.#owesAnswer) {
      this.#owesAnswer = true
      const share = Number.parseInt(this.#options.node.slice(0, 4), 16) / 2 ** 16
      // Not at the time of a question that need not be asked any more: all who have just started have one.
      this.queryAt = now + share * ANSWER_MICROS
    }
  }

  #isTold(now: Micros): boolean {
    return now - this.#announcedAt < ANNOUNCED_MICROS
  }

  /** The more there are the more rarely each of them speaks. */
  get #crowdMicros(): Micros {
    return this.#segment.size * CROWD_MICROS
  }

  /** Where a sender is heard, mates need not know of each other: addresses tell as well. */
  #isElsewhere(link: Link): boolean {
    if (this.isMate(link)) return false
    if (this.#vicinity.divides) return !link.isNear
    if (this.#isSenderKnown) return !this.#span.has(link.host)
    return this.#segment.size > 0
  }

  tick(view: SiteView, now: Micros): void {
    for (const stream of view.streams)
      if (!this.#relaySessions.has(stream.text) && stream.heardAt > this.#heardAt)
        this.#heardAt = stream.heardAt
    this.#measure(now)
    this.#isNear = this.#hears(now)
    const isDeaf = !this.#isNear && !this.#segment.hears(now)
    const wasFar = this.#isFar
    const isLate = now - this.#startedAt > GRACE_MICROS
    this.#isFar = view.listens && isDeaf && !this.#isQuiet && isLate
    if (!wasFar && this.#isFar) this.queryAt = Math.min(this.queryAt, now)
    this.#elect(view, now)
    const isAlone = !this.isRelayed && !this.#isNear
    this.#vicinity.look(this.#swarm, isAlone, now)
    if (this.isRelayed) this.#advance(now)
    if (this.isRelay && now - this.#beganAt >= SETTLE_MICROS) this.#fetch(view, now)
    this.relay?.tick(now)
  }

  poll(now: Micros): (RelayOut & { type: 'read' | 'release' | 'announce' }) | undefined {
    for (let out = this.relay?.poll(); out !== undefined; out = this.relay?.poll()) {
      if (out.type !== 'relayed') return out
      this.#duty.drop(out.chunk)
      this.#tellOf(out.chunk, true, now)
    }
    return undefined
  }

  /** What mates have is to be looked at anew, from the first that is missing. */
  rewind(now: Micros): void {
    this.#rewoundAt = now
    this.#frontier = Math.max(0, this.#options.verified.nextClear(0))
  }

  // ---- election

  #hears(now: Micros): boolean {
    return now - this.#heardAt < HEARING_MICROS
  }

  #standing(now: Micros): Standing {
    const { node, port, relay } = this.#options
    const relays = this.relay?.active ?? false
    const able = this.#isAble(now)
    const bps = Math.round(this.#bps)
    return { node, port, hears: this.#hears(now), able, relays, bps, only: relay?.only ?? false }
  }

  #isAble(now: Micros): boolean {
    const relay = this.relay
    if (!this.#isFar || relay === undefined || this.#isMute || relay.isStopped) return false
    if (this.#swarm.complete || now < this.#aloneUntil) return false
    return this.#outside().some(link => link.complete || (link.held?.count ?? 0) > 0)
  }

  #elect(view: SiteView, now: Micros): void {
    const before = this.#relays
    const isOurselves = this.#isFar && view.listens && now >= this.#aloneUntil
    this.#relays = isOurselves ? this.#segment.elected(this.#standing(now), now) : []
    if (before.join() !== this.#relays.join()) this.#relaysSince = now
    this.#reachOut(now)
    const relay = this.relay
    if (relay && this.isRelay && !relay.active) {
      relay.begin(now)
      this.#beganAt = now
      this.#rateAt = now
      this.#outsideBytes = 0
      for (const link of this.#swarm.links()) if (this.isMate(link)) relay.joined(link, now)
      this.queryAt = now
    } else if (relay?.active && !this.isRelay) {
      // Who is done, or replaced, multicasts what it has taken; never where a sender is heard.
      if (!this.#isFar || relay.isDrained || relay.isStopped) this.#resign(now)
    }
    this.#despair(now)
  }

  /** The relays bring nothing: better to fetch twice than to wait for ever. */
  #despair(now: Micros): void {
    if (!this.isRelayed || this.#swarm.complete) return
    const waited = now - Math.max(this.#progressAt, this.#relaysSince)
    const patience = this.#segment.anyFetches(this.#relays, now) ? HOPELESS_MICROS : HELPLESS_MICROS
    if (waited < patience) return
    this.#aloneUntil = now + HELPLESS_MICROS
  }

  #resign(now: Micros): void {
    this.relay?.end(now)
    for (const chunk of this.#duty.dropAll()) {
      this.#forsake(chunk, this.#outside(), now)
      this.#tellOf(chunk, false, now)
    }
    this.queryAt = now
  }

  #reachOut(now: Micros): void {
    const part = this.isRelay ? 'outside' : 'mates'
    const early = earlyReach(this.#sides(), this.isUndecided(now))
    const alone = early === 'anybody' && this.#vicinity.lacksMates ? 'near' : early
    const reach = this.isRelayed ? part : alone
    if (reach === this.#reach) return
    this.#reach = reach
    this.#confine()
  }

  #confine(): void {
    confine(this.#swarm, this.#segment, this.#vicinity, this.#reach, () => this.#sides())
  }

  // ---- fetching

  #inside(): readonly Link[] {
    return this.#sides().inside
  }

  #outside(): readonly Link[] {
    return this.#sides().outside
  }

  /** Asked for after every input: who is where only changes with a connection, or with a new mate. */
  #sides(): Sides {
    const links = this.#swarm.links()
    const { changes } = this.#segment
    if (this.#known.links === links && this.#known.changes === changes) return this.#known
    const inside = links.filter(link => this.isMate(link))
    const outside = links.filter(link => !this.isMate(link))
    this.#known = { links, changes, inside, outside }
    return this.#known
  }

  /** What some mate has may be asked of it: blocks up to the last that anybody here has. */
  #advance(now: Micros): void {
    const { geometry } = this.#options
    if (now - this.#rewoundAt > REWIND_MICROS) this.rewind(now)
    const from = this.#frontier
    for (const link of this.#inside()) {
      if (link.complete) this.#frontier = geometry.blockCount
      const { held } = link
      while (held !== undefined && this.#frontier < geometry.blockCount) {
        const block = held.nextSet(this.#frontier)
        if (block < 0) break
        const chunk = geometry.chunkOfBlock(block)
        this.#frontier = geometry.firstBlockOfChunk(chunk) + geometry.blocksOfChunk(chunk)
      }
    }
    if (this.#frontier > from) this.#wants.passed(from, this.#frontier - from, now)
  }

  #fetch({ isBlasting }: SiteView, now: Micros): void {
    const outside = this.#outside()
    const { geometry } = this.#options
    if (now - this.#sharedAt > SHARE_MICROS) {
      this.#sharing = sharingOf(this.#segment.prefixes(this.#inside()), outside)
      this.#sharedAt = now
    }
    const { division } = this.#swarm
    const peers = outside.filter(link => !link.seeder)
    const asked = isBlasting && peers.length > 0 ? peers : outside
    const scene = {
      inside: this.#inside(),
      sources: asked.filter(link => division.isSource(link)),
      fellows: asked.filter(link => !division.isSource(link)),
      sharing: this.#sharing,
      relays: this.#relays,
      now,
    }
    const { told, left, stuck } = this.#duty.take(scene, AHEAD_BLOCKS)
    if (told.length > 0) this.#swarm.tellBegun(told, now)
    for (const block of stuck) this.#tellOf(geometry.chunkOfBlock(block), false, now)
    for (const block of left) this.#forsake(geometry.chunkOfBlock(block), outside, now)
  }

  /** Another relay fetches this chunk: what was asked of it outside need not come twice. */
  #forsake(chunk: number, outside: readonly Link[], now: Micros): void {
    const { geometry } = this.#options
    for (const link of outside)
      for (const { range, abandoned } of [...link.asked.values()]) {
        if (abandoned || geometry.chunkOfBlock(range.block) !== chunk) continue
        this.#swarm.cancel(link, range, now)
        for (const block of blocksOf(range)) this.#wants.answered(block)
      }
  }

  #measure(now: Micros): void {
    const span = now - this.#rateAt
    if (span < RATE_MICROS || !this.relay?.active) return
    const bps = (8e6 * this.#outsideBytes) / span
    this.#rateAt = now
    this.#outsideBytes = 0
    // Who has nothing to fetch shows nothing by it; who has, and gets nothing, is slow.
    if (this.#duty.isIdle || this.#wants.outer.total === 0) return
    if (now - this.#beganAt < TRIAL_MICROS) return
    this.#bps = Math.max(1, this.#bps === 0 ? bps : 0.8 * this.#bps + 0.2 * bps)
  }

  /** What is here of a chunk mates may ask for; most of them have it when they have `heard` it. */
  #tellOf(chunk: number, heard: boolean, now: Micros): void {
    const { geometry, verified } = this.#options
    const first = geometry.firstBlockOfChunk(chunk)
    for (let block = first; block < first + geometry.blocksOfChunk(chunk); block++)
      if (verified.has(block)) this.#swarm.tellNear(block, 1, heard, now)
  }
}
