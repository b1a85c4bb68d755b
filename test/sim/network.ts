// The simulated network: hosts on a tree of switches (place.ts), or on one, in virtual time, from a seed.
//
//   const network = new Network(seed)
//   const host = network.addHost({ address: '10.0.0.1', upBps: 100e6, downBps: 100e6 })
//   network.addPlace({ upBps, … })              a site or a rack, for `place` of a host; see place.ts
//   const process = network.start(host)         one process per host; `crash` ends it
//   process.join(group, port, hear)             hear(run, pieces, source, at): datagrams that came through
//   process.multicast(group, port, run, from)   how many of [from, count) the send buffer took;
//                                               the rest is for later: see `sendRoomAt`
//   process.listen(port, accept)                accept(socket)
//   process.connect(address, port, opened, failed)
//   process.at(time, wake)                      a timer; dies with the process, waits for a pause
//   socket.send(message, bytes, taken)          ordered, reliable; taken: TCP has the last byte
//   socket.onMessages / socket.onClose          set them when the socket is handed over
//   host.pause, host.resume, host.loss.blackout, network.cut, network.mend, network.crash
//   host.island = n, place.isCut = true         a partition: hosts reach only their own island
//   host.up, .down, .loss, .kernelDrops, .disk  rates to change, and what they count
//   network.scheduler.run(until, done)          time passes
//   network.trace.hash                          equal for equal seeds
//
// A sender does not hear itself. A run should last a few ms at most: it enters a queue as a whole.
// Datagrams travel as runs (link.ts): a run is one event at the switch and one at each host that
// joined, however many datagrams it has. Each host's downlink queue drops its tail, random loss thins
// what is left, and the socket buffer of a slow host drops the rest. TCP (pipe.ts) goes through the
// same queues. Propagation is added behind the queues, the sender's share and the receiver's.

import { assert } from '../../src/core/base/assert.js'
import type { Micros } from '../../src/core/base/machine.js'
import { Prng } from '../../src/core/base/prng.js'
import { CALLED_AGAIN_MILLIS } from '../../src/io/net/dial.js'
import { Host, type HostOptions } from './host.js'
import { fitting, type Pieces, type Run } from './link.js'
import { Pipe } from './pipe.js'
import { carry, isCut, type Path, Place, type PlaceOptions } from './place.js'
import { Scheduler } from './scheduler.js'
import { Trace } from './trace.js'

/** `at`: when they came; a busy host reads them later. */
export type Hear = (run: Run, pieces: Pieces, source: string, at: Micros) => void
type Members = Map<Process, Hear>

/** Datagrams on their way through the tree. */
interface Flow {
  readonly from: Process
  readonly group: string
  readonly run: Run
}

const KIND = { run: 1, opened: 2, message: 3, closed: 4, refused: 5 } as const
const CONNECT_TIMEOUT_MICROS = 3_000_000
/** When a SYN leaves: of each call at once and, by its kernel, after one second more. */
const SYN_MICROS = [0, ...CALLED_AGAIN_MILLIS]
  .flatMap(millis => [millis * 1e3, millis * 1e3 + 1_000_000])
  .sort((a, b) => a - b)
const LATE_MICROS_MAX = 20_000

export class Network {
  readonly scheduler = new Scheduler()
  readonly trace = new Trace()
  readonly hosts: Host[] = []
  readonly prng: Prng
  readonly #byAddress = new Map<string, Process>()
  readonly backbone = new Place<Members>({}, undefined, () => new Map())
  readonly places: Place<Members>[] = [this.backbone]
  #islands = 0

  constructor(seed: number) {
    this.prng = new Prng(seed)
  }

  addHost(options: HostOptions): Host {
    const { place = this.backbone as Place } = options
    const host = new Host(
      this.hosts.length,
      { ...options, place },
      this.scheduler,
      this.prng.fork(),
    )
    this.hosts.push(host)
    return host
  }

  addPlace(options: PlaceOptions): Place {
    const { parent = this.backbone as Place } = options
    // What loses nothing draws nothing: adding it changes nobody else's luck.
    const prng = options.loss ? this.prng.fork() : undefined
    const place = new Place<Members>({ ...options, parent }, prng, () => new Map())
    this.places.push(place)
    return place as Place
  }

