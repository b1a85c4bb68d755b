// A bench's receiver: tells the streams of several senders apart, counts each run of each, and says
// at what moment an interval or a run is over. A stranger's datagrams cost it one of few places for
// a while and a connection to where they say they come from, no more.

import { LIMITS } from '../base/limits.js'
import type { Machine, Micros } from '../base/machine.js'
import { BENCH_KIND, type BenchHeader } from './datagram.js'
import { type Figures, Tally } from './tally.js'

/** A run is over when nothing has come for so long after its end was told. */
const SETTLE_MICROS = 150_000
/** A sender that says nothing for so long in the middle of a run is taken for gone. */
const SILENCE_MICROS = 3_000_000
/** A stream is forgotten so long after its last word. */
const FORGET_MICROS = 15_000_000
/** A timer closes an interval so much after its end; datagrams close it at once. */
const INTERVAL_SLACK_MICROS = 50_000

export interface BenchStream {
  /** From 1 on, as iperf counts them. */
  readonly id: number
  readonly source: string
  readonly group: string
  /** 16 hex digits. */
  readonly session: string
  readonly controlPort: number
}

export type ListenerIn =
  | { readonly type: 'asked'; readonly stream: number; readonly run: number; readonly sent: number }
  /** Its sender has the figures, or is gone. */
  | { readonly type: 'left'; readonly stream: number }
  | { readonly type: 'stop' }

export type ListenerOut =
  | { readonly type: 'heard'; readonly stream: BenchStream }
  | ({ readonly type: 'interval' } & RunFigures)
  | ({ readonly type: 'report' } & RunFigures)
  | ({ readonly type: 'summary'; readonly isLate: boolean } & RunFigures)
  | { readonly type: 'forgotten'; readonly stream: BenchStream }

export interface RunFigures {
  readonly stream: BenchStream
  readonly run: number
  readonly figures: Figures
  /** When the run's first arrival was, by this host's clock: one run is over before the next, or not. */
  readonly firstAt: Micros
}

/** One stream, with the run that it is in. */
interface Track {
  readonly stream: BenchStream
  readonly high: number
  readonly low: number
  heardAt: Micros
  run: number
  tally: Tally
  isLate: boolean
  /** When the open interval ends, after the first arrival. */
  intervalEnd: Micros
  /** The run's end is known since. */
  endedAt: Micros | undefined
  /** The sender wants to know. */
  isAsked: boolean
  isSummed: boolean
}

export class Listener implements Machine<ListenerIn, ListenerOut> {
  readonly #intervalMicros: Micros
  readonly #tracks: Track[] = []
  readonly #out: ListenerOut[] = []
  #last: Track | undefined
  #nextId = 1
  #isStopped = false

  /** `intervalMicros` may be infinite: only whole runs are told then. */
  constructor(intervalMicros: Micros) {
    this.#intervalMicros = intervalMicros
  }

  /**
   * A datagram of a bench; `arrivedAt` is when the kernel took it, `now` when we did. Returns the
   * number of its stream, 0 where it has none.
   */
  take(
    header: BenchHeader,
    lengthBytes: number,
    source: string,
    group: string,
    arrivedAt: Micros,
    now: Micros,
  ): number {
    const track = this.#trackOf(header, source, group, now)
    if (track === undefined) return 0
    track.heardAt = now
    this.#count(track, header, lengthBytes, arrivedAt, now)
    return track.stream.id
  }

