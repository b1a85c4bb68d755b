// The receiver of a bench: hears its groups, lets the core count, and answers every sender that it
// hears. It runs until it is stopped, as iperf's server does.

import { randomBytes } from 'node:crypto'
import { emptyBenchHeader, readBenchHeader } from '../../core/bench/datagram.js'
import {
  Listener,
  type ListenerIn,
  type ListenerOut,
  type RunFigures,
} from '../../core/bench/listener.js'
import type { Group } from '../../io/net/group.js'
import { openGroup } from '../../io/net/sockets.js'
import { Drive, nowMicros, TIMER_MILLIS_MAX } from '../drive.js'
import { type Emit, Job } from '../events.js'
import { placeOf } from '../place.js'
import type { BenchReceiveEvents, BenchReceiveOptions, BenchReceiveResult } from './api.js'
import { Caller } from './caller.js'

const SILENT_MILLIS = 5000
/** Runs that the result lists. */
const RUNS_MAX = 10_000
/** After its own end a receiver's last report is given so long to leave. */
const FAREWELL_MILLIS = 300

export function benchReceive(
  options: BenchReceiveOptions,
): Job<BenchReceiveEvents, BenchReceiveResult> {
  return new Job(async emit => {
    const hearing = new Hearing(options, emit)
    try {
      await hearing.open()
      await hearing.end
    } finally {
      await hearing.close()
    }
    return { runs: hearing.runs }
  })
}

class Hearing {
  readonly #options: BenchReceiveOptions
  readonly #emit: Emit<BenchReceiveEvents>
  readonly #listener: Listener
  readonly #drive: Drive<ListenerIn, ListenerOut>
  readonly #header = emptyBenchHeader()
  readonly #receiver = randomBytes(8).toString('hex')
  readonly #callers = new Map<number, Caller>()
  /** Streams of which something came since the last pause. */
  readonly #heard = new Set<number>()
  readonly #sockets: Group[] = []
  readonly #timers: NodeJS.Timeout[] = []
  #drops = 0
  #stop: () => void = () => {}
  readonly runs: RunFigures[] = []
  readonly end: Promise<void>

  constructor(options: BenchReceiveOptions, emit: Emit<BenchReceiveEvents>) {
    this.#options = options
    this.#emit = emit
    this.#listener = new Listener(options.intervalMicros)
    this.#drive = new Drive(
      this.#listener,
      out => this.#act(out),
      () => {
        for (const socket of this.#sockets) socket.look()
      },
    )
    this.end = new Promise(resolve => {
      this.#stop = resolve
    })
  }

  async open(): Promise<void> {
    const { groups, port, source, signal, micros } = this.#options
    const names = new Set<string>()
    for (const group of groups) {
      const { interfaces } = placeOf({ group, port, interface: this.#options.interface })
      const socket = await openGroup({
        group,
        port,
        source,
        interfaces,
        onDatagram: (bytes, at, length, from, arrived) =>
          this.#hear(bytes, at, length, from, group, arrived),
        onPause: () => {
          for (const id of this.#heard) this.#callers.get(id)?.heard()
          this.#heard.clear()
          this.#drive.run()
        },
      })
      this.#sockets.push(socket)
      for (const { name } of socket.joinedOn) names.add(name)
    }
    this.#emit('listening', { groups, port, interfaces: [...names] })
    this.#timers.push(setTimeout(() => this.#silent([...names]), SILENT_MILLIS))
    if (micros !== undefined) {
      const millis = Math.min(TIMER_MILLIS_MAX, micros / 1000)
      this.#timers.push(setTimeout(this.#stop, millis))
    }
    if (signal?.aborted) this.#stop()
    signal?.addEventListener('abort', this.#stop, { once: true })
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#options.signal?.removeEventListener('abort', this.#stop)
    for (const socket of this.#sockets) socket.look()
    this.#drive.feed({ type: 'stop' })
    this.#drive.stop()
    for (const caller of this.#callers.values()) caller.close()
    if (this.#callers.size > 0) await new Promise(resolve => setTimeout(resolve, FAREWELL_MILLIS))
    for (const socket of this.#sockets) await socket.close()
  }

  #hear(
    bytes: Uint8Array,
    at: number,
    lengthBytes: number,
    source: string,
    group: string,
    arrivedMicros: number,
  ): void {
    if (!readBenchHeader(bytes, at, lengthBytes, this.#header)) return
    const header = this.#header
    const now = nowMicros()
    const id = this.#listener.take(header, lengthBytes, source, group, arrivedMicros, now)
    if (id > 0) this.#heard.add(id)
  }

  #act(out: ListenerOut): void {
    const { stream } = out
    switch (out.type) {
      case 'heard': {
        const { id, source, group } = stream
        this.#emit('stream', { id, source, group })
        const feed = (input: ListenerIn): void => this.#drive.feed(input)
        const { intervalMicros } = this.#options
        const onFigures = (type: 'interval' | 'summary', figures: RunFigures): void =>
          this.#act(type === 'summary' ? { type, isLate: false, ...figures } : { type, ...figures })
        const caller = new Caller({
          stream,
          receiver: this.#receiver,
          feed,
          intervalMicros,
          onFigures,
        })
        this.#callers.set(id, caller)
        return
      }
      case 'interval':
        return this.#emit('interval', out)
      case 'summary':
        if (this.runs.length < RUNS_MAX) this.runs.push(out)
        this.#emit('summary', out)
        return this.#tellDrops()
      case 'report':
        return this.#callers.get(stream.id)?.report(out)
      case 'forgotten':
        this.#callers.get(stream.id)?.close()
        this.#callers.delete(stream.id)
        if (this.#options.once && this.runs.some(run => run.stream.id === stream.id)) this.#stop()
    }
  }

  /** What this host itself dropped is not the path's loss: who reads the figures should know. */
  #tellDrops(): void {
    const drops = this.#sockets.reduce((sum, socket) => sum + socket.drops, 0)
    const more = drops - this.#drops
    this.#drops = drops
    if (more <= 0) return
    const message = `about ${more} of the lost datagrams were dropped by this host itself`
    const hint = 'its socket buffer was full: a larger net.core.rmem_max, or a lower rate'
    this.#emit('notice', { code: 'kernel-drops', level: 'warning', message, hint })
  }

  #silent(interfaces: readonly string[]): void {
    if (this.#callers.size > 0 || this.runs.length > 0) return
    const { groups, port } = this.#options
    const where = `${groups.join(', ')} port ${port} on ${interfaces.join(', ')}`
    const message = `nothing heard for 5 s on ${where}`
    const hint =
      'is the sender running, with the same --group and --port, and --interface on both sides; do switch and firewall let UDP multicast through?'
    this.#emit('notice', { code: 'silent', level: 'warning', message, hint })
  }
}
