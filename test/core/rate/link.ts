// A small deterministic model of a blast, in steps of 1 ms: senders with pacers, their own lines
// with socket back-pressure, an optional trunk, and per receiver a switch port with a queue, random
// loss, a kernel socket buffer, a CPU, and reports that come late. Datagrams are counted, not
// built; a burst of one step travels as one run with one time stamp.

import { Prng } from '../../../src/core/base/prng.js'
import { Pacer } from '../../../src/core/rate/pacer.js'
import { BbrFlow } from './bbr.js'
import { CubicFlow } from './cubic.js'
import { Gauge } from './gauge.js'
import { Machine } from './machine.js'
import { Queue, type Run } from './queue.js'
import {
  type LinkSpec,
  PAYLOAD_BYTES,
  type ReceiverSpec,
  type SenderSpec,
  WIRE_BYTES,
} from './spec.js'

const STEP_MICROS = 1000

/** The 208 KiB that the kernel lets wait for a socket, and the super-packet that it took while they were not full. */
const SOCKET_SEND_BYTES = 280_000
/** A network card's ring of 1000 frames. */
const LINE_QUEUE_BYTES = 1_500_000
/** A local TCP's share of that is limited to some milliseconds. */
const OWN_QUEUED = 35
const PORT_QUEUE_BYTES = 512 * 1024
const SOCKET_RECEIVE_BYTES = 2_500_000
const LOOK_MILLIS = 10
const ENDLESS = 1e9
/** So much that waits has left the caches: what takes it costs twice as much. */
const COLD_BYTES = 8e6

class Sender {
  readonly pacer: Pacer
  /** Its own line, and what of that queue is its own. */
  readonly line: Queue
  readonly tcp: CubicFlow | BbrFlow
  ownBytes = 0
  sequence = 0
  pausedUntil = 0
  fast = true
  sourceBytes = 0

  constructor(
    readonly spec: SenderSpec,
    readonly index: number,
  ) {
    this.pacer = new Pacer(spec.controller.rateBps, (spec.startMillis ?? 0) * STEP_MICROS)
    this.line = new Queue(spec.lineBps === undefined ? 1e12 : LINE_QUEUE_BYTES)
    this.tcp = spec.tcp?.kind === 'bbr' ? new BbrFlow() : new CubicFlow(OWN_QUEUED)
  }

  wants(ms: number): boolean {
    return this.pacer.creditBytes(ms * STEP_MICROS) >= PAYLOAD_BYTES
  }

  /** One turn of the event loop, which handles so many datagrams; the runs that reach the wire. */
  step(ms: number, most: number, luck: Prng): Run[] {
    const { spec, pacer, line, tcp } = this
    const now = ms * STEP_MICROS
    const lineBytes = (spec.lineBps ?? 1e12) / 8000
    const { fromMillis = Infinity, toMillis = Infinity } = spec.tcp ?? {}
    if (ms >= fromMillis && ms < toMillis) tcp.step(ms, line, lineBytes)
    const isAwake = ms >= this.pausedUntil && (spec.isAwake?.(ms) ?? true)
    if (ms >= (spec.startMillis ?? 0) && isAwake && most > 0) {
      if (luck.unit() < 0.001) this.pausedUntil = ms + luck.below((spec.pauseMillis ?? 0) + 1)
      spec.controller.tick(now)
      pacer.setRate(spec.controller.rateBps, now)
      this.#fill(now, most)
    }
    const left: Run[] = []
    for (const run of line.serve(lineBytes, WIRE_BYTES)) {
      if (run.sender < 0) tcp.acknowledge(run.count)
      else {
        this.ownBytes -= run.count * WIRE_BYTES
        left.push(run)
      }
    }
    return left
  }