  /** Starts a process on a host that has none. */
  start(host: Host): Process {
    assert(!this.#byAddress.has(host.address), 'one process per host')
    const process = new Process(this, host)
    this.#byAddress.set(host.address, process)
    return process
  }

  /** kill -9: its timers, memberships and connections end; the other ends hear of it. */
  crash(process: Process): void {
    this.#byAddress.delete(process.host.address)
    for (const members of (process.host.place as Place<Members>).groups) members.delete(process)
    process.end()
  }

  /** Takes the host off the switch. */
  cut(host: Host): void {
    host.island = ++this.#islands
  }

  mend(host: Host): void {
    host.island = 0
  }

  processAt(address: string): Process | undefined {
    return this.#byAddress.get(address)
  }

  /** Who on the host's own switch has joined a group. */
  members(host: Host, group: string): Members {
    return (host.place as Place<Members>).members(group)
  }

  /** Datagrams `sent` of a run come to their host's switch, the first now and the last at `lastAt`. */
  fanOut(flow: Flow, sent: Pieces, lastAt: Micros): void {
    this.#spread(flow, flow.from.host.place as Place<Members>, undefined, sent, lastAt)
  }

  /** They come to a switch, by the line `via` of another one: to its hosts, and on over its lines. */
  #spread(
    flow: Flow,
    place: Place<Members>,
    via: Place<Members> | undefined,
    sent: Pieces,
    lastAt: Micros,
  ): void {
    this.#toMembers(flow, place.members(flow.group), sent, lastAt)
    for (const child of place.children)
      if (child !== via && this.#wants(child, flow.group))
        this.#cross(flow, child, true, sent, lastAt)
    if (place.parent !== undefined && place.parent !== via)
      this.#cross(flow, place, false, sent, lastAt)
  }

  #cross(flow: Flow, place: Place<Members>, isDown: boolean, sent: Pieces, lastAt: Micros): void {
    if (!place.passesMulticast || place.isCut) return
    const { scheduler } = this
    const hop = isDown ? place.down : place.up
    const left = carry(hop, flow.run, sent, scheduler.now, lastAt)
    if (left.pieces.length === 0) return
    const next = isDown ? place : place.parent!
    const via = isDown ? place.parent : place
    scheduler.at(left.firstAt + place.delayMicros, () =>
      this.#spread(flow, next, via, left.pieces, left.lastAt + place.delayMicros),
    )
  }

  /** Somebody behind that line has joined. */
  #wants(place: Place<Members>, group: string): boolean {
    if (!place.passesMulticast) return false
    return place.members(group).size > 0 || place.children.some(child => this.#wants(child, group))
  }

  #toMembers({ from, run }: Flow, to: Members, sent: Pieces, lastAt: Micros): void {
    const { now } = this.scheduler
    for (const process of to.keys()) {
      const { host } = process
      if (process === from || !host.multicast || host.island !== from.host.island) continue
      const fit = fitting(run, sent, host.mtuBytes)
      if (fit.length === 0) continue
      const pieces = host.down.pushPieces(run, fit, now, lastAt)
      const arrival = host.down.leftAt
      if (pieces.length === 0) continue
      const arrive = (): void => {
        const left = host.loss.thin(pieces, this.scheduler.now)
        if (left.length === 0) return
        host.receive(left, (read, at) => {
          const hear = to.get(process)
          if (hear === undefined) return
          this.trace.note(this.scheduler.now, KIND.run, host.index, read.length + 31 * read[0])
          hear(run, read, from.host.address, at)
        })
      }
      const trip = from.host.delayMicros + host.delayMicros
      this.scheduler.at(arrival + trip + this.#lateness(host.lateShare), arrive)
      if (host.duplicateShare > 0 && this.prng.unit() < host.duplicateShare)
        this.scheduler.at(arrival + trip + this.#lateness(1), arrive)
    }
  }

  /** How much longer a run takes than those around it. */
  #lateness(share: number): Micros {
    return share > 0 && this.prng.unit() < share ? this.prng.unit() * LATE_MICROS_MAX : 0
  }
}

/** A process: what a crash ends. */
export class Process {
  readonly host: Host
  readonly #network: Network
  readonly #sockets = new Set<Socket>()
  readonly #listeners = new Map<number, (socket: Socket) => void>()
  #alive = true
  #queuedBytes = 0

  constructor(network: Network, host: Host) {
    this.#network = network
    this.host = host
  }

  get alive(): boolean {
    return this.#alive
  }

