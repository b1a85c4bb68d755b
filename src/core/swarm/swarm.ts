// All connections of one host in one swarm: who is there, what each holds, what was asked and
// answered. It keeps the promises of the peer protocol (what is asked is answered exactly once, nothing
// unverified served, unasked data closes the connection) and leaves to its owner what to ask for.

import { Bitmap } from '../base/bitmap.js'
import { LIMITS } from '../base/limits.js'
import type { Machine, Micros } from '../base/machine.js'
import type { Geometry } from '../meta/geometry.js'
import type {
  Control,
  Data,
  Hello,
  Message,
  PeerAddress,
  Progress,
  Range,
  Reject,
  RejectReason,
} from '../wire/message.js'
import { AddressBook } from './book.js'
import { Division } from './division.js'
import { Door, whyStranger } from './door.js'
import { DISCARDS, Greeting } from './greeting.js'
import { haveMessages, learnHave, startedChunks } from './have.js'
import { Link, rangeKey } from './link.js'
import { News } from './news.js'
import { patienceFor, patienceOf } from './patience.js'
import { isServable } from './servable.js'
import { Slots } from './slots.js'
import type { SwarmOptions } from './swarm-options.js'
import type { Connected, SwarmIn, SwarmOut } from './traffic.js'
import { type Informant, Word } from './word.js'

export type { SwarmAction, SwarmIn, SwarmNote, SwarmOut } from './traffic.js'
export { isNote } from './traffic.js'

const CHECK_MICROS = 250_000
/** A newcomer is told of some of so many at most: a sender may have thousands, and they come all at once. */
const AMONG = 8 * LIMITS.introductions
/** One that answers nothing is left alone for so long, and longer each time. */
const STALLED_MICROS = 4_000_000

export class Swarm implements Machine<SwarmIn, SwarmOut> {
  readonly book: AddressBook
  readonly slots = new Slots()
  readonly division: Division
  readonly #options: SwarmOptions
  readonly #geometry: Geometry
  readonly #links = new Map<number, Link>()
  #active: readonly Link[] | undefined
  readonly #out: SwarmOut[] = []
  readonly news: News
  /** For those whom every packet reaches over a line that many share. */
  readonly #farNews: News
  readonly #keeps: boolean
  /** Payload that peers sent us. */
  receivedBytes = 0
  #checkAt: Micros = Number.POSITIVE_INFINITY
  #dialling = 0
  readonly #greeting: Greeting
  readonly #word = new Word()
  readonly #door: Door
  /** Set by a transmitter: what will go by multicast is answered "later". */
  later: (block: number, link: Link) => boolean = () => false
  /** It is in another segment than we, as far as is known: it hears of news more rarely. */
  isFar: (link: Link) => boolean = () => false
  /** How many more should be connected, where not only their number counts. */
  wanted: () => number = () => this.#options.connectionsWanted - this.#links.size

  constructor(options: SwarmOptions) {
    this.#options = options
    this.#geometry = options.geometry
    this.#keeps = options.keeps ?? true
    this.book = new AddressBook(options.prng)
    this.#door = new Door(options.role)
    this.#greeting = new Greeting(options)
    this.news = new News(options.prng)
    this.#farNews = new News(options.prng, LIMITS.haveFarMicros)
    this.division = new Division(options.geometry, options.node)
  }