  #fill(now: number, most: number): void {
    const { spec, pacer, line } = this
    if (spec.controller.stopped !== undefined) return
    this.sourceBytes = Math.min(500_000, this.sourceBytes + (spec.sourceBps ?? 1e12) / 8000)
    const wanted = Math.floor(pacer.creditBytes(now) / PAYLOAD_BYTES)
    const ready = Math.min(wanted, Math.floor(most), Math.floor(this.sourceBytes / PAYLOAD_BYTES))
    if (ready <= 0) return
    const mostBytes = spec.lineBps === undefined ? 1e12 : SOCKET_SEND_BYTES
    const room = Math.min(
      line.room(WIRE_BYTES),
      Math.floor((mostBytes - this.ownBytes) / WIRE_BYTES),
    )
    const count = Math.min(ready, room)
    if (count > 0) {
      this.ownBytes += count * WIRE_BYTES
      line.push({ sender: this.index, sequence: this.sequence, count, atMicros: now }, WIRE_BYTES)
      this.sequence += count
      this.sourceBytes -= count * PAYLOAD_BYTES
      pacer.spend(count * PAYLOAD_BYTES)
      spec.controller.onSent(count * PAYLOAD_BYTES, now)
    }
    if (count < ready) spec.controller.onBlocked(now)
  }
}

class Receiver {
  readonly port: Queue
  readonly socket: Queue
  readonly gauges: Gauge[]
  readonly tcp: CubicFlow | undefined
  kernelDropped = 0
  pausedUntil = 0
  #gap = 0
  #speed = 1
  #behind = false

  constructor(
    readonly spec: ReceiverSpec,
    readonly index: number,
    senders: number,
    luck: Prng,
  ) {
    this.port = new Queue(spec.queueBytes ?? PORT_QUEUE_BYTES)
    this.socket = new Queue(spec.socketBytes ?? SOCKET_RECEIVE_BYTES)
    this.gauges = Array.from({ length: senders }, () => new Gauge(spec, index, luck.fork()))
    this.tcp = spec.tcpFromMillis === undefined ? undefined : new CubicFlow()
    this.#draw(luck)
  }

  /** Its process looks at the socket every 10 ms, and goes on while there is a backlog. */
  wants(ms: number): boolean {
    if (this.socket.bytes === 0) this.#behind = false
    else if (ms % LOOK_MILLIS === this.index % LOOK_MILLIS) this.#behind = true
    return this.#behind
  }

  /** Runs that arrive at the port; measures what the application sees, which handles so many. */
  step(ms: number, runs: Run[], most: number, luck: Prng): void {
    const { spec, port, socket, tcp } = this
    const portBytes = spec.lineBps / 8000
    if (tcp !== undefined && ms >= (spec.tcpFromMillis ?? 0)) tcp.step(ms, port, portBytes)
    for (const run of runs) port.push(run, WIRE_BYTES)
    for (const run of port.serve(portBytes, WIRE_BYTES)) {
      if (run.sender < 0) tcp?.acknowledge(run.count)
      else this.#arrive(spec.kernelTimes ? { ...run, arrivedMicros: ms * STEP_MICROS } : run, luck)
    }
    const share = spec.cpuShare?.(ms) ?? 1
    if (ms < this.pausedUntil || share === 0) return
    if (spec.pauseMillis !== undefined && luck.unit() < 0.001) {
      this.pausedUntil = ms + luck.below(spec.pauseMillis)
    }
    const now = ms * STEP_MICROS
    if (ms % 200 === 0) this.#speed = 1 + (2 * luck.unit() - 1) * (spec.cpuSwing ?? 0)
    if (most === 0 && socket.bytes > 0) return
    const cpuBytes = Math.min(
      most * PAYLOAD_BYTES,
      ((spec.cpuBps ?? 1e12) * share * this.#speed) / 8000,
    )
    for (const run of socket.serve(cpuBytes, PAYLOAD_BYTES)) this.gauges[run.sender].take(run, now)
    for (const gauge of this.gauges) gauge.step(now)
  }

  #arrive(run: Run, luck: Prng): void {
    const came = run.count - this.#lost(run.count, luck)
    if (came === 0) return
    const taken = this.socket.push(
      came === run.count ? run : { ...run, count: came },
      PAYLOAD_BYTES,
    )
    this.kernelDropped += came - taken
    this.gauges[run.sender].kernelDrops += came - taken
  }

  /** How many of so many that left together are lost by chance. */
  #lost(count: number, luck: Prng): number {
    const { loss, lossRun } = this.spec
    if (loss <= 0 || loss >= 1) return loss <= 0 ? 0 : count
    let lost = 0
    if (lossRun === undefined) {
      for (this.#gap -= count; this.#gap < 0; lost++) this.#gap += this.#draw(luck)
      return lost
    }
    for (let at = 0; at < count; at += lossRun)
      if (luck.unit() < loss) lost += Math.min(lossRun, count - at)
    return lost
  }

