// One run of a bench's sender: datagrams leave when the schedule says so and the socket has room. The
// hot loop of the bench: per datagram it writes ten bytes, per batch it makes one system call.

import { Mcp2pError } from '../../core/base/errors.js'
import {
  BENCH_HEADER_BYTES,
  BENCH_KIND,
  type BenchHeader,
  writeBenchHeader,
} from '../../core/bench/datagram.js'
import { type Run, Schedule } from '../../core/bench/schedule.js'
import type { Outlet } from '../../io/net/outlet.js'
import { nowMicros } from '../drive.js'
import type { Sent } from './api.js'

/** Datagrams of one batch, as many as stay in the processor's cache. */
const BATCH_BYTES = 256 * 1024
const BATCH_MAX = 256
/**
 * No more than so many due leave one by one, as iperf's do: what leaves by one call may stay together
 * as far as the receiver, and be lost together. More are due where the processor is what is scarce.
 */
const SINGLE_MAX = 32
/** A line that takes nothing for so long is cut. */
const STUCK_MICROS = 5_000_000

export interface BlastOptions {
  readonly outlet: Outlet
  readonly group: string
  readonly port: number
  readonly header: BenchHeader
  readonly run: Run
  readonly intervalMicros: number
  readonly onInterval: (sent: Sent) => void
  readonly signal: AbortSignal
}

export class Blast {
  readonly #options: BlastOptions
  readonly #schedule: Schedule
  readonly #batch: number
  #intervalAt = 0
  #intervalSent = 0
  #lastAt: number
  #done: (sent: Sent) => void = () => {}
  #failed: (error: Mcp2pError) => void = () => {}

  private constructor(options: BlastOptions) {
    this.#options = options
    const now = nowMicros()
    this.#batch = batchOf(options.run.lengthBytes)
    this.#schedule = new Schedule(options.run, now)
    this.#lastAt = now
    options.outlet.onError = error => this.#refused(error)
  }

  /** Resolves when the last datagram is the kernel's; rejects when the kernel takes none. */
  static run(options: BlastOptions): Promise<Sent> {
    const blast = new Blast(options)
    return new Promise((resolve, reject) => {
      blast.#done = resolve
      blast.#failed = reject
      blast.#pump()
    })
  }

  #pump(): void {
    const { outlet, signal } = this.#options
    const now = nowMicros()
    if (this.#schedule.isOver(now) || signal.aborted) return this.#finish()
    if (outlet.room < this.#batch) {
      if (now - this.#lastAt > STUCK_MICROS) return this.#stuck()
      return this.#whenRoom(() => this.#pump())
    }
    const count = Math.min(this.#batch, this.#schedule.due(now))
    if (count > 0) this.#send(count, now)
    this.#tell(now)
    const waitMicros = this.#schedule.deadline - now
    if (waitMicros <= 0) setImmediate(() => this.#pump())
    else setTimeout(() => this.#pump(), Math.max(1, Math.round(waitMicros / 1000)))
  }

  #send(count: number, now: number): void {
    const { outlet, port, header, run } = this.#options
    header.kind = BENCH_KIND.data
    header.sentMicros = now >>> 0
    for (let i = 0; i < count; i++) {
      header.sequence = this.#schedule.sent + i
      writeBenchHeader(outlet.slot(), 0, header)
      outlet.send(run.lengthBytes, port)
      if (count <= SINGLE_MAX) outlet.flush()
    }
    outlet.flush()
    this.#schedule.spend(count)
    this.#lastAt = now
  }

  #tell(now: number): void {
    const { intervalMicros, onInterval } = this.#options
    while (now - this.#schedule.startedAt >= this.#intervalAt + intervalMicros) {
      const end = this.#intervalAt + intervalMicros
      onInterval(this.#sent(this.#intervalSent, this.#intervalAt, end))
      this.#intervalAt = end
      this.#intervalSent = this.#schedule.sent
    }
  }

  #finish(): void {
    const { outlet } = this.#options
    // What still waits in the slab belongs to the run.
    if (outlet.room < this.#batch && nowMicros() - this.#lastAt <= STUCK_MICROS)
      return this.#whenRoom(() => this.#finish())
    const end = Math.max(this.#lastAt, nowMicros()) - this.#schedule.startedAt
    this.#tell(nowMicros())
    if (this.#options.intervalMicros < Infinity && this.#schedule.sent > this.#intervalSent)
      this.#options.onInterval(this.#sent(this.#intervalSent, this.#intervalAt, end))
    this.#done(this.#sent(0, 0, end))
  }

  /** The sent since number `first`. */
  #sent(first: number, startMicros: number, endMicros: number): Sent {
    const datagrams = this.#schedule.sent - first
    const bytes = datagrams * this.#options.run.lengthBytes
    return { group: this.#options.group, datagrams, bytes, startMicros, endMicros }
  }

  /** Calls once there is room, or after a while, to see whether the line still takes anything. */
  #whenRoom(call: () => void): void {
    let isCalled = false
    const once = (): void => {
      if (isCalled) return
      isCalled = true
      clearTimeout(timer)
      call()
    }
    const timer = setTimeout(once, 500)
    this.#options.outlet.whenRoom(once)
  }

  #refused(error: NodeJS.ErrnoException): void {
    if (error.code === 'ENOBUFS' || error.code === 'EAGAIN') return
    if (this.#options.outlet.sent === 0) this.#failed(cannotSend(this.#options.group, error))
  }

  #stuck(): void {
    const message = `nothing leaves to ${this.#options.group}: the line takes no more datagrams`
    this.#failed(new Mcp2pError('NO_ROUTE', 'network', message, 'Is its cable in? See `ip link`.'))
  }
}

/** The outlet of a blast has room for two batches. */
export function batchOf(lengthBytes: number): number {
  return Math.min(BATCH_MAX, Math.ceil(BATCH_BYTES / lengthBytes))
}

/** Greets and ends a run: what the receivers are told beside the data. */
export function sendWord(outlet: Outlet, port: number, header: BenchHeader): void {
  if (outlet.room === 0) return
  const slot = outlet.slot()
  writeBenchHeader(slot, 0, header)
  outlet.send(BENCH_HEADER_BYTES, port)
  outlet.flush()
}

export function cannotSend(group: string, cause: NodeJS.ErrnoException): Mcp2pError {
  const tooLong = cause.code === 'EMSGSIZE'
  const hint = tooLong
    ? 'Give a shorter length with -l.'
    : 'Pass --interface with the one that leads to the receivers.'
  const message = `cannot send to ${group}: ${cause.message}`
  return new Mcp2pError(tooLong ? 'TOO_LONG' : 'NO_ROUTE', 'network', message, hint, cause)
}