  handle(input: ListenerIn, now: Micros): void {
    if (input.type === 'stop') {
      this.#isStopped = true
      for (const track of this.#tracks) if (track.run > 0) this.#sum(track)
      return
    }
    const track = this.#tracks.find(each => each.stream.id === input.stream)
    if (track === undefined) return
    if (input.type === 'left') {
      // In the middle of a run its connection is gone, not the sender.
      if (track.run > 0 && track.endedAt === undefined) return
      if (track.run > 0) this.#sum(track)
      this.#forget(track)
    } else if (input.run >= track.run) {
      track.heardAt = now
      if (input.run > track.run) this.#begin(track, input.run, 0, now)
      this.#end(track, input.sent, now)
      track.isAsked = true
    }
  }

  poll(now: Micros): ListenerOut | undefined {
    if (this.#out.length === 0) for (const track of [...this.#tracks]) this.#look(track, now)
    return this.#out.shift()
  }

  get deadline(): Micros {
    if (this.#out.length > 0) return 0
    return this.#tracks.reduce((at, each) => Math.min(at, this.#dueAt(each)), Infinity)
  }

  #count(
    track: Track,
    header: BenchHeader,
    lengthBytes: number,
    arrivedAt: Micros,
    now: Micros,
  ): void {
    if (header.kind === BENCH_KIND.hello || header.run < track.run) return
    if (header.run > track.run) this.#begin(track, header.run, 0, now)
    if (header.kind === BENCH_KIND.data) {
      const { tally } = track
      if (track.isSummed) return
      while (arrivedAt - (tally.firstAt ?? arrivedAt) >= track.intervalEnd) this.#interval(track)
      tally.take(header.sequence, lengthBytes, header.sentMicros, arrivedAt)
    } else if (header.kind === BENCH_KIND.end) this.#end(track, header.sequence, now)
  }

  #trackOf(header: BenchHeader, source: string, group: string, now: Micros): Track | undefined {
    const { sessionHigh: high, sessionLow: low } = header
    const isIt = (track: Track): boolean =>
      track.low === low &&
      track.high === high &&
      track.stream.source === source &&
      track.stream.group === group
    // Nearly always it is the same as before.
    if (this.#last !== undefined && isIt(this.#last)) return this.#last
    if (this.#isStopped) return undefined
    const track = this.#tracks.find(isIt) ?? this.#add(header, source, group, now)
    if (track !== undefined) this.#last = track
    return track
  }

  #add(header: BenchHeader, source: string, group: string, now: Micros): Track | undefined {
    if (this.#tracks.length >= LIMITS.benchStreamsMax || header.kind > BENCH_KIND.data)
      return undefined
    const { sessionHigh: high, sessionLow: low, controlPort } = header
    const session = hex32(high) + hex32(low)
    const stream = { id: this.#nextId++, source, group, session, controlPort }
    const track: Track = {
      stream,
      high,
      low,
      heardAt: now,
      run: 0,
      tally: new Tally(0),
      isLate: false,
      intervalEnd: this.#intervalMicros,
      endedAt: undefined,
      isAsked: false,
      isSummed: false,
    }
    // What a stream begins with, when it was not announced, is where we joined it.
    if (header.kind === BENCH_KIND.data) this.#begin(track, header.run, header.sequence, now)
    this.#tracks.push(track)
    this.#out.push({ type: 'heard', stream })
    return track
  }

  #begin(track: Track, run: number, first: number, now: Micros): void {
    if (track.run > 0) this.#sum(track)
    track.run = run
    track.tally = new Tally(first)
    track.isLate = first > 0
    track.intervalEnd = this.#intervalMicros
    track.endedAt = undefined
    track.isAsked = false
    track.isSummed = false
    track.heardAt = now
  }

  #end(track: Track, sent: number, now: Micros): void {
    if (!track.isSummed) track.tally.expect(sent)
    track.endedAt ??= now
  }

  #look(track: Track, now: Micros): void {
    if (now < this.#dueAt(track)) return
    if (this.#isOver(track, now)) {
      this.#sum(track)
      if (!track.isAsked) return
      track.isAsked = false
      const { tally } = track
      this.#out.push({ type: 'report', ...this.#told(track, tally.whole()) })
    } else if (this.#isIntervalDue(track, now)) this.#interval(track)
    else if (now >= track.heardAt + FORGET_MICROS) this.#forget(track)
  }

  #dueAt(track: Track): Micros {
    const { tally, heardAt, endedAt } = track
    if (track.run > 0 && (!track.isSummed || track.isAsked)) {
      const interval = (tally.firstAt ?? Infinity) + track.intervalEnd + INTERVAL_SLACK_MICROS
      if (endedAt === undefined) return Math.min(interval, heardAt + SILENCE_MICROS)
      if (track.isSummed || tally.isWhole) return endedAt
      return Math.max(tally.lastAt, endedAt) + SETTLE_MICROS
    }
    return heardAt + FORGET_MICROS
  }

  #isOver(track: Track, now: Micros): boolean {
    if (track.run === 0 || (track.isSummed && !track.isAsked)) return false
    if (track.endedAt === undefined) return now >= track.heardAt + SILENCE_MICROS
    return now >= this.#dueAt(track)
  }

  #isIntervalDue({ tally, intervalEnd, isSummed, run }: Track, now: Micros): boolean {
    if (run === 0 || isSummed || tally.firstAt === undefined) return false
    return now >= tally.firstAt + intervalEnd + INTERVAL_SLACK_MICROS
  }

  #interval(track: Track): void {
    const figures = track.tally.interval(track.intervalEnd)
    this.#out.push({ type: 'interval', ...this.#told(track, figures) })
    track.intervalEnd += this.#intervalMicros
  }

  /** The last, shorter interval, and the whole run. */
  #sum(track: Track): void {
    if (track.isSummed) return
    track.isSummed = true
    const { tally, isLate } = track
    const figures = tally.whole()
    if (
      figures.endMicros > track.intervalEnd - this.#intervalMicros &&
      track.intervalEnd < Infinity
    )
      this.#out.push({
        type: 'interval',
        ...this.#told(track, tally.interval(figures.endMicros)),
      })
    this.#out.push({ type: 'summary', ...this.#told(track, figures), isLate })
  }

  #told({ stream, run, tally, heardAt }: Track, figures: Figures): RunFigures {
    return { stream, run, figures, firstAt: tally.firstAt ?? heardAt }
  }

  #forget(track: Track): void {
    this.#tracks.splice(this.#tracks.indexOf(track), 1)
    if (this.#last === track) this.#last = undefined
    this.#out.push({ type: 'forgotten', stream: track.stream })
  }
}

function hex32(value: number): string {
  return value.toString(16).padStart(8, '0')
}