  /** Datagrams until the next loss: geometric. */
  #draw(luck: Prng): number {
    const { loss } = this.spec
    if (loss <= 0 || loss >= 1) return 1000
    return 1 + Math.floor(Math.log(1 - luck.unit()) / Math.log(1 - loss))
  }
}

export class Link {
  ms = 0
  readonly senders: Sender[]
  readonly receivers: Receiver[]
  readonly trunk: Queue | undefined
  readonly trunkTcp = new CubicFlow()
  readonly #luck: Prng
  readonly #spec: LinkSpec
  readonly #machine: Machine | undefined
  readonly #mail: { atMicros: number; deliver: (now: number) => void }[] = []

  constructor(spec: LinkSpec) {
    this.#spec = spec
    this.#luck = new Prng(spec.seed)
    this.senders = spec.senders.map((sender, i) => new Sender(sender, i))
    this.receivers = spec.receivers.map(
      (receiver, i) => new Receiver(receiver, i, spec.senders.length, this.#luck.fork()),
    )
    this.trunk = spec.trunk && new Queue(spec.trunk.queueBytes)
    const processes = 1 + spec.receivers.length
    this.#machine = spec.machine && new Machine(spec.machine, processes, this.#luck.fork())
  }

  /** Runs for so many milliseconds; `each` is called after every one. */
  run(millis: number, each?: (ms: number) => void): void {
    for (const end = this.ms + millis; this.ms < end; this.ms++) {
      this.#step()
      each?.(this.ms)
    }
  }

  #step(): void {
    const { ms, trunk } = this
    const now = ms * STEP_MICROS
    let runs: Run[] = []
    const wanting = [
      this.senders[0].wants(ms),
      ...this.receivers.map(receiver => receiver.wants(ms)),
    ]
    const able = this.#machine?.step(wanting)
    for (const sender of this.senders)
      runs.push(...sender.step(ms, able?.[0] ?? ENDLESS, this.#luck))
    if (trunk !== undefined && this.#spec.trunk !== undefined) {
      const trunkBytes = this.#spec.trunk.lineBps / 8000
      const from = this.#spec.trunkTcpFromMillis
      if (from !== undefined && ms >= from) this.trunkTcp.step(ms, trunk, trunkBytes)
      trunk.pushMixed(runs, WIRE_BYTES)
      runs = []
      for (const run of trunk.serve(trunkBytes, WIRE_BYTES)) {
        if (run.sender < 0) this.trunkTcp.acknowledge(run.count)
        else runs.push(run)
      }
    }
    for (const receiver of this.receivers) {
      const most = able?.[1 + receiver.index] ?? ENDLESS
      receiver.step(ms, runs, most / (1 + receiver.socket.bytes / COLD_BYTES), this.#luck)
      this.#report(receiver, now)
    }
    for (let i = this.#mail.length - 1; i >= 0; i--) {
      if (this.#mail[i].atMicros > now) continue
      const [letter] = this.#mail.splice(i, 1)
      letter.deliver(now)
    }
  }

  #report(receiver: Receiver, now: number): void {
    const sample = this.#spec.fastSample ?? 8
    this.senders.forEach((sender, i) => {
      const { controller } = sender.spec
      const gauge = receiver.gauges[i]
      const fast = sender.fast && receiver.index < sample
      if (controller.wantsFastReports !== sender.fast && receiver.index === 0) {
        const wanted = controller.wantsFastReports
        this.#mail.push({ atMicros: now + 5000, deliver: () => (sender.fast = wanted) })
      }
      if (sender.sequence === 0 || receiver.spec.reports === false) return
      const others = this.#spec.strangers ? [] : receiver.gauges.filter(other => other !== gauge)
      const report = gauge.report(now, fast ? 100_000 : 500_000, others)
      if (report === undefined) return
      const atMicros = now + 2000 + this.#luck.below(6) * 1000
      this.#mail.push({ atMicros, deliver: later => controller.onReport(report, later) })
    })
  }
}
