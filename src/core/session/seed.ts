// A sender: waits for its start condition, blasts, repeats what many miss, serves the rest, and ends
// when every receiver it has heard of is complete or gone. One dead host never holds it up.

import { Bitmap } from '../base/bitmap.js'
import { LIMITS } from '../base/limits.js'
import type { Machine, Micros } from '../base/machine.js'
import type { RangeSet } from '../base/ranges.js'
import type { Batch } from '../multicast/batch.js'
import { Sender } from '../multicast/sender.js'
import type { RateController } from '../rate/controller.js'
import type { Link } from '../swarm/link.js'
import { isNote, Swarm, type SwarmAction, type SwarmIn, type SwarmNote } from '../swarm/swarm.js'
import { type SessionId, sessionText } from '../wire/datagram.js'
import type { Control } from '../wire/message.js'
import { Announcing } from './announcing.js'
import { Auditor } from './auditor.js'
import { Bill } from './bill.js'
import type { BlastIn, Blasting, BlastOut } from './blasting.js'
import { Fellows } from './fellows.js'
import { Frames, isLong, shortFramesNotice } from './frames.js'
import { areOverworked } from './overwork.js'
import { EARNEST_MICROS, type Receiver, Receivers, stuckNotice } from './receivers.js'
import { parityFor } from './redundancy.js'
import { blocksToRepeat, blocksToSend, isLossy, patienceMicros, wasInVain } from './repeat.js'
import type { SeedOptions } from './seed-options.js'
import { StartCondition } from './start.js'

export type SeedIn =
  | SwarmIn
  | { type: 'query'; id: string | undefined }
  /** The operator has had enough: farewell, and the end. */
  | { type: 'stop' }
  /** Another transmitter of this transfer is heard. */
  | { type: 'announced'; session: SessionId }
  | BlastIn
  /** The operator wants to start now. */
  | { type: 'start' }

export type SeedOut =
  | SwarmAction
  | BlastOut
  | { type: 'notice'; code: string; level: 'info' | 'warning'; message: string; hint?: string }
  | { type: 'peer'; host: string; port: number; state: 'connected' | 'closed'; reason?: string }
  | { type: 'receiver'; receiver: Receiver }
  /** Everybody is complete or gone. */
  | { type: 'ended' }

export type SeedPhase = 'waiting' | 'blasting' | 'collecting' | 'serving' | 'ended'

const TICK_MICROS = 50_000
const TICK_PER_RECEIVER_MICROS = 5
/** So long nobody hears anything of a blast in long frames until they are given up. */
const DARK_MICROS = 2_000_000

const ROUTE_HINT = 'check the route to the group (ip route), the switch and --interface'
const OVERWORKED =
  'without native batches the receivers are too slow for datagrams, and TCP costs them less'
const OVERWORKED_HINT = '`mcp2p --version --verbose` says there why they have none'

export class Seed implements Machine<SeedIn, SeedOut>, Blasting {
  readonly swarm: Swarm
  readonly sender: Sender
  readonly receivers = new Receivers()
  readonly #options: SeedOptions
  readonly #rate: RateController
  readonly #auditor: Auditor
  readonly #condition: StartCondition
  readonly #out: SeedOut[] = []
  readonly #startedAt: Micros
  #phase: SeedPhase = 'waiting'
  #phaseAt: Micros
  #multicast: boolean
  #tickAt: Micros
  readonly #announcing: Announcing
  #blastAt: Micros
  #blastingSince: Micros | undefined
  /** Since when nobody needs it. */
  #idleSince: Micros | undefined
  #told = ''
  readonly #fellows: Fellows
  readonly #frames: Frames
  readonly #bill: Bill
  /** Those who report fast while the rate ramps. */
  #sample: ReadonlySet<Receiver> = new Set()