  /** All greeted connections that take part. A change makes a new list: one may close them meanwhile. */
  links(): readonly Link[] {
    return (this.#active ??= [...this.#links.values()].filter(link => link.active))
  }

  get connectionCount(): number {
    return this.#links.size
  }

  get complete(): boolean {
    return this.#options.verified.full
  }

  /** Somebody is said to be there; until a seeder was greeted, a sender is owed word of our end. */
  learn(address: PeerAddress, from: Informant, now: Micros): void {
    if (from === 'announcement') this.book.announced(address, now)
    else this.book.add(address, from === 'operator')
    this.#word.learn(address, from)
  }

  /**
   * Complete, but a seeder that was here does not know (it is dialled until it does), or somebody who
   * may be one has not been greeted yet.
   */
  get owesWord(): boolean {
    return this.complete && (this.#word.isOwed || this.#dialling > 0 || this.#door.isGreeting)
  }

  /** When whoever is owed word is dialled: a second connection would only push out a slow first. */
  get #tellAt(): Micros {
    const isFree = this.complete && this.#dialling <= 0 && !this.#door.isGreeting
    return isFree ? this.#word.dueAt : Number.POSITIVE_INFINITY
  }

  get deadline(): Micros {
    const dial = this.book.nextAt(this.#peersWanted() > 0)
    const news = Math.min(this.news.dueAt, this.#farNews.dueAt)
    return Math.min(news, this.#checkAt, dial, this.#tellAt, this.slots.deadline)
  }

  handle(input: SwarmIn, now: Micros): void {
    if (input.type === 'connected') this.#onConnected(input, now)
    else if (input.type === 'dial-failed') this.#onDialFailed(input.address, now)
    else if (input.type === 'sent') this.slots.sent(input.peer, input.bytes, now)
    else {
      const link = this.#links.get(input.peer)
      if (link === undefined) return
      if (input.type === 'message') this.#onMessage(link, input.message, now)
      else this.#drop(link, input.reason, now)
    }
  }

  poll(now: Micros): SwarmOut | undefined {
    if (this.#out.length === 0) this.#work(now)
    return this.#out.shift()
  }

  /** Asks a peer for ranges; each is answered by `arrived` or `failed`, once. */
  request(link: Link, ranges: readonly Range[], now: Micros): void {
    // It may have gone right behind the data for which it is asked for more.
    if (this.#links.get(link.peer) !== link) return this.#failed(link, ranges, 'closed')
    for (const range of ranges) link.ask(range, now)
    for (let i = 0; i < ranges.length; i += LIMITS.requestRangesMax) {
      const part = ranges.slice(i, i + LIMITS.requestRangesMax)
      this.send(link, { type: 'request', ranges: part }, now)
    }
  }

  /** Gives up on a range asked of a peer; a late answer is still welcome. */
  cancel(link: Link, range: Range, now: Micros): void {
    const asked = link.asked.get(rangeKey(range))
    if (asked === undefined || asked.cancelled) return
    asked.cancelled = true
    link.abandon(asked)
    this.send(link, { type: 'cancel', ranges: [asked.range] }, now)
  }

  /** Tells those with whom the work is divided what we have begun to fetch from outside. */
  tellBegun(blocks: readonly number[], now: Micros): void {
    for (const link of this.division.fellows(this.links()))
      this.send(link, { type: 'start', blocks }, now)
  }

  /** Asks for the layer of a chunk; it comes as a note. */
  requestLayer(link: Link, chunk: number, now: Micros): void {
    link.askLayer(chunk)
    this.send(link, { type: 'layer-request', chunks: [chunk] }, now)
  }

  send(link: Link, message: Message, now: Micros): void {
    link.lastSentAt = now
    this.#out.push({ type: 'send', peer: link.peer, message })
  }

  /** It may be served at once, and peers hear of it; later if they may have `heard` it, too. */
  verified(block: number, count: number, heard: boolean, now: Micros): void {
    this.tellNear(block, count, heard, now)
    this.tellFar(block, count, now)
  }

  /** Of `count` blocks of a chunk. */
  tellNear(block: number, count: number, heard: boolean, now: Micros): void {
    if (!this.#keeps) return
    this.news.add(this.#geometry.chunkOfBlock(block), count, heard, this.#links.size, now)
  }

  tellFar(block: number, count: number, now: Micros): void {
    if (!this.#keeps) return
    this.#farNews.add(this.#geometry.chunkOfBlock(block), count, false, this.#links.size, now)
  }

  /** Everything stands: whoever sends hears of it, and peers, unless there is nothing to be had. */
  tellComplete(link: Link, progress: Progress, now: Micros): void {
    if (this.#keeps || link.seeder) this.send(link, { type: 'complete', progress }, now)
    if (!link.seeder && (link.complete || !this.#keeps)) this.close(link, 'both complete', now)
  }

  close(link: Link, reason: string, now: Micros, abrupt = false): void {
    if (!this.#links.has(link.peer)) return
    this.#out.push({ type: 'close', peer: link.peer, reason, abrupt })
    this.#drop(link, reason, now)
  }

  /** Ends a connection whose other side did what nobody may, and does not dial it for long. */
  expel(peer: number, reason: string, now: Micros): void {
    const link = this.#links.get(peer)
    if (link === undefined) return
    this.close(link, reason, now, true)
    if (link.address) this.book.offended(link.address, now)
  }

  #onConnected(input: Connected, now: Micros): void {
    const { peer, host, localHost, outbound } = input
    const link = new Link(peer, host, outbound, now, localHost)
    if (input.outbound) {
      this.#dialling--
      link.address = { host: input.host, port: input.port }
    }
    this.#links.set(input.peer, link)
    this.#door.entered(link)
    this.#checkAt = Math.min(this.#checkAt, now + CHECK_MICROS)
    const leaver = this.#door.whoMustGo(this.#links, link)
    if (leaver !== undefined) this.close(leaver, 'too many connections', now, true)
    if (leaver !== link && input.outbound) this.#greet(link, now)
  }

  #onDialFailed(address: PeerAddress, now: Micros): void {
    this.#dialling--
    this.book.failed(address, now)
  }

  #greet(link: Link, now: Micros): void {
    link.greeted = true
    this.send(link, this.#greeting.say(), now)
  }

  #onMessage(link: Link, message: Message, now: Micros): void {
    link.lastByteAt = now
    const { peer } = link
    if (!link.affords(message, now)) return this.expel(peer, 'it floods us', now)
    if (link.hello === undefined) {
      if (message.type === 'hello') this.#onHello(link, message, now)
      else this.expel(peer, 'no hello', now)
      return
    }
    if (!link.earnest && message.type !== 'keep-alive') {
      link.earnest = true
      if (link.address) this.book.succeeded(link.address)
    }
    switch (message.type) {
      case 'hello':
        return this.expel(peer, 'second hello', now)
      case 'have':
        link.held ??= new Bitmap(this.#geometry.blockCount)
        if (learnHave(this.#geometry, link.held, message)) return
        return this.expel(peer, 'impossible have', now)
      case 'start':
        // Who has everything fetches nothing.
        return link.complete ? undefined : this.division.begun(peer, message.blocks, now)
      case 'request':
        for (const range of message.ranges) this.#onRequest(link, range, now)
        return
      case 'cancel':
        for (const range of message.ranges) {
          const left = this.slots.cancel(peer, range)
          if (left !== undefined) this.#reject(link, 'refused', left, now)
        }
        return
      case 'reject':
        return this.#onReject(link, message, now)
      case 'data':
        return this.#onData(link, message, now)
      case 'layer-request':
        for (const chunk of message.chunks)
          if (this.#links.has(peer)) this.#onLayerRequest(link, chunk, now)
        return
      case 'layer':
        if (!link.answerLayer(message.chunk))
          return this.expel(peer, 'a layer nobody asked for', now)
        this.#out.push({ type: 'layer', link, chunk: message.chunk, leaves: message.leaves })
        return
      case 'meta-request':
        return this.#onMetaRequest(link, message.offsetBytes, message.lengthBytes, now)
      case 'meta':
        return this.expel(peer, 'meta nobody asked for', now)
      default:
        this.#onControl(link, message, now)
    }
  }

  #onHello(link: Link, hello: Hello, now: Micros): void {
    const { node } = this.#options
    const stranger = whyStranger(hello, this.#options)
    if (stranger !== undefined) {
      if (link.address) this.book.forget(link.address)
      return this.close(link, stranger, now)
    }
    const twin = this.#door.twinOf(link, hello)
    if (twin !== undefined) {
      // Both sides see the same two connections and both keep the lower node's own, unless the old
      // one says nothing any more: its other end may have moved to another address.
      const dead = now - twin.lastByteAt > 2 * LIMITS.keepAliveMicros
      const keepNew =
        dead || (link.outbound ? node : hello.node) < (twin.outbound ? node : hello.node)
      if (!keepNew && twin.outbound !== link.outbound) return this.close(link, 'duplicate', now)
      this.close(twin, 'duplicate', now)
    }
    link.hello = hello
    if (hello.downloadBps !== undefined)
      this.#out.push({ type: 'pace', peer: link.peer, rateBps: hello.downloadBps })
    this.#door.greeted(link)
    this.#active = undefined
    link.complete = hello.complete
    if (link.address === undefined && hello.port > 0)
      link.address = { host: link.host, port: hello.port }
    if (link.address && hello.role !== 'meta') {
      this.book.add(link.address, false)
      this.book.connected(link.address)
    }
    if (!link.greeted) this.#greet(link, now)
    if (!link.active) return
    if (link.seeder) this.#word.met()
    if (!this.#keeps && hello.features.includes(DISCARDS))
      return this.close(link, 'neither of us keeps anything', now)
    if (this.#keeps && !this.complete && !link.complete) this.#tellAll(link, now)
    this.#introduce(link, now)
    this.#out.push({ type: 'joined', link })
  }

  /** Tells all that we hold. */
  #tellAll(link: Link, now: Micros): void {
    const { verified } = this.#options
    const chunks = startedChunks(this.#geometry, verified)
    for (const have of haveMessages(this.#geometry, verified, chunks)) this.send(link, have, now)
  }

  /** Tells a newcomer of others, at random, but never of addresses it could not reach. */
  #introduce(link: Link, now: Micros): void {
    if (link.scope === 'none') return
    const { prng } = this.#options
    const links = this.links()
    const some = links.length > AMONG ? prng.some(links, AMONG) : links
    const others: PeerAddress[] = []
    for (const other of some)
      if (other !== link && other.address && other.scope === link.scope) others.push(other.address)
    if (others.length === 0) return
    const peers = prng.sample(others, LIMITS.introductions)
    this.send(link, { type: 'peers', peers }, now)
  }

  #onControl(link: Link, message: Control, now: Micros): void {
    if (message.type === 'keep-alive') return
    if (message.type === 'peers' && !this.complete)
      for (const address of message.peers)
        if (link.mayTell(address)) this.book.told(address, link.host)
    if (message.type === 'complete') {
      link.complete = true
      link.held = undefined
      if (this.complete && !link.seeder && this.#options.role !== 'seeder') {
        this.#out.push({ type: 'control', link, message })
        return this.close(link, 'both complete', now)
      }
    }
    this.#out.push({ type: 'control', link, message })
  }

  #drop(link: Link, reason: string, now: Micros): void {
    this.#links.delete(link.peer)
    this.#door.left(link)
    this.#active = undefined
    this.slots.drop(link.peer)
    this.division.left(link.peer)
    if (link.address) this.book.failed(link.address, now)
    if (link.seeder && !this.complete) this.#word.lost(link.address)
    this.#giveUp(link, 'closed')
    link.forgetAsked()
    if (link.hello !== undefined) this.#out.push({ type: 'left', link, reason })
  }

  #onData(link: Link, message: Data, now: Micros): void {
    const { range, bytes } = message
    const asked = link.answer(range, now)
    if (asked === undefined) return this.expel(link.peer, 'data nobody asked for', now)
    link.delivered(range.lengthBytes, now)
    this.receivedBytes += range.lengthBytes
    this.#out.push({ type: 'arrived', link, range, bytes, isLate: asked.abandoned })
  }

  #onReject(link: Link, message: Reject, now: Micros): void {
    for (const range of message.ranges) {
      const asked = link.answer(range, now)
      if (asked === undefined) return this.expel(link.peer, 'reject of nothing', now)
      if (asked.abandoned) continue
      this.#out.push({ type: 'failed', link, range, reason: message.reason })
      // Nobody forgets what was verified once: it never had what it said.
      if (message.reason !== 'later') return this.expel(link.peer, 'it lacks what it offered', now)
      link.putOff(now)
    }
  }

  // ---- requests of others

  #onRequest(link: Link, range: Range, now: Micros): void {
    const servable = this.#keeps && isServable(range, this.#geometry, this.#options.verified)
    if (!servable) return this.#reject(link, 'gone', range, now)
    if (this.later(range.block, link)) return this.#reject(link, 'later', range, now)
    if (!this.slots.ask(link, range, now)) this.#reject(link, 'later', range, now)
  }

  #reject(link: Link, reason: RejectReason, range: Range, now: Micros): void {
    this.send(link, { type: 'reject', reason, ranges: [range] }, now)
  }

  #onLayerRequest(link: Link, chunk: number, now: Micros): void {
    if (chunk < this.#geometry.chunkCount)
      this.#out.push({ type: 'serve-layer', peer: link.peer, chunk })
    else this.expel(link.peer, 'impossible chunk', now)
  }

  #onMetaRequest(link: Link, offset: number, length: number, now: Micros): void {
    const { metaBytes } = this.#options
    const bytes = metaBytes.subarray(offset, offset + length)
    if (offset > metaBytes.length || length > LIMITS.rangeBytesMax)
      return this.expel(link.peer, 'impossible meta request', now)
    if (!link.affordsMeta(bytes.length, metaBytes.length))
      return this.expel(link.peer, 'the meta again and again', now)
    const part = { type: 'meta', totalBytes: metaBytes.length, offsetBytes: offset, bytes } as const
    this.send(link, part, now)
  }

  #work(now: Micros): void {
    if (now >= this.news.dueAt) this.#tellNews(this.news.take(now), false, now)
    if (now >= this.#farNews.dueAt) this.#tellNews(this.#farNews.take(now), true, now)
    if (now >= this.#checkAt) this.#check(now)
    for (let serve = this.slots.next(now); serve; serve = this.slots.next(now)) {
      const link = this.#links.get(serve.peer)
      if (link) link.lastSentAt = now
      this.#out.push({ type: 'serve', peer: serve.peer, range: serve.range })
    }
    const wanted = this.#peersWanted()
    if (this.book.nextAt(wanted > 0) <= now)
      for (const address of this.book.take(wanted, now)) this.#dial(address)
    if (now >= this.#tellAt) this.#dial(this.book.unlessBusy(this.#word.take(now)))
  }

  #dial(address: PeerAddress | undefined): void {
    if (address === undefined) return
    this.#dialling++
    this.#out.push({ type: 'dial', address })
  }

  /** Who has everything dials nobody: whoever needs it will come. */
  #peersWanted(): number {
    return this.complete ? 0 : Math.min(this.wanted(), LIMITS.dialsAtOnce) - this.#dialling
  }

  #tellNews(chunks: readonly number[], isFar: boolean, now: Micros): void {
    let messages: readonly Message[] | undefined
    for (const link of this.links()) {
      if (link.complete || this.isFar(link) !== isFar) continue
      messages ??= haveMessages(this.#geometry, this.#options.verified, chunks)
      for (const message of messages) this.send(link, message, now)
    }
  }

  #check(now: Micros): void {
    this.#checkAt = this.#links.size === 0 ? Number.POSITIVE_INFINITY : now + CHECK_MICROS
    const withAll = patienceOf(this.#links.values(), now)
    for (const link of [...this.#links.values()]) {
      // Behind the line that all sites share nobody would be faster.
      const least = this.division.isSource(link) ? LIMITS.answerMicros : 0
      const patience = Math.max(least, patienceFor(link, withAll))
      const silent = now - link.lastByteAt
      const stalled = link.isStalled(now, Math.max(LIMITS.answerMicros, patience))
      if (stalled) link.quietUntil = now + STALLED_MICROS * 2 ** link.stalls++
      if (link.hello === undefined && silent > LIMITS.helloMicros) this.close(link, 'no hello', now)
      else if (silent > LIMITS.idleCloseMicros) this.close(link, 'silent', now)
      else if (link.stalls >= LIMITS.stallsMax && !link.seeder)
        this.close(link, 'it answers nothing', now)
      else {
        if (stalled || silent > patience) this.#giveUp(link, 'silent')
        if (link.active && now - link.lastSentAt > LIMITS.keepAliveMicros)
          this.send(link, { type: 'keep-alive' }, now)
      }
    }
  }

  #giveUp(link: Link, reason: 'closed' | 'silent'): void {
    for (const asked of link.asked.values()) {
      if (asked.abandoned) continue
      link.abandon(asked)
      this.#failed(link, [asked.range], reason)
    }
  }

  #failed(link: Link, ranges: readonly Range[], reason: 'closed' | 'silent'): void {
    for (const range of ranges) this.#out.push({ type: 'failed', link, range, reason })
  }
}
