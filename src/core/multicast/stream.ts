// One session as a receiver hears it: what was lost, how long it queued on the way, and how far the
// blast has come. "Passed" blocks are those that the blast has gone by: what is missing of them will
// not come by itself (in this pass), so the swarm may be asked for it. Some of the datagrams may be
// forged, so neither is believed of a single one: both follow what most of them say.

import { LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'
import { HEADER_BYTES, type SessionId, sessionText, timestampDelta } from '../wire/datagram.js'
import type { Batch } from './batch.js'
import { DelayFloor } from './delay.js'
import { Middle } from './middle.js'
import { SEQUENCES, SequenceWindow, unwrapped } from './sequence.js'

/** A jump back of more blocks than reordering explains is the start of another pass. */
const PASS_JUMP_BLOCKS = 64
/** Who takes datagrams so long after they came does not keep up. */
const LAGGING_MICROS = 20_000
/** A sequence further than this from what most say is not counted. */
const STRAY_SEQUENCES = 8192

/** Hearing figures of an interval; the multicast half of a report. */
export interface Hearing {
  readonly intervalMicros: number
  readonly highestSequence: number
  readonly expected: number
  readonly received: number
  readonly receivedBytes: number
  /** Those that arrived, but found no room here; `received` is without them. */
  readonly refused: number
  readonly duplicates: number
  /** How long they stood in queues on the way at least, and then in the buffer of our socket. */
  readonly queueMicros: number
  readonly lagMicros: number
}

export class Stream {
  readonly session: SessionId
  readonly text: string
  readonly source: string
  readonly symbolBytes: number
  /** When anything of it was last heard; -Infinity before. */
  heardAt: Micros = Number.NEGATIVE_INFINITY
  /** The longest of its announcements that came whole. */
  announcedBytes = 0
  totalReceived = 0
  totalBytes = 0
  totalDuplicates = 0
  readonly #blockCount: number
  readonly #window = new SequenceWindow()
  readonly #delay = new DelayFloor()
  /** Sequence less the datagrams received until then: how many were lost, but for a constant. */
  readonly #lost = new Middle()
  readonly #blocks = new Middle()
  /** Blocks that are coded together: what is missing of them may be restored when all have passed. */
  grainBlocks = 1
  #firstLost = 0
  #reportedLost = 0
  #reportedAt: Micros
  /** The latest arrival: an interval that ends with it is exact, however late we look. */
  #arrivedAt: Micros = Number.NEGATIVE_INFINITY
  /** The shortest time between the arrival of a datagram and its being taken. */
  #lagMicros = Number.POSITIVE_INFINITY
  #received = 0
  #receivedBytes = 0
  #duplicates = 0
  #refused = 0
  #refusedBytes = 0
  #cursor = 0
  #passed = 0
  #skips = false
  #repeats = false
  readonly #checkpoints: { at: Micros; cursor: number }[] = []
  readonly #ready: { first: number; count: number }[] = []

  constructor(
    session: SessionId,
    source: string,
    symbolBytes: number,
    blockCount: number,
    now: Micros,
  ) {
    this.session = session
    this.text = sessionText(session)
    this.source = source
    this.symbolBytes = symbolBytes
    this.#blockCount = blockCount
    this.#reportedAt = now
  }

  /** How far the blast is in its present pass. */
  get cursor(): number {
    return this.#cursor
  }

  /** How far the blast was in any pass: what is missing before that may be asked for. */
  get reached(): number {
    return this.#repeats ? this.#blockCount : this.#cursor
  }

  /** Datagrams sent since the first one heard, as the sequence tells. */
  get totalSpan(): number {
    return this.totalReceived + Math.max(0, this.#lost.recent - this.#firstLost)
  }

  get highestSequence(): number {
    return this.#lost.recent + this.totalReceived
  }

  /** Counts datagrams [from, to) of the batch, a run. */
  hear(batch: Batch, from: number, to: number, now: Micros): void {
    // The numbers of a stream begin one round up, so that what was sent before the first has room.
    const wire = batch.sequence[from]
    const around = this.#lost.isEmpty ? wire + SEQUENCES : this.highestSequence
    const first = unwrapped(wire, around)
    const arrived = batch.arrivedMicros[from] || now
    this.heardAt = now
    const last = batch.arrivedMicros[to - 1] || now
    const count = to - from
    const wireBytes = HEADER_BYTES + batch.bytes[from]
    this.#arrivedAt = Math.max(this.#arrivedAt, last)
    this.#lagMicros = Math.min(this.#lagMicros, Math.max(0, now - last))
    // They left together, so the first to arrive waited least.
    const difference = timestampDelta(arrived % 2 ** 32, batch.timestampMicros[from])
    this.#delay.sample(difference, count, now)
    this.#follow(first, count)
    if (Math.abs(first - this.highestSequence) > STRAY_SEQUENCES) return
    if (this.#window.addAbove(first, count)) return this.#note(count, count * wireBytes)
    for (let i = 0; i < count; i++) {
      if (this.#window.add(first + i)) this.#note(1, wireBytes)
      else this.#repeated()
    }
  }

  /** Datagrams just heard found no room here: they count as dropped by this host, not as received. */
  refuse(count: number, wireBytesEach: number): void {
    this.#refused += count
    this.#refusedBytes += count * wireBytesEach
  }

  /**
   * It is first heard while another transmitter blasts: what lies before its first block was not
   * missed, the other may well bring it.
   */
  beginsBeside(): void {
    this.#skips = true
  }

  /** The blast is at `block` now, say so many of its datagrams. */
  at(block: number, times: number, now: Micros): void {
    if (!this.#blocks.add(block, times)) return
    const middle = this.#blocks.recent - (this.#blocks.recent % this.grainBlocks)
    if (this.#skips) this.#passed = middle
    this.#skips = false
    if (middle + PASS_JUMP_BLOCKS < this.#cursor) this.endPass()
    if (middle <= this.#cursor && this.#checkpoints.length > 0) return
    this.#cursor = Math.max(this.#cursor, middle)
    const last = this.#checkpoints[this.#checkpoints.length - 1]
    if (last === undefined || now - last.at > LIMITS.reorderMicros / 4)
      this.#checkpoints.push({ at: now, cursor: this.#cursor })
  }

  /** The transmitter says that its pass is over: nothing more comes of it. */
  endPass(): void {
    this.#checkpoints.length = 0
    this.#pass(this.#blockCount)
    this.#repeats ||= this.#cursor > 0
    this.#cursor = 0
    this.#passed = 0
  }

  /** Hands out ranges that the blast has passed for good, reordering allowed for. */
  passed(now: Micros, each: (first: number, count: number) => void): void {
    while (this.#checkpoints.length > 0 && now - this.#checkpoints[0].at >= LIMITS.reorderMicros)
      this.#pass(this.#checkpoints.shift()!.cursor)
    for (const { first, count } of this.#ready.splice(0)) each(first, count)
  }

  /** Takes the figures since the last call. */
  takeHearing(now: Micros): Hearing {
    const lagMicros = Number.isFinite(this.#lagMicros) ? this.#lagMicros : 0
    this.#lagMicros = Number.POSITIVE_INFINITY
    // A pause after the last arrival belongs to the next interval; or else to this one. Who does not
    // keep up with what arrives tells how much it can take, not how fast that came.
    const upTo = this.#received > 0 && lagMicros < LAGGING_MICROS ? this.#arrivedAt : now
    const lost = Math.max(0, this.#lost.renew() - this.#reportedLost)
    const hearing = {
      intervalMicros: Math.max(1, Math.round(upTo - this.#reportedAt)),
      highestSequence: this.highestSequence % SEQUENCES,
      expected: this.#received + lost,
      received: Math.max(0, this.#received - this.#refused),
      receivedBytes: Math.max(0, this.#receivedBytes - this.#refusedBytes),
      refused: this.#refused,
      duplicates: this.#duplicates,
      queueMicros: this.#delay.take(now),
      lagMicros,
    }
    this.#reportedAt = upTo
    // What came late makes up for what was reported lost; another course altogether does not.
    const late = this.#reportedLost - this.#lost.recent
    if (!(late > 0 && late < STRAY_SEQUENCES)) this.#reportedLost = this.#lost.recent
    this.#received = 0
    this.#receivedBytes = 0
    this.#duplicates = 0
    this.#refused = 0
    this.#refusedBytes = 0
    return hearing
  }

  #note(datagrams: number, wireBytes: number): void {
    this.#received += datagrams
    this.#receivedBytes += wireBytes
    this.totalReceived += datagrams
    this.totalBytes += wireBytes
  }

  #repeated(): void {
    this.#duplicates++
    this.totalDuplicates++
  }

  #follow(sequence: number, times: number): void {
    const isFirst = this.#lost.isEmpty
    this.#lost.add(sequence - this.totalReceived, times)
    if (!isFirst) return
    this.#firstLost = this.#lost.recent
    this.#reportedLost = this.#lost.recent
  }

  #pass(cursor: number): void {
    if (cursor > this.#passed) {
      this.#ready.push({ first: this.#passed, count: cursor - this.#passed })
      this.#passed = cursor
    }
  }
}