  constructor(options: SeedOptions, now: Micros) {
    const { id, node, port, geometry, metaBytes, prng } = options
    this.#options = options
    this.#rate = options.rate
    const verified = new Bitmap(geometry.blockCount)
    verified.addRange(0, geometry.blockCount)
    this.swarm = new Swarm({
      id,
      node,
      role: 'seeder',
      port,
      geometry,
      verified,
      metaBytes,
      prng: prng.fork(),
      connectionsWanted: 0,
      isQuiet: options.multicast === 'never',
    })
    if (options.upload) this.swarm.slots.cap(options.upload)
    const { session, symbolBytes, rate } = options
    const carousel = options.carousel !== undefined
    this.#frames = new Frames(symbolBytes, carousel ? undefined : options.longSymbolBytes)
    const condition = { ...options, alone: carousel, frames: this.#frames }
    this.#condition = new StartCondition(condition, this.receivers, now)
    const parityRows = parityFor(options.fec, this.receivers, rate, carousel)
    const blast = { geometry, session, symbolBytes, rate, parityRows, carousel }
    this.sender = new Sender({ ...blast, metaBytes: metaBytes.length })
    this.swarm.later = (block, link) => this.sender.willSend(block) || this.#repeatsFor(link)
    this.#bill = new Bill({ ...options, role: 'seeder' }, this.sender)
    this.#auditor = new Auditor(options.rate)
    this.#fellows = new Fellows(sessionText(session))
    this.#multicast = options.multicast !== 'never'
    this.#startedAt = now
    this.#phaseAt = now
    this.#tickAt = now
    this.#announcing = new Announcing(carousel ? LIMITS.carouselAnnounceEveryMicros : undefined)
    this.#announcing.begin(now)
    this.#blastAt = now
  }

  get phase(): SeedPhase {
    return this.#phase
  }

  get deadline(): Micros {
    if (this.#phase === 'ended') return this.swarm.deadline
    return Math.min(this.#tickAt, this.#announcing.at, this.swarm.deadline)
  }

  /** When `fill` should be called. */
  fillDeadline(now: Micros): Micros {
    return this.sender.deadline(now)
  }

  handle(input: SeedIn, now: Micros): void {
    switch (input.type) {
      case 'query':
        if (input.id === undefined || this.#options.id.startsWith(input.id))
          this.#announcing.soon(now)
        return
      case 'announced':
        return this.#fellows.heard(sessionText(input.session), now)
      case 'chunk-read':
        return this.sender.chunkReady(input.chunk)
      case 'start':
        if (this.#phase === 'waiting') this.#start(now)
        return
      case 'stop':
        if (this.#phase !== 'ended') this.#end(now)
        return
      case 'mute':
        return this.#stopMulticast(
          'multicast-failed',
          `multicast cannot be sent (${input.reason})`,
          now,
        )
      case 'left':
        return this.#rate.onSent(input.bytes, now)
      case 'blocked':
        return this.#rate.onBlocked(now)
      default:
        this.swarm.handle(input, now)
    }
  }

  fill(batch: Batch, now: Micros, lateMicros = 0): void {
    this.sender.fill(batch, now, lateMicros)
  }

  poll(now: Micros): SeedOut | undefined {
    if (this.#phase !== 'ended') {
      if (now >= this.#announcing.at) this.#announce(now)
      if (now >= this.#tickAt) this.#tick(now)
    }
    for (;;) {
      const ready = this.#out.shift()
      if (ready !== undefined) return ready
      const sent = this.sender.poll()
      if (sent !== undefined) {
        if (sent.type === 'pass-ended') this.#onPassEnded(now)
        else return sent
        continue
      }
      const out = this.swarm.poll(now)
      if (out === undefined) return undefined
      if (!isNote(out)) return out
      this.#onNote(out, now)
    }
  }

  // ---- receivers

  #onNote(note: SwarmNote, now: Micros): void {
    const { link } = note
    const { host } = link
    const port = link.address?.port ?? 0
    if (note.type === 'joined') {
      this.#out.push({ type: 'peer', host, port, state: 'connected' })
      if (link.hello?.role !== 'receiver') return
      const receiver = this.receivers.joined(link, now)
      this.#tellOne(receiver, now, true)
      this.#out.push({ type: 'receiver', receiver })
      this.#tickSoon(now)
    } else if (note.type === 'left') {
      this.#out.push({ type: 'peer', host, port, state: 'closed', reason: note.reason })
      const receiver = this.receivers.of(link)
      if (receiver === undefined || receiver.link !== link) return
      this.receivers.left(receiver, link.lastByteAt)
      this.#auditor.gone(receiver, now)
      this.#out.push({ type: 'receiver', receiver })
    } else if (note.type === 'control') this.#onControl(link, note.message, now)
  }

  #onControl(link: Link, message: Control, now: Micros): void {
    const receiver = this.receivers.of(link)
    if (receiver === undefined) return
    if (message.type === 'report') {
      this.receivers.told(receiver, message.progress, now)
      if (message.session === sessionText(this.sender.session))
        this.#auditor.report(receiver, message, this.#phase === 'blasting', now)
    } else if (message.type === 'reached') {
      receiver.reachedBytes = Math.max(receiver.reachedBytes, message.bytes)
    } else if (message.type === 'missing') {
      // A second answer for one pass says nothing about what that pass brought.
      const isNews = receiver.missing?.pass !== message.pass
      if (isNews) receiver.inVain = wasInVain(receiver.missing, message)
      receiver.missing = message
      // An answer that was long on its way over a lossy path is no reason to leave it to TCP.
      const isLate = this.#phase === 'serving' && this.#multicast && isLossy(receiver)
      if (isLate && message.pass === this.sender.pass) this.#enter('collecting', now)
      if (this.#phase === 'collecting' || this.#phase === 'waiting') this.#tickSoon(now)
    } else if (message.type === 'complete' && receiver.completeAt === undefined) {
      this.receivers.told(receiver, message.progress, now)
      receiver.completeAt = now
      this.#auditor.gone(receiver, now)
      this.#out.push({ type: 'receiver', receiver })
      this.#tickSoon(now)
    }
  }

  /**
   * Over a lossy path a range by TCP takes so long that everything else said to that receiver waits
   * behind it, the end of the pass included; while passes last they bring it sooner. How lossy a
   * path is, its first report tells.
   */
  #repeatsFor(link: Link): boolean {
    if (this.#phase !== 'blasting' && this.#phase !== 'collecting') return false
    const receiver = this.receivers.of(link)
    return receiver !== undefined && (receiver.report === undefined || isLossy(receiver))
  }

  // ---- the course of the session

  #enter(phase: SeedPhase, now: Micros, withPlace = false): void {
    this.#phase = phase
    this.#phaseAt = now
    this.#limitServing(now)
    this.#tellAll(now, withPlace)
  }

  #start(now: Micros): void {
    if (!this.#multicast) return this.#enter('serving', now)
    const { geometry, carousel } = this.#options
    const live = carousel ? [] : [...this.receivers.open()]
    const blocks = blocksToSend({ geometry, live, pass: this.sender.pass })
    this.#blastingSince ??= now
    this.#startPass(blocks, now)
  }

  #startPass(blocks: RangeSet, now: Micros): void {
    const isNew = this.#fitFrames(now)
    const first = this.#fellows.startFraction(now) * this.#options.geometry.blockCount
    this.sender.startPass(blocks, now, Math.floor(first))
    this.#auditor.passStarted(now)
    // The passes of a carousel may be short: its next tick tells of a new one.
    if (isNew || this.#phase !== 'blasting') this.#enter('blasting', now, isNew)
  }

  /** Another length of datagrams is another session; true when there is one now. */
  #fitFrames(now: Micros): boolean {
    const live = [...this.receivers.open()]
    const symbolBytes = this.#frames.symbolBytesFor(live)
    const unreached = this.#frames.unreached(live)
    if (unreached.length > 0 && this.sender.pass === 0)
      this.#out.push({
        type: 'notice',
        ...shortFramesNotice(unreached, this.#frames.probeBytes ?? 0),
      })
    if (symbolBytes === this.sender.symbolBytes) return false
    const { high } = this.sender.session
    this.sender.reform({ high, low: this.#options.prng.u32() }, symbolBytes)
    this.#fellows.rename(sessionText(this.sender.session))
    this.#announce(now)
    return true
  }

  /** Long frames that everybody had confirmed, and now nobody hears anything: back to short ones. */
  #mindFrames(now: Micros): void {
    if (!isLong(this.sender.symbolBytes) || this.#auditor.darkMicros < DARK_MICROS) return
    this.#frames.distrust()
    const rest = this.sender.rest
    const message = 'frames of 1500 bytes: longer ones no longer reach anybody'
    const hint = 'look for what has changed between here and the receivers'
    this.#out.push({ type: 'notice', code: 'short-frames', level: 'warning', message, hint })
    this.sender.stop()
    this.#startPass(rest, now)
  }

  #onPassEnded(now: Micros): void {
    if (this.#phase !== 'blasting') return
    const { carousel } = this.#options
    if (carousel === undefined) this.#enter('collecting', now)
    else if (this.sender.pass < carousel.passes) this.#start(now)
    else this.#enter('serving', now)
  }

  #stopMulticast(code: string, why: string, now: Micros, hint = ROUTE_HINT): void {
    if (!this.#multicast) return
    this.#multicast = false
    this.sender.stop()
    const message = `swarm only: ${why}`
    this.#out.push({ type: 'notice', code, level: 'warning', message, hint })
    if (this.#phase === 'blasting' || this.#phase === 'collecting') this.#enter('serving', now)
    else this.#tellAll(now)
  }

  /** At once, or when many have come: each tick looks at all of them, and all come at the same time. */
  #tickSoon(now: Micros): void {
    this.#tickAt = Math.min(this.#tickAt, now + this.receivers.size * TICK_PER_RECEIVER_MICROS)
  }

  #tick(now: Micros): void {
    this.#tickAt = now + TICK_MICROS
    this.#rate.tick(now)
    if (this.#phase === 'waiting') this.#wait(now)
    if (this.#phase === 'blasting') this.#watchBlast(now)
    if (this.#phase === 'collecting') this.#collect(now)
    this.#tell(now)
    this.#maybeEnd(now)
  }

  #wait(now: Micros): void {
    if (!this.#frames.settled(this.receivers.open(), now)) this.#announcing.soon(now)
    if (this.#condition.holds(now)) this.#start(now)
  }

  #watchBlast(now: Micros): void {
    this.#limitServing(now)
    const { carousel, multicast } = this.#options
    if (carousel && now - (this.#blastingSince ?? now) >= carousel.micros) {
      this.sender.stop()
      return this.#enter('serving', now)
    }
    // Who listens to a carousel may be unable to say so.
    if (carousel || multicast === 'always') return
    if (this.#rate.stopped === 'no-reports')
      return this.#stopMulticast('no-reports', 'no receiver has reported for 15 s', now)
    if (this.#rate.stopped === 'below-min')
      return this.#stopMulticast('below-min', 'the path carries less than --min-rate', now)
    this.#mindFrames(now)
    const unheard = this.#auditor.unheardMicros(this.receivers, now)
    if (unheard >= LIMITS.unheardStopMicros)
      this.#stopMulticast('unheard', `no receiver hears ${this.#options.group}`, now)
    if (areOverworked(this.receivers.open(), this.#rate.rateBps, now))
      this.#stopMulticast('overworked', OVERWORKED, now, OVERWORKED_HINT)
  }

  /** After a pass: waits for what the receivers miss, but not for ever, then repeats or stops. */
  #collect(now: Micros): void {
    const live = [...this.receivers.open()]
    const { pass } = this.sender
    const silent = live.filter(r => r.missing?.pass !== pass)
    const awaited = silent.filter(r => !r.keptWaiting)
    if (awaited.length > 0 && now - this.#phaseAt < patienceMicros(awaited, live)) return
    for (const each of live) each.keptWaiting = silent.includes(each)
    const blocks = blocksToRepeat({ geometry: this.#options.geometry, live, pass })
    if (blocks.total > 0) this.#startPass(blocks, now)
    else this.#enter('serving', now)
  }

  #maybeEnd(now: Micros): void {
    const { forever, carousel, lingerMicros } = this.#options
    if (forever || this.#phase === 'ended') return
    if (carousel && this.#phase !== 'serving') return
    if (this.#isNeeded(now)) {
      this.#idleSince = undefined
      return
    }
    // Who came just now may be a receiver; but strangers could come one after the other for ever.
    this.#idleSince ??= now
    if (this.receivers.hasNewcomer(now) && now - this.#idleSince < EARNEST_MICROS) return
    const hoped = this.receivers.hoped(lingerMicros, Number.POSITIVE_INFINITY, now)
    const stuck = [...hoped].length
    if (stuck > 0) this.#out.push({ type: 'notice', ...stuckNotice(stuck) })
    this.#end(now)
  }

  /** Somebody is not complete, or may still come. */
  #isNeeded(now: Micros): boolean {
    const { lingerMicros, waitMicros, carousel } = this.#options
    const { receivers } = this
    if (!receivers.hasEarnest) return !carousel && now - this.#startedAt < waitMicros + lingerMicros
    const servedSince = this.#phase === 'serving' ? this.#phaseAt : Number.POSITIVE_INFINITY
    if (!receivers.hoped(lingerMicros, servedSince, now)[Symbol.iterator]().next().done) return true
    return this.#phase === 'waiting' && this.#condition.expectsMore(now)
  }

  #end(now: Micros): void {
    this.sender.stop()
    this.receivers.forgetMute()
    this.#phase = 'ended'
    for (const link of this.swarm.links())
      this.swarm.send(link, { type: 'bye', reason: 'the sender is done' }, now)
    this.#out.push({ type: 'ended' })
  }

  /** While it blasts, a transmitter gives repair a small share of its rate only. */
  #limitServing(now: Micros): void {
    const blasting = this.#phase === 'blasting'
    const share = LIMITS.repairShare * this.#rate.rateBps
    this.swarm.slots.limit(blasting ? share : Number.POSITIVE_INFINITY, now)
  }

  // ---- what it says

  #tellOne(receiver: Receiver, now: Micros, withPlace: boolean): void {
    const count = this.receivers.size
    const blasting = this.#phase === 'blasting'
    const sampled = this.#sample.has(receiver) || this.#sample.size < LIMITS.reportSampleRamp
    const fast = blasting && this.#rate.wantsFastReports && sampled
    const steady = Math.max(this.#steadyMicros / 1000, 2 * count)
    const millis = fast ? LIMITS.reportRampMicros / 1000 : Math.min(60_000, steady)
    if (receiver.link === undefined) return
    const demotedLoss = this.#auditor.advice(receiver, now)
    const state = this.#multicast ? BLAST_STATES[this.#phase] : 'ended'
    const blast = this.#bill.blast(state, millis, withPlace && this.#multicast)
    const message = demotedLoss === undefined ? blast : { ...blast, demotedLoss }
    this.swarm.send(receiver.link, message, now)
  }

  #tellAll(now: Micros, withPlace = false): void {
    const everyMicros = this.receivers.size * LIMITS.blastPerReceiverMicros
    this.#blastAt = now + Math.max(this.#steadyMicros, everyMicros)
    this.#told = this.#mood()
    this.#sample = this.receivers.sample(LIMITS.reportSampleRamp)
    // Who is complete needs no multicast: it is only told when the sender ends.
    for (const receiver of this.receivers.open()) this.#tellOne(receiver, now, withPlace)
  }

  /** Tells the receivers regularly, and at once when what they should do changes. */
  #tell(now: Micros): void {
    if (now >= this.#blastAt || this.#told !== this.#mood()) this.#tellAll(now)
  }

  /** Where nothing is ever blasted there is little to tell, and `--upload` may be low. */
  get #steadyMicros(): Micros {
    return this.#multicast ? LIMITS.reportSteadyMicros : LIMITS.reportServedMicros
  }

  #mood(): string {
    const pass = this.#options.carousel ? this.sender.pass : ''
    return `${this.#phase} ${this.#multicast} ${this.#rate.wantsFastReports} ${pass}`
  }

  #announce(now: Micros): void {
    this.#announcing.said(now)
    const announce = this.#bill.announce(this.#multicast)
    this.#out.push({ type: 'announce', sequence: this.#announcing.nextSequence(), announce })
    const padToBytes = this.#frames.probeBytes
    if (padToBytes === undefined || !this.#multicast) return
    const sequence = this.#announcing.nextSequence()
    this.#out.push({ type: 'announce', sequence, announce, padToBytes })
  }
}

const BLAST_STATES = {
  waiting: 'waiting',
  blasting: 'blasting',
  collecting: 'paused',
  serving: 'ended',
  ended: 'ended',
} as const
