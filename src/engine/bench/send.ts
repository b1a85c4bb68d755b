// The sender of a bench: greets, blasts to each group, collects the figures of everybody who heard
// it, and finds the limit of the path where no rate is given.

import { randomBytes } from 'node:crypto'
import { Mcp2pError } from '../../core/base/errors.js'
import { BENCH_KIND, emptyBenchHeader } from '../../core/bench/datagram.js'
import { type Limit, LimitFinder, type ProbeOutcome } from '../../core/bench/limit.js'
import type { Run } from '../../core/bench/schedule.js'
import type { Outlet } from '../../io/net/outlet.js'
import { openOutlet } from '../../io/net/sockets.js'
import { nowMicros } from '../drive.js'
import { type Emit, Job } from '../events.js'
import { type Place, placeOf } from '../place.js'
import type { BenchRow, BenchSendEvents, BenchSendOptions, BenchSendResult, Sent } from './api.js'
import { Blast, batchOf, cannotSend, sendWord } from './blast.js'
import { Collector } from './collector.js'
import { pairs } from './pairs.js'

const GREET_MILLIS = 100
/** The greeting lasts so long at least, and until nobody new has come for a while. */
const GREETINGS_MIN = 5
const GREETINGS_MAX = 20
const QUIET_GREETINGS = 3
/** Every receiver's figures are waited for so long after a run, and after a probe of many. */
const PATIENCE_MILLIS = 5000
const PROBE_PATIENCE_MILLIS = 1500
/** A limit is found within so long, greeting and goodbye beside it. */
const LIMIT_MICROS = 12_500_000
const ENDS = 3
const KEEP_MILLIS = 2000
/**
 * Enough that a line of 1 Gbit/s does not run dry before this process is woken on a busy machine, and
 * less than the queue of an interface: what that cannot take would be lost before it left.
 */
const SEND_BUFFER_BYTES = 512 * 1024

export function benchSend(options: BenchSendOptions): Job<BenchSendEvents, BenchSendResult> {
  return new Job(async emit => {
    const results: OneResult[] = []
    const each = options.groups.map(async group => {
      const one = await Bench.open(options, group, emit)
      try {
        results.push(await one.run())
      } finally {
        await one.close()
      }
    })
    await Promise.all(each)
    return {
      sent: results.map(({ sent }) => sent),
      receivers: results.flatMap(({ receivers }) => receivers),
      limit: results[0].limit,
      isInterrupted: options.signal?.aborted ?? false,
    }
  })
}

interface OneResult {
  readonly sent: Sent
  readonly receivers: readonly BenchRow[]
  readonly limit?: Limit
}

/** The bench of one group. */
class Bench {
  readonly #options: BenchSendOptions
  readonly #place: Place
  readonly #outlet: Outlet
  readonly #collector: Collector
  readonly #emit: Emit<BenchSendEvents>
  readonly #header = emptyBenchHeader()
  readonly #signal: AbortSignal

  private constructor(
    options: BenchSendOptions,
    place: Place,
    outlet: Outlet,
    collector: Collector,
    session: Buffer,
    emit: Emit<BenchSendEvents>,
  ) {
    this.#options = options
    this.#place = place
    this.#outlet = outlet
    this.#collector = collector
    this.#emit = emit
    this.#signal = options.signal ?? new AbortController().signal
    this.#header.sessionHigh = session.readUInt32BE(0)
    this.#header.sessionLow = session.readUInt32BE(4)
    this.#header.controlPort = collector.port
  }

  /** @throws Mcp2pError (network) */
  static async open(
    options: BenchSendOptions,
    group: string,
    emit: Emit<BenchSendEvents>,
  ): Promise<Bench> {
    const place = placeOf({ group, port: options.port, interface: options.interface })
    const session = randomBytes(8)
    const collector = await Collector.open({
      session: session.toString('hex'),
      host: place.chosen?.address,
      onReceiver: host => emit('receiver', { host, group }),
    })
    try {
      const outlet = await openOutlet({
        group,
        ttl: options.ttl ?? 1,
        dscp: options.dscp,
        address: place.chosen?.address,
        interfaceName: place.chosen?.name,
        datagramBytes: options.lengthBytes,
        sendBufferBytes: SEND_BUFFER_BYTES,
        slots: 2 * batchOf(options.lengthBytes),
      })
      return new Bench(options, place, outlet, collector, session, emit)
    } catch (cause) {
      await collector.close()
      throw cause instanceof Mcp2pError ? cause : cannotSend(group, cause as NodeJS.ErrnoException)
    }
  }