  at(time: Micros, wake: () => void): void {
    const run = (): void => {
      if (this.#alive) wake()
    }
    this.#network.scheduler.at(time, () => this.host.whenAwake(run))
  }

  join(group: string, port: number, hear: Hear): void {
    this.#network.members(this.host, `${group}|${port}`).set(this, hear)
  }

  leave(group: string, port: number): void {
    this.#network.members(this.host, `${group}|${port}`).delete(this)
  }

  /** Sends datagrams [from, count) of the run as far as the send buffer takes them; how many. */
  multicast(group: string, port: number, run: Run, from = 0): number {
    const { up } = this.host
    const { now } = this.#network.scheduler
    let to = from
    let bytes = 0
    while (to < run.count) {
      const next = run.wireBytes(to, to + 1)
      if (this.#queuedBytes + bytes + next > up.queueBytes) break
      bytes += next
      to++
    }
    if (to === from) return 0
    this.#queuedBytes += bytes
    const lastAt = up.push(bytes, to - from, now)
    const firstAt = lastAt - up.micros(run.wireBytes(from + 1, to))
    const flow = { from: this, group: `${group}|${port}`, run }
    const { host } = this
    this.#network.scheduler.at(firstAt, () => {
      if (host.multicast) this.#network.fanOut(flow, [from, to], lastAt)
    })
    this.#network.scheduler.at(lastAt, () => {
      this.#queuedBytes -= bytes
    })
    return to - from
  }

  /** When the send buffer will be empty enough to take more. */
  get sendRoomAt(): Micros {
    return this.host.up.freeAt
  }

  listen(port: number, accept: (socket: Socket) => void): void {
    this.#listeners.set(port, accept)
  }

  /** `opened` at both ends (the listener's `accept`), or `failed`: refused or no answer. */
  connect(
    address: string,
    port: number,
    opened: (socket: Socket) => void,
    failed: () => void,
  ): void {
    const { scheduler, trace, prng } = this.#network
    const target = this.#network.processAt(address)
    const path = this.host.place.pathTo(target?.host.place ?? this.host.place)
    const there = target?.host.delayMicros ?? this.host.delayMicros
    const trip = this.host.delayMicros + path.delayMicros + there
    const fail = (): void => {
      trace.note(scheduler.now, KIND.refused, this.host.index, port)
      failed()
    }
    // The SYN on its way there, and the answer on its way back.
    const here = this.host.loss.tcp
    const loss = 1 - (1 - (target?.host.loss.tcp ?? 0)) * (1 - here) * (1 - path.loss) ** 2
    const syn = SYN_MICROS.find(() => prng.unit() >= loss) ?? CONNECT_TIMEOUT_MICROS
    const wait = syn + 2 * trip
    const unreachable =
      target === undefined || target.host.island !== this.host.island || isCut(path)
    if (unreachable || wait >= CONNECT_TIMEOUT_MICROS) {
      this.at(scheduler.now + (target ? CONNECT_TIMEOUT_MICROS : wait), fail)
      return
    }
    this.at(scheduler.now + wait, () => {
      const accept = target.#listeners.get(port)
      if (!target.#alive || accept === undefined || target.host.paused) return fail()
      const near = new Socket(this.#network, this, target)
      const far = new Socket(this.#network, target, this)
      near.pair(far)
      far.pair(near)
      this.#sockets.add(near)
      target.#sockets.add(far)
      trace.note(scheduler.now, KIND.opened, this.host.index, target.host.index)
      accept(far)
      opened(near)
    })
  }

  forget(socket: Socket): void {
    this.#sockets.delete(socket)
  }

  end(): void {
    this.#alive = false
    for (const socket of [...this.#sockets]) socket.abort()
    this.#listeners.clear()
  }
}

/** One end of a connection. */
export class Socket {
  readonly address: string
  /** Those that came together. */
  onMessages: (messages: readonly unknown[]) => void = () => {}
  onClose: () => void = () => {}
  readonly #network: Network
  readonly #owner: Process
  readonly #out: Pipe
  readonly #path: Path
  #other: Socket | undefined
  #open = true

  constructor(network: Network, owner: Process, other: Process) {
    this.#network = network
    this.#owner = owner
    this.address = other.host.address
    const deliver = (payloads: readonly unknown[]): void => this.#other?.take(payloads)
    this.#path = owner.host.place.pathTo(other.host.place)
    this.#out = new Pipe(network.scheduler, owner.host, other.host, deliver, this.#path)
  }

  pair(other: Socket): void {
    this.#other = other
  }

  /** Bytes that TCP has not taken yet: the application's buffer. */
  get bufferedBytes(): number {
    return this.#out.bufferedBytes
  }

  send(message: unknown, bytes: number, taken?: () => void): void {
    if (this.#open) this.#out.send(message, bytes, taken)
  }

  /** Sends what is buffered, then closes; this end hears nothing more. */
  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#owner.forget(this)
    this.#out.send(FIN, 1)
  }

  /** Closes at once: what is buffered or on its way is lost. */
  abort(): void {
    if (!this.#open) return
    this.#open = false
    this.#owner.forget(this)
    this.#out.kill()
    const other = this.#other!
    const trip =
      this.#owner.host.delayMicros + this.#path.delayMicros + other.#owner.host.delayMicros
    this.#network.scheduler.after(trip, () => {
      const isReached = this.#owner.host.island === other.#owner.host.island && !isCut(this.#path)
      if (isReached) other.#closed()
    })
  }

  take(messages: readonly unknown[]): void {
    const isLast = messages[messages.length - 1] === FIN
    const left = isLast ? messages.slice(0, -1) : messages
    if (this.#open && left.length > 0) {
      const { scheduler, trace } = this.#network
      trace.note(scheduler.now, KIND.message, this.#owner.host.index, this.#out.bufferedBytes)
      this.onMessages(left)
    }
    if (isLast) this.#closed()
  }

  #closed(): void {
    this.#out.kill()
    if (!this.#open) return
    this.#open = false
    this.#owner.forget(this)
    this.#network.trace.note(this.#network.scheduler.now, KIND.closed, this.#owner.host.index, 0)
    this.onClose()
  }
}

const FIN = Symbol('fin')
