// One connection to a peer: who it is, what it holds, what we asked of it. A connection is
// disposable; whatever was asked of it returns to the pool when it goes.

import type { Bitmap } from '../base/bitmap.js'
import { prefixOf } from '../base/endpoint.js'
import { BLOCK_BYTES, LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'
import { type Scope, scopeOf } from '../base/scope.js'
import type { Hello, Message, PeerAddress, Range } from '../wire/message.js'

export interface Asked {
  readonly range: Range
  readonly at: Micros
  /** Given up, but its answer is still owed and welcome. */
  abandoned: boolean
  /** It was told so. */
  cancelled: boolean
}

/** In the hello of a seeder that wants no multicast of its transfer, not even by relays. */
export const QUIET = 'no-multicast'

/** Who owes its first answer for so long keeps nobody from asking others for what it claims to have. */
const DOUBT_MICROS = 500_000

/** A peer that said "later" is left alone for so long, and longer each time until it gives something. */
const LATER_MICROS = 200_000
const LATER_MICROS_MAX = 1_000_000

const META_TIMES = 4
const NOTHING: ReadonlyMap<number, Asked> = new Map()

export class Link {
  readonly peer: number
  readonly outbound: boolean
  readonly host: string
  /** The subnet that it is in, as far as its address tells. */
  readonly prefix: string
  /** The one that we are in, on the way to it; '' where that is not known. */
  readonly home: string
  /** Of its address: who may be told of it. */
  readonly scope: Scope
  /** Where it listens: known at once when we dialled it, else from its hello. */
  address: PeerAddress | undefined
  hello: Hello | undefined
  /** We have said hello. */
  greeted = false
  /** It has said more than hello. */
  earnest = false
  complete = false
  held: Bitmap | undefined
  // Of the hundred thousand connections of a crowd few are ever asked for anything: no lists before that.
  #asked: Map<number, Asked> | undefined
  #layersAsked: Set<number> | undefined
  #metaBytes = 0
  /** Addresses that we learnt from it. */
  #addressesTold = 0
  /** How often in a row it answered nothing for too long. */
  stalls = 0
  /** How often in a row it said "later". */
  #laters = 0
  /** When it last answered, or was asked while nothing else was owed. */
  #answeredAt: Micros
  #budget: number = LIMITS.messagesBurst
  #budgetAt: Micros
  /** Blocks of given-up requests, how many answers are still owed: not to be asked of it again. */
  #owed: Map<number, number> | undefined
  askedBytes = 0
  /** Bytes of requested ranges it delivered. */
  deliveredBytes = 0
  rateBps = 0
  /** How fast its latest answer of a block or more came once it was its turn; 0: none has. */
  paceBps = 0
  /** It said "later": ask it nothing before. */
  quietUntil: Micros = 0
  lastByteAt: Micros
  lastSentAt: Micros
  #windowAt: Micros
  #windowBytes = 0

  /** `localHost`: our own end, where it is known. */
  constructor(peer: number, host: string, outbound: boolean, now: Micros, localHost?: string) {
    this.peer = peer
    this.host = host
    this.prefix = prefixOf(host)
    this.home = localHost === undefined ? '' : prefixOf(localHost)
    this.scope = scopeOf(host)
    this.outbound = outbound
    this.lastByteAt = now
    this.lastSentAt = now
    this.#windowAt = now
    this.#answeredAt = now
    this.#budgetAt = now
  }

  /** It is in our subnet. */
  get isNear(): boolean {
    return this.prefix === this.home
  }

  get node(): string {
    return this.hello?.node ?? ''
  }

  /** It takes part in the swarm: greeted, and not only for the meta. */
  get active(): boolean {
    return this.hello !== undefined && this.hello.role !== 'meta'
  }

  get seeder(): boolean {
    return this.hello?.role === 'seeder'
  }

  /** It sends, and wants none of it to be multicast. */
  get isQuiet(): boolean {
    return this.seeder && (this.hello?.features.includes(QUIET) ?? false)
  }

  /** What we asked of it and it has not answered, by the first byte. */
  get asked(): ReadonlyMap<number, Asked> {
    return this.#asked ?? NOTHING
  }

  /** It holds the block and may be asked for it. */
  has(block: number): boolean {
    if (!this.complete && !(this.held?.has(block) ?? false)) return false
    return this.#owed === undefined || !this.#owed.has(block)
  }

  /** The first block from there on that it holds, though it may not be asked for it; or -1. */
  nextHeld(from: number): number {
    return this.complete ? from : (this.held?.nextSet(from) ?? -1)
  }

  /** It takes part, has not said "later" and is not silent while it owes something. */
  answers(now: Micros): boolean {
    if (!this.active || now < this.quietUntil) return false
    return this.askedBytes === 0 || now - this.lastByteAt <= LIMITS.peerSilenceMicros
  }

  /** Bytes that may still be asked for: deep enough to keep it busy, shallow enough to be fair. */
  roomBytes(now: Micros): number {
    if (!this.answers(now)) return 0
    const wanted = (LIMITS.pipelineSeconds * this.rateBps) / 8
    const depth = Math.min(LIMITS.pipelineBytesMax, Math.max(LIMITS.pipelineBytesMin, wanted))
    return depth - this.askedBytes
  }

  /** Whether it has what it says is open: it never gave anything, and has owed something for long. */
  isDubious(now: Micros): boolean {
    if (this.stalls > 0) return true
    return this.askedBytes > 0 && this.deliveredBytes === 0 && now - this.#answeredAt > DOUBT_MICROS
  }

  /** It owes answers, and none has come for so long that it should not be asked again soon. */
  isStalled(now: Micros, patience: Micros): boolean {
    return this.askedBytes > 0 && now - this.#answeredAt > patience
  }

  /** Counts a message; false when it sends more than anybody has to say. */
  affords(message: Message, now: Micros): boolean {
    const earned = ((now - this.#budgetAt) * LIMITS.messagesPerSecondMax) / 1e6
    this.#budgetAt = now
    this.#budget = Math.min(LIMITS.messagesBurst, this.#budget + earned) - costOf(message)
    return this.#budget >= 0
  }

  /** Whether an address that it tells is worth knowing: it could know it, and tells few. */
  mayTell(address: PeerAddress): boolean {
    const isOurs = this.scope !== 'none' && scopeOf(address.host) === this.scope
    return isOurs && this.#addressesTold++ < LIMITS.peersPerLinkMax
  }

  /** Counts what it gets of the meta; false when that is more than anybody needs. */
  affordsMeta(bytes: number, allBytes: number): boolean {
    this.#metaBytes += bytes
    return this.#metaBytes <= META_TIMES * allBytes
  }

  /** It said "later". */
  putOff(now: Micros): void {
    this.quietUntil = now + Math.min(LATER_MICROS_MAX, LATER_MICROS * 2 ** this.#laters++)
  }

  ask(range: Range, now: Micros): void {
    if (this.askedBytes === 0) this.#answeredAt = now
    this.#asked ??= new Map()
    this.#asked.set(rangeKey(range), { range, at: now, abandoned: false, cancelled: false })
    this.askedBytes += range.lengthBytes
  }

  /** It is gone and will answer nothing. */
  forgetAsked(): void {
    this.#asked = undefined
    this.#owed = undefined
  }

  askLayer(chunk: number): void {
    this.#layersAsked ??= new Set()
    this.#layersAsked.add(chunk)
  }

  owesLayer(chunk: number): boolean {
    return this.#layersAsked?.has(chunk) ?? false
  }

  /** Takes the layer of a chunk; false when nobody asked for it. */
  answerLayer(chunk: number): boolean {
    return this.#layersAsked?.delete(chunk) ?? false
  }

  /**
   * Takes the answer to a request, or to the first blocks of one, whose rest is awaited still;
   * `undefined` when nobody asked for it.
   */
  answer(range: Range, now: Micros): Asked | undefined {
    const key = rangeKey(range)
    const asked = this.#asked?.get(key)
    if (asked === undefined || !isFirstOf(range, asked.range)) return undefined
    this.#asked?.delete(key)
    const lengthBytes = asked.range.lengthBytes - range.lengthBytes
    if (lengthBytes > 0) {
      const rest = { ...range, block: range.block + range.lengthBytes / BLOCK_BYTES, lengthBytes }
      this.#asked?.set(rangeKey(rest), { ...asked, range: rest })
    }
    const micros = Math.max(1, now - Math.max(asked.at, this.#answeredAt))
    if (range.lengthBytes >= BLOCK_BYTES) this.paceBps = (range.lengthBytes * 8e6) / micros
    this.#answeredAt = now
    this.stalls = 0
    if (!asked.abandoned) this.askedBytes -= range.lengthBytes
    else
      for (const block of blocksOf(range)) {
        const left = (this.#owed?.get(block) ?? 1) - 1
        if (left > 0) this.#owed?.set(block, left)
        else this.#owed?.delete(block)
      }
    return asked
  }

  /** Some of this block was asked of it, alone or with its neighbours, and is awaited. */
  owes(block: number): boolean {
    for (const { range, abandoned } of this.asked.values()) {
      const endBlock = range.block + (range.offsetBytes + range.lengthBytes) / BLOCK_BYTES
      if (!abandoned && range.block <= block && block < endBlock) return true
    }
    return false
  }

  /** It owes answers to requests that were given up. */
  get owesLate(): boolean {
    return this.#owed !== undefined && this.#owed.size > 0
  }

  owesLateOf(block: number): boolean {
    return this.#owed?.has(block) ?? false
  }

  abandon(asked: Asked): void {
    if (asked.abandoned) return
    asked.abandoned = true
    this.#owed ??= new Map()
    for (const block of blocksOf(asked.range))
      this.#owed.set(block, (this.#owed.get(block) ?? 0) + 1)
    this.askedBytes -= asked.range.lengthBytes
  }

  delivered(bytes: number, now: Micros): void {
    this.#laters = 0
    this.deliveredBytes += bytes
    this.#windowBytes += bytes
    const span = now - this.#windowAt
    if (span < 200_000) return
    const rate = (this.#windowBytes * 8e6) / span
    this.rateBps = this.rateBps === 0 ? rate : 0.7 * this.rateBps + 0.3 * rate
    this.#windowAt = now
    this.#windowBytes = 0
  }
}

/** What it takes to read a message that may come unasked; answers are bounded by the questions. */
function costOf(message: Message): number {
  switch (message.type) {
    case 'data':
    case 'reject':
    case 'layer':
    case 'keep-alive':
      return 1
    case 'request':
    case 'cancel':
      return 1 + message.ranges.length / 8
    case 'layer-request':
      return 1 + message.chunks.length / 8
    case 'start':
      return 1 + message.blocks.length / 8
    case 'have':
      return 1 + (message.chunkRuns.length + message.partial.length) / 8
    default:
      return 10
  }
}

/** The blocks that a range touches. */
export function* blocksOf(range: Range): Iterable<number> {
  const count = Math.ceil((range.offsetBytes + range.lengthBytes) / BLOCK_BYTES)
  for (let i = 0; i < count; i++) yield range.block + i
}

/** All of a range that was asked for, or whole blocks that it begins with. */
function isFirstOf({ lengthBytes }: Range, asked: Range): boolean {
  if (lengthBytes >= asked.lengthBytes) return lengthBytes === asked.lengthBytes
  return lengthBytes > 0 && asked.offsetBytes === 0 && lengthBytes % BLOCK_BYTES === 0
}

/** Unique for the first byte of a range. */
export function rangeKey(range: Range): number {
  return range.block * BLOCK_BYTES + range.offsetBytes
}