  async run(): Promise<OneResult> {
    const { port, rateBps, lengthBytes, micros, bytes } = this.#options
    const { group } = this.#place
    const controlPort = this.#collector.port
    this.#emit('sending', { group, port, controlPort, lengthBytes, rateBps })
    await this.#greet()
    if (this.#options.tcp !== undefined) return this.#pairs(this.#options.tcp)
    if (rateBps === 0) return this.#findLimit()
    const datagrams = bytes === undefined ? Infinity : Math.ceil(bytes / lengthBytes)
    const length = bytes === undefined ? micros : Infinity
    const sent = await this.#blast({ rateBps, lengthBytes, micros: length, datagrams })
    return { sent, receivers: await this.#collect(sent, PATIENCE_MILLIS) }
  }

  async close(): Promise<void> {
    await this.#collector.close()
    await this.#outlet.close()
  }

  /** Says that something comes, so that receivers are there when it does. */
  async #greet(): Promise<void> {
    this.#header.kind = BENCH_KIND.hello
    let [known, quiet] = [0, 0]
    this.#outlet.onError = error => {
      if (this.#outlet.sent === 0) this.#refusal ??= error
    }
    for (let i = 0; i < GREETINGS_MAX && !this.#signal.aborted; i++) {
      if (i >= GREETINGS_MIN && quiet >= QUIET_GREETINGS) return
      sendWord(this.#outlet, this.#options.port, this.#header)
      await new Promise(resolve => setTimeout(resolve, GREET_MILLIS))
      if (this.#refusal) throw cannotSend(this.#place.group, this.#refusal)
      quiet = this.#collector.count > known ? 0 : quiet + 1
      known = this.#collector.count
    }
  }

  async #pairs(order: 'serial' | 'parallel'): Promise<OneResult> {
    const { micros, bytes } = this.#options
    const { group } = this.#place
    const [collector, signal, run] = [this.#collector, this.#signal, 1]
    // Who waits for its turn is greeted on, or it would forget us.
    const greet = (): void => sendWord(this.#outlet, this.#options.port, this.#header)
    const timer = setInterval(greet, KEEP_MILLIS)
    try {
      return await pairs({ collector, group, run, order, micros, bytes, signal })
    } finally {
      clearInterval(timer)
    }
  }

  #refusal: NodeJS.ErrnoException | undefined

  #blast(run: Run, intervalMicros = this.#options.intervalMicros): Promise<Sent> {
    this.#header.run++
    return Blast.run({
      outlet: this.#outlet,
      group: this.#place.group,
      port: this.#options.port,
      header: this.#header,
      run,
      intervalMicros,
      onInterval: sent => this.#emit('interval', sent),
      signal: this.#signal,
    })
  }

  /** The end is told by multicast as well, for those whose connection never came about. */
  async #collect({ datagrams }: Sent, patienceMillis: number): Promise<BenchRow[]> {
    const header = this.#header
    header.kind = BENCH_KIND.end
    header.sequence = datagrams
    const remind = (): void => sendWord(this.#outlet, this.#options.port, header)
    for (let i = 0; i < ENDS; i++) remind()
    const rows = await this.#collector.collect(header.run, datagrams, patienceMillis, remind)
    return rows.map(row => ({ ...row, group: this.#place.group }))
  }

  async #findLimit(): Promise<OneResult> {
    const { lengthBytes } = this.#options
    const { group } = this.#place
    const finder = new LimitFinder(nowMicros() + LIMIT_MICROS)
    let sent: Sent = { group, datagrams: 0, bytes: 0, startMicros: 0, endMicros: 0 }
    let receivers: BenchRow[] = []
    while (!this.#signal.aborted) {
      const probe = finder.next(nowMicros())
      if (probe === undefined) break
      sent = await this.#blast({ ...probe, lengthBytes, datagrams: Infinity }, Infinity)
      receivers = await this.#collect(sent, PROBE_PATIENCE_MILLIS)
      const outcome = outcomeOf(sent, receivers)
      // Without anybody who hears there is nothing to find.
      if (outcome === undefined) break
      this.#emit('probe', { group, ...outcome })
      finder.learn(outcome)
    }
    return { sent, receivers, limit: finder.limit }
  }
}

/** The worst of all receivers counts: the slowest arrival and the greatest loss. */
function outcomeOf(sent: Sent, receivers: readonly BenchRow[]): ProbeOutcome | undefined {
  let [arrivalBps, lossFraction, heard] = [Infinity, 0, 0]
  const datagramBits = (8 * sent.bytes) / sent.datagrams
  for (const { figures } of receivers) {
    if (figures === undefined) continue
    heard++
    const { received, total, endMicros } = figures
    // Between the first arrival and the last there is one datagram less than arrived.
    const bits = datagramBits * Math.max(0, received - 1)
    arrivalBps = Math.min(arrivalBps, (bits * 1e6) / Math.max(1, endMicros))
    lossFraction = Math.max(lossFraction, total === 0 ? 1 : 1 - received / sent.datagrams)
  }
  const sentBps = (8e6 * sent.bytes) / sent.endMicros
  return heard === 0 || sent.datagrams === 0 ? undefined : { sentBps, lossFraction, arrivalBps }
}
