// A receiver's own session: what it has fetched from outside it multicasts at home, chunk by chunk,
// each when all of it is verified. The blast, its rate and its reports are a sender's; there is no
// start condition and no repeat, because the mates repair among themselves what they miss.

import { LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'
import { RangeSet } from '../base/ranges.js'
import type { Batch } from '../multicast/batch.js'
import { Sender } from '../multicast/sender.js'
import type { Link } from '../swarm/link.js'
import type { Swarm } from '../swarm/swarm.js'
import type { Announce } from '../wire/announce.js'
import { type SessionId, sessionText } from '../wire/datagram.js'
import type { Control } from '../wire/message.js'
import { Announcing } from './announcing.js'
import { Auditor } from './auditor.js'
import { Bill } from './bill.js'
import type { Blasting } from './blasting.js'
import { Receivers } from './receivers.js'
import { parityFor } from './redundancy.js'
import type { RelayOptions } from './relay-options.js'

export type RelayOut =
  | { type: 'read' | 'release'; chunk: number }
  | { type: 'announce'; sequence: number; announce: Announce }
  /** The chunk has been multicast, or will not be. */
  | { type: 'relayed'; chunk: number }

const TELL_MICROS = 500_000
/** What did not get out for so long is told of: better asked for than waited for. */
const PATIENCE_MICROS = 3_000_000
/** A pass takes so long at most, so that what comes in order does not wait for what came early. */
const PASS_SECONDS = 1

export class Relay implements Blasting {
  readonly sender: Sender
  readonly #options: RelayOptions
  readonly #swarm: Swarm
  readonly #receivers = new Receivers()
  readonly #auditor: Auditor
  readonly #bill: Bill
  readonly #out: RelayOut[] = []
  /** Whole chunks that wait for the next pass, and those of the present one. */
  #waiting: number[] = []
  #passing: number[] = []
  readonly #givenAt = new Map<number, Micros>()
  #active = false
  readonly #announcing = new Announcing()
  #tellAt: Micros = 0
  #wasFast = false

  constructor(options: RelayOptions, swarm: Swarm) {
    const { geometry, metaBytes, rate, session, symbolBytes } = options
    this.#options = options
    this.#swarm = swarm
    this.#auditor = new Auditor(rate)
    const parityRows = parityFor('auto', this.#receivers, rate, false)
    const blast = { geometry, session, symbolBytes, rate, parityRows }
    this.sender = new Sender({ ...blast, metaBytes: metaBytes.length })
    this.#bill = new Bill({ ...options, role: 'relay' }, this.sender)
  }

  get active(): boolean {
    return this.#active
  }

  /** Nothing is left to multicast. */
  get isDrained(): boolean {
    return this.#waiting.length === 0 && this.#passing.length === 0
  }

  get isStopped(): boolean {
    return this.#options.rate.stopped !== undefined
  }

  begin(now: Micros): void {
    this.#active = true
    this.#announcing.begin(now)
    this.#tellAt = now
  }

  /** Stops at once: what was not multicast is left to be asked for. */
  end(now: Micros): void {
    if (!this.#active) return
    this.#active = false
    this.sender.stop()
    for (const chunk of [...this.#givenAt.keys()]) this.#done(chunk)
    this.#passing = []
    this.#waiting = []
    for (const { link } of this.#receivers.open()) if (link) this.#tell(link, 'ended', now)
  }

  /** A chunk is verified, all of it: it goes out when its turn comes, if anybody listens. */
  give(chunk: number, now: Micros): void {
    this.#givenAt.set(chunk, now)
    const isWanted = this.#active && !this.#receivers.open()[Symbol.iterator]().next().done
    if (isWanted) this.#waiting.push(chunk)
    else this.#done(chunk)
  }

  joined(link: Link, now: Micros): void {
    const receiver = this.#receivers.joined(link, now)
    // Its name may have been complete before: whoever connects is told, and says what it is.
    receiver.completeAt = link.complete ? now : undefined
    if (this.#active && !link.complete) this.#tell(link, 'blasting', now)
  }

  left(link: Link, now: Micros): void {
    const receiver = this.#receivers.of(link)
    if (receiver === undefined || receiver.link !== link) return
    this.#receivers.left(receiver, link.lastByteAt)
    this.#auditor.gone(receiver, now)
  }

  control(link: Link, message: Control, now: Micros): void {
    const receiver = this.#receivers.of(link)
    if (receiver === undefined) return
    if (message.type === 'report') {
      if (message.session !== sessionText(this.sender.session)) return
      this.#receivers.told(receiver, message.progress, now)
      // The other relays take no share of a line from us: what all may send together comes over one
      // that is slower, and queues and losses tell where it is not.
      const report = { ...message, others: undefined }
      this.#auditor.report(receiver, report, this.sender.running, now)
    } else if (message.type === 'complete' && receiver.completeAt === undefined) {
      receiver.completeAt = now
      this.#auditor.gone(receiver, now)
    }
  }

  chunkRead(chunk: number): void {
    this.sender.chunkReady(chunk)
  }

  departed(bytes: number, now: Micros): void {
    this.#options.rate.onSent(bytes, now)
  }

  blocked(now: Micros): void {
    this.#options.rate.onBlocked(now)
  }

  fillDeadline(now: Micros): Micros {
    return this.sender.deadline(now)
  }

  fill(batch: Batch, now: Micros, lateMicros = 0): void {
    this.sender.fill(batch, now, lateMicros)
  }

  tick(now: Micros): void {
    if (!this.#active) return
    const { rate } = this.#options
    rate.tick(now)
    this.#hurry(now)
    if (!this.sender.running && this.#waiting.length > 0) this.#pass(now)
    if (now >= this.#announcing.at) {
      this.#announcing.said(now)
      const announce = this.#bill.announce(true)
      this.#out.push({ type: 'announce', sequence: this.#announcing.nextSequence(), announce })
    }
    if (now < this.#tellAt && this.#wasFast === rate.wantsFastReports) return
    this.#tellAt = now + TELL_MICROS
    this.#wasFast = rate.wantsFastReports
    // A few tell for all while the rate ramps, in turn.
    const sample = this.#receivers.sample(LIMITS.reportSampleRamp)
    for (const receiver of this.#receivers.open())
      if (receiver.link) this.#tell(receiver.link, 'blasting', now, sample.has(receiver))
  }

  poll(): RelayOut | undefined {
    for (let sent = this.sender.poll(); sent !== undefined; sent = this.sender.poll()) {
      if (sent.type !== 'pass-ended') this.#out.push(sent)
      else for (const chunk of this.#passing.splice(0)) this.#done(chunk)
    }
    return this.#out.shift()
  }

  #done(chunk: number): void {
    if (this.#givenAt.delete(chunk)) this.#out.push({ type: 'relayed', chunk })
  }

  /** Where a blast is much slower than what comes from outside, mates ask instead of waiting. */
  #hurry(now: Micros): void {
    for (const [chunk, at] of this.#givenAt) if (now - at > PATIENCE_MICROS) this.#done(chunk)
    this.#waiting = this.#waiting.filter(chunk => this.#givenAt.has(chunk))
  }

  #pass(now: Micros): void {
    const { geometry, rate } = this.#options
    const chunks = (PASS_SECONDS * rate.rateBps) / 8 / geometry.chunkBytes
    this.#waiting.sort((a, b) => a - b)
    this.#passing = this.#waiting.splice(0, Math.max(1, Math.floor(chunks)))
    const blocks = new RangeSet()
    for (const chunk of this.#passing)
      blocks.add(geometry.firstBlockOfChunk(chunk), geometry.blocksOfChunk(chunk))
    this.sender.startPass(blocks, now)
    this.#auditor.passStarted(now)
  }

  #tell(link: Link, state: 'blasting' | 'ended', now: Micros, isSampled = false): void {
    const { rate } = this.#options
    const fast = isSampled && rate.wantsFastReports
    const steady = Math.max(LIMITS.reportSteadyMicros / 1000, 2 * this.#receivers.size)
    const millis = fast ? LIMITS.reportRampMicros / 1000 : steady
    this.#swarm.send(link, this.#bill.blast(state, millis, true), now)
  }

  /** The name of our own session: what is heard of it is nobody else's. */
  get session(): SessionId {
    return this.sender.session
  }
}
