// What a receiver tells a transmitter on its control connection: how well it hears, how far it is,
// and after a pass what it still misses.

import type { Bitmap } from '../base/bitmap.js'
import { LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'
import type { Geometry } from '../meta/geometry.js'
import type { Stream } from '../multicast/stream.js'
import type { Link } from '../swarm/link.js'
import type { Blast, Message, Missing, Progress, Report } from '../wire/message.js'
import type { Load } from './fetch-traffic.js'

interface Control {
  readonly link: Link
  blast: Blast
  stream: Stream | undefined
  reportAt: Micros
  missingAt: Micros
  kernelDrops: number
  /** What it knows of how long datagrams may be. */
  reachedBytes: number
  /** Bytes of other sessions at the last report, if there was one. */
  othersBytes: number | undefined
}

/** About what one number of a run costs in JSON. */
const RUN_NUMBER_BYTES = 9
/** A session that was silent for so long is not on the line now. */
const OTHERS_FRESH_MICROS = 1_000_000

export interface ReporterView {
  readonly progress: Progress
  readonly load: Load
  /** All sessions of the transfer. */
  readonly streams: readonly Stream[]
}

export class Reporter {
  readonly #geometry: Geometry
  readonly #verified: Bitmap
  readonly #isAwaited: (block: number) => boolean
  readonly #controls = new Map<number, Control>()
  #deadline: Micros = Number.POSITIVE_INFINITY

  constructor(geometry: Geometry, verified: Bitmap, isAwaited: (block: number) => boolean) {
    this.#geometry = geometry
    this.#verified = verified
    this.#isAwaited = isAwaited
  }

  /** When `take` has something to give; asked for after every input, so only worked out anew. */
  get deadline(): Micros {
    return this.#deadline
  }

  #schedule(): void {
    this.#deadline = Number.POSITIVE_INFINITY
    for (const { reportAt, missingAt } of this.#controls.values())
      this.#deadline = Math.min(this.#deadline, reportAt, missingAt)
  }

  /** The latest words of each transmitter that we are connected to. */
  *blasts(): Iterable<{ link: Link; blast: Blast }> {
    for (const { link, blast } of this.#controls.values()) yield { link, blast }
  }

  /** An announcement came: whoever sent a longer one than before is told at once. */
  reached(now: Micros): void {
    for (const control of this.#controls.values())
      if (reachedBytes(control) > control.reachedBytes) this.#deadline = now
  }

  /** Returns the session that the transmitter was until now, if it has become another. */
  onBlast(link: Link, blast: Blast, stream: Stream | undefined, now: Micros): string | undefined {
    const known = this.#controls.get(link.peer)
    const pausedNow = blast.state === 'paused' || blast.state === 'ended'
    const wasBlasting = known?.blast.state === 'blasting'
    const everyMicros = 1000 * blast.reportMillis
    if (known === undefined) {
      const reportAt = now + everyMicros
      // Before the start it wants to know what it need not send.
      const missingAt = blast.state === 'waiting' ? now : Number.POSITIVE_INFINITY
      const sums = { kernelDrops: 0, reachedBytes: 0, othersBytes: undefined }
      this.#controls.set(link.peer, { link, blast, stream, reportAt, missingAt, ...sums })
      this.#schedule()
      this.reached(now)
      return undefined
    }
    const former = known.blast.session === blast.session ? undefined : known.blast.session
    if (pausedNow && wasBlasting) known.missingAt = now + LIMITS.reorderMicros
    known.blast = blast
    known.stream = stream
    known.reportAt = Math.min(known.reportAt, now + everyMicros)
    this.#schedule()
    this.reached(now)
    return former
  }

  left(link: Link): void {
    this.#controls.delete(link.peer)
    this.#schedule()
  }

  /** Messages that are due now. */
  *take(view: ReporterView, now: Micros): Iterable<{ link: Link; message: Message }> {
    for (const control of this.#controls.values()) {
      const { link, blast, stream } = control
      if (now >= control.missingAt) {
        control.missingAt = Number.POSITIVE_INFINITY
        yield { link, message: this.#missing(blast) }
      }
      const bytes = reachedBytes(control)
      if (bytes > control.reachedBytes) {
        control.reachedBytes = bytes
        yield { link, message: { type: 'reached', bytes } }
      }
      if (now < control.reportAt) continue
      control.reportAt = now + 1000 * blast.reportMillis
      const { refused, ...hearing } = stream?.takeHearing(now) ?? NOTHING_HEARD
      // Whether the socket's buffer was full or ours, this host was too slow.
      const { progress, load } = view
      const { diskQueueBytes, busyShare } = load
      const kernelDrops = refused + Math.max(0, load.kernelDrops - control.kernelDrops)
      control.kernelDrops = load.kernelDrops
      const { session } = blast
      const others = othersHeard(control, view.streams, now)
      const ofHost = { kernelDrops, diskQueueBytes, busyShare }
      const report = { session, ...hearing, ...ofHost, others, progress }
      yield { link, message: { type: 'report', ...report } }
    }
    this.#schedule()
  }

  #missing(blast: Blast): Missing {
    const { session, pass } = blast
    const runs: number[] = []
    const verified = this.#verified
    for (let block = verified.nextClear(0); block >= 0; block = verified.nextClear(block + 1)) {
      // What is being hashed or written is not missing.
      if (!this.#isAwaited(block)) continue
      const first = block
      while (block + 1 < verified.size && this.#isAwaited(block + 1)) block++
      runs.push(first, block + 1 - first)
      if (runs.length * RUN_NUMBER_BYTES > LIMITS.missingRangesBytesMax)
        return { type: 'missing', session, pass, counts: this.#counts() }
    }
    return { type: 'missing', session, pass, runs }
  }

  #counts(): number[] {
    const counts: number[] = []
    for (let chunk = 0; chunk < this.#geometry.chunkCount; chunk++) {
      const blocks = this.#geometry.blocksOfChunk(chunk)
      const first = this.#geometry.firstBlockOfChunk(chunk)
      let missing = 0
      for (let block = first; block < first + blocks; block++) if (this.#isAwaited(block)) missing++
      if (missing > 0) counts.push(chunk, missing)
    }
    return counts
  }
}

/** How long datagrams of a transmitter were that came whole, where that is more than usual. */
function reachedBytes({ stream }: Control): number {
  const bytes = stream?.announcedBytes ?? 0
  return bytes > LIMITS.mtuDefault ? bytes : 0
}

/** What came of other sessions since the last report, for those who have to share a line. */
function othersHeard(control: Control, streams: readonly Stream[], now: Micros): Report['others'] {
  let count = 0
  let bytes = 0
  for (const stream of streams) {
    if (stream === control.stream) continue
    bytes += stream.totalBytes
    if (now - stream.heardAt < OTHERS_FRESH_MICROS) count++
  }
  const receivedBytes = Math.max(0, bytes - (control.othersBytes ?? bytes))
  control.othersBytes = bytes
  return count === 0 ? undefined : { count, receivedBytes }
}

const NOTHING_HEARD = {
  intervalMicros: 1,
  highestSequence: 0,
  expected: 0,
  received: 0,
  receivedBytes: 0,
  refused: 0,
  duplicates: 0,
  queueMicros: 0,
  lagMicros: 0,
}
