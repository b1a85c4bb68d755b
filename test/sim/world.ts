// A transfer in the simulated network: the project's own cores as sender and receivers, a scenario
// that happens to them, and the laws that must hold whatever happens: all arrive, nothing is believed
// that did not come, nobody is stuck, and the sender's line is not wasted.

import { BLOCK_BYTES } from '../../src/core/base/limits.js'
import type { Micros } from '../../src/core/base/machine.js'
import { Geometry, symbolBytesOf, symbolsPerBlock } from '../../src/core/meta/geometry.js'
import type { RateController } from '../../src/core/rate/controller.js'
import { FixedRate } from '../../src/core/rate/fixed.js'
import type { Fec } from '../../src/core/session/redundancy.js'
import type { Tactics } from '../../src/core/swarm/tactics.js'
import type { Progress } from '../../src/core/wire/message.js'
import { type DiskOptions, FAST_DISK } from './disk.js'
import type { Host } from './host.js'
import { Network } from './network.js'
import type { Place } from './place.js'
import { Receiver, type ReceiverOptions } from './receiver.js'
import type { Act, Scenario } from './scenarios.js'
import { Seeder } from './seeder.js'
import type { Setting } from './setting.js'
import { churnOf, Topology } from './topology.js'

export interface WorldOptions {
  readonly scenario: Scenario
  readonly receivers: number
  readonly sizeBytes: number
  readonly seed: number
  /** Of every line, each way, on the wire. */
  readonly lineBps?: number
  /** What the sender blasts at; default: nearly what the line carries, among all senders. */
  readonly rateBps?: number
  readonly fec?: Fec
  /** A controller instead of a fixed rate. */
  readonly makeRate?: () => RateController
  /** How all choose; default as in the product. */
  readonly tactics?: Tactics
  /** Files that the bytes are in; default one. */
  readonly files?: number
  /** Another world's network, which two transfers then share. */
  readonly network?: Network
}

export interface Outcome {
  readonly problems: readonly string[]
  /** When the blast began, from which the following count; 0 without one. */
  readonly blastSeconds: number
  readonly firstSeconds: number
  readonly medianSeconds: number
  readonly lastSeconds: number
  /** Bytes that left the first sender's interface over the bytes of the files. */
  readonly overhead: number
  /** Verified bytes of all receivers. */
  readonly progress: Progress
  readonly endedSeconds: number
  readonly passes: number
  readonly traceHash: string
  readonly events: number
  readonly notices: ReadonlyMap<string, number>
}

const LINE_BPS = 100e6
/** UDP payload of a full line: 1398 of 1464 bytes; 2 % are left for repair. */
const PAYLOAD_SHARE = 0.98 * (1398 / 1464)
const CHUNK_BYTES = 1024 * 1024
const META_BYTES = 4096
const LATE_MICROS = 700
/** So many receivers are simulated in coarser steps: a batch of datagrams visits each of them. */
const CROWD = 250
const CROWD_LATE_MICROS = 8_000
/**
 * What a sender says to one receiver: a greeting, addresses of others and what becomes of the blast. So
 * many of them are no matter beside the file.
 */
const WORDS_BYTES = 1_500
const WORDS_FREE = 1_000
/**
 * The more they are the more rarely each looks at what has come, as on a busy host; then it handles all
 * of it, and its timers, in one visit.
 */
const REST_MICROS_PER_RECEIVER = 48
const REST_MICROS_MAX = 48_000
/** So many have less memory: nothing of this size waits for a disk. */
const THRONG = 2500
const THRONG_POOL_BYTES = 16 * 1024 * 1024

export class World {
  readonly network: Network
  readonly receivers: (Receiver | undefined)[] = []
  readonly seeders: Seeder[] = []
  readonly #options: WorldOptions
  readonly #setting: Setting
  readonly #senderHosts: Host[] = []
  readonly #receiverHosts: Host[] = []
  readonly #acts: Act[]
  readonly #topology: Topology
  readonly #rateBps: number
  readonly #problems: string[] = []
  #blastAt: Micros | undefined

  constructor(options: WorldOptions) {
    const { scenario, seed } = options
    const lineBps = options.lineBps ?? LINE_BPS
    this.#options = options
    this.network = options.network ?? new Network(seed)
    this.#acts = [...(scenario.acts ?? [])].sort((a, b) => a.at - b.at)
    this.#topology = new Topology(this.network, scenario.tree, scenario.kinds)
    const senders = scenario.senders ?? 1
    const oneWay = scenario.carousel !== undefined
    this.#rateBps = options.rateBps ?? (PAYLOAD_SHARE * lineBps) / senders
    this.#setting = {
      network: this.network,
      id: seed.toString(16).padStart(8, '0').repeat(8),
      geometry: new Geometry(sizesOf(options), CHUNK_BYTES),
      metaBytes: new Uint8Array(META_BYTES),
      tactics: options.tactics,
      symbolBytes: symbolBytesOf(symbolsPerBlock(1500)),
      longSymbolBytes: scenario.longFrames && symbolBytesOf(symbolsPerBlock(9000)),
      fec: options.fec ?? scenario.fec ?? 0,
      makeRate: options.makeRate ?? (() => new FixedRate(this.#rateBps, { oneWay })),
      multicast: scenario.multicast !== 'off',
      isQuiet: scenario.multicast === 'receivers',
      lateMicros: options.receivers < CROWD ? LATE_MICROS : CROWD_LATE_MICROS,
      restMicros: restOf(options.receivers),
      poolBytes: options.receivers < THRONG ? undefined : THRONG_POOL_BYTES,
    }
    for (let i = 0; i < senders + options.receivers; i++) this.#addHost(i, senders, lineBps)
    this.#receiverHosts.forEach((_, i) => {
      this.receivers.push(undefined)
      if (!(this.#isLast(i) && this.#acts.some(act => act.do === 'join-late')))
        this.#startReceiver(i)
    })
    const lateMicros = 1e6 * (scenario.lateSeconds ?? 0)
    for (let i = 0; i < senders; i++)
      if (lateMicros === 0) this.#startSender(i)
      else this.network.scheduler.at(lateMicros, () => this.#startSender(i))
    this.#planChurn()
  }

  /** Runs until everybody has what they want and the senders have ended, or time is up. */
  run(): Outcome {
    const { scenario } = this.#options
    const { timesMax = 1.5, slackSeconds = 3 } = scenario
    const until = this.network.scheduler.now + (timesMax * this.#passSeconds + slackSeconds) * 1e6
    const done = this.#all(receiver => receiver?.completeAt !== undefined)
    if (!this.network.scheduler.run(until, done)) this.#tellWhoIsStuck()
    const at = this.network.scheduler.now
    if (scenario.carousel) for (const seeder of this.seeders) seeder.stop()
    const served = this.#all(receiver => receiver?.servedAt !== undefined)
    const isOver = (): boolean => this.seeders.every(s => s.endedAt !== undefined) && served()
    // Serving ends at the latest with the grace of a complete receiver.
    if (done() && !this.network.scheduler.run(at + 45e6, isOver))
      this.#problems.push('all are complete, but not all have ended')
    return this.#outcome()
  }

  /** Whether all are so, asked after each event: who was not so last time mostly still is not. */
  #all(isSo: (receiver: Receiver | undefined) => boolean): () => boolean {
    let last = -1
    return () => {
      if (last >= 0 && !isSo(this.receivers[last])) return false
      last = this.receivers.findIndex(receiver => !isSo(receiver))
      return last < 0
    }
  }

  get #passSeconds(): number {
    return (this.#options.sizeBytes * 8) / this.#rateBps
  }

  #addHost(index: number, senders: number, lineBps: number): void {
    const { scenario, receivers } = this.#options
    const { loss = 0, congestion = 'cubic', multicast = 'all' } = scenario
    const isSender = index < senders
    const isLast = index === senders + receivers - 1
    const number = this.network.hosts.length + 1
    const place = this.#topology.placeOf(isSender ? 0 : index - senders, receivers)
    const host = this.network.addHost({
      address: this.#addressOf(number, place),
      place,
      upBps: lineBps,
      downBps: lineBps,
      lossUdp: isSender ? 0 : loss,
      lossTcp: isSender ? 0 : loss,
      lossBurst: scenario.lossBurst,
      congestion,
      disk: isSender ? undefined : this.#diskOf(isLast),
      multicast:
        multicast === 'all' || multicast === 'receivers' || (multicast === 'not-last' && !isLast),
      ...(isSender ? {} : this.#topology.kindOf(index - senders)),
      mtuBytes: scenario.longFrames === 'not-last' && isLast ? 1500 : undefined,
    })
    if (isSender) this.#senderHosts.push(host)
    else this.#receiverHosts.push(host)
  }

  /** Each site has a prefix of its own. */
  #addressOf(number: number, place: Place | undefined): string {
    const site = place === undefined ? -1 : this.#topology.racks.indexOf(place)
    const first = site < 0 ? number >> 16 : 1 + site
    return `10.${first}.${(number >> 8) & 255}.${number & 255}`
  }

  #diskOf(isLast: boolean): DiskOptions | undefined {
    const { all, last } = this.#options.scenario.diskBps ?? {}
    const writeBps = isLast ? (last ?? all) : all
    return writeBps === undefined ? undefined : { ...FAST_DISK, writeBps }
  }

  #isOneWay(index: number): boolean {
    const { carousel } = this.#options.scenario
    return carousel === 'one-way' || (carousel === 'last-one-way' && this.#isLast(index))
  }

  #isLast(index: number): boolean {
    return index === this.#options.receivers - 1
  }

  #startReceiver(index: number, former?: Receiver): void {
    const { multicast = 'all', liesShare, lie } = this.#options.scenario
    const isDeaf =
      multicast === 'none' ||
      multicast === 'off' ||
      multicast === 'receivers' ||
      (multicast === 'not-last' && this.#isLast(index)) ||
      !this.#receiverHosts[index].multicast ||
      !this.#topology.isHeard(this.#senderHosts[0], this.#receiverHosts[index])
    const options: ReceiverOptions = {
      storage: former?.storage,
      peers: isDeaf ? this.#senderHosts.map(host => host.address) : [],
      liesShare: this.#isLast(index) ? liesShare : 0,
      lie: this.#isLast(index) ? lie : undefined,
      oneWay: this.#isOneWay(index),
    }
    this.receivers[index] = new Receiver(this.#setting, this.#receiverHosts[index], options)
  }

  #startSender(index: number): void {
    const late = this.#acts.some(act => act.do === 'join-late') ? 1 : 0
    const { carousel: isCarousel } = this.#options.scenario
    const options = isCarousel
      ? {
          waitReceivers: undefined,
          waitMicros: 0,
          carousel: { passes: Infinity, micros: Infinity },
        }
      : { waitReceivers: this.#options.receivers - late, waitMicros: 10e6 }
    const seeder = new Seeder(this.#setting, this.#senderHosts[index], options)
    seeder.onProgress = () => this.#actOn(seeder)
    this.seeders[index] = seeder
  }

  /** The first pass has come further: does what is due. */
  #actOn(seeder: Seeder): void {
    if (seeder !== this.seeders[0]) return
    this.#blastAt ??= seeder.firstBlastAt
    const { sender } = seeder.seed
    while (this.#acts.length > 0 && (sender.pass > 1 || sender.passFraction >= this.#acts[0].at)) {
      const act = this.#acts.shift()!
      this.network.scheduler.after(0, () => this.#do(act))
    }
  }

  /** Random receivers suffer, if they run and are not done. */
  #planChurn(): void {
    const { scenario, receivers } = this.#options
    if (scenario.churn === undefined) return
    for (const fault of churnOf(scenario.churn, receivers, this.network.prng.fork()))
      this.network.scheduler.at(fault.atMicros, () => {
        const receiver = this.receivers[fault.receiver]
        const host = this.#receiverHosts[fault.receiver]
        if (!receiver?.process.alive || receiver.completeAt !== undefined) return
        if (host.paused || host.island !== 0) return
        this.#do({ at: 0, do: fault.do, seconds: fault.seconds }, fault.receiver)
      })
  }

  #do(act: Act, last = this.#options.receivers - 1): void {
    const host = this.#receiverHosts[last]
    const { now } = this.network.scheduler
    const later = (seconds: number, then: () => void): void =>
      this.network.scheduler.after(seconds * 1e6, then)
    if (act.do === 'join-late') this.#startReceiver(last)
    else if (act.do === 'shorten') for (const each of this.#receiverHosts) each.mtuBytes = 1500
    else if (act.do === 'overwork') for (const each of this.receivers) each!.busyShare = 1
    else if (act.do === 'go-deaf')
      host.loss.blackout({ from: now, to: now + act.seconds * 1e6, of: 'udp' })
    else if (act.do === 'pull-cable') {
      this.network.cut(host)
      later(act.seconds, () => this.network.mend(host))
    } else if (act.do === 'pause-receiver') {
      host.pause()
      later(act.seconds, () => host.resume())
    } else if (act.do === 'pause-sender') {
      this.#senderHosts[0].pause()
      later(act.seconds, () => this.#senderHosts[0].resume())
    } else if (act.do === 'restart-receiver') {
      const former = this.receivers[last]!
      this.network.crash(former.process)
      this.#problems.push(...former.content.problems)
      former.storage.crash('kill', this.network.prng)
      later(act.seconds, () => this.#startReceiver(last, former))
    } else {
      this.network.crash(this.seeders[0].process)
      later(act.seconds, () => this.#startSender(0))
    }
  }

  /** What it says to each of a great crowd counts beside what it says to all. */
  get #overheadMax(): number {
    const { scenario, receivers, sizeBytes } = this.#options
    const words = Math.max(0, receivers - WORDS_FREE) * WORDS_BYTES
    return (scenario.overheadMax ?? Infinity) + words / sizeBytes
  }

  #tellWhoIsStuck(): void {
    for (const [i, receiver] of this.receivers.entries()) {
      if (receiver?.completeAt !== undefined) continue
      const missing = receiver ? receiver.verified.size - receiver.verified.count : 'all'
      const plan = receiver?.fetch.plan
      const peers = receiver?.fetch.swarm.connectionCount
      this.#problems.push(`receiver ${i} misses ${missing} blocks (plan ${plan}, ${peers} peers)`)
    }
  }

  #outcome(): Outcome {
    const notices = new Map<string, number>()
    const problems = [...this.#problems]
    const count = (notice: string): void => {
      notices.set(notice, (notices.get(notice) ?? 0) + 1)
    }
    const progress = {
      verifiedBytes: 0,
      resumedBytes: 0,
      multicastBytes: 0,
      peerBytes: 0,
      seederBytes: 0,
    }
    const origin = this.#blastAt ?? 0
    const times: Micros[] = []
    for (const [i, receiver] of this.receivers.entries()) {
      if (receiver === undefined) continue
      times.push((receiver.completeAt ?? Infinity) - origin)
      const { content, storage } = receiver
      const { frames } = this.#receiverHosts[i].up
      if (this.#isOneWay(i) && frames > 0) problems.push(`receiver ${i} has sent ${frames} frames`)
      for (const problem of [...content.problems, ...storage.problems].slice(0, 5))
        problems.push(`receiver ${i}: ${problem}`)
      for (const key of Object.keys(progress) as (keyof Progress)[])
        progress[key] += receiver.fetch.progress[key]
      for (const notice of receiver.notices)
        count(notice.replace(/block \d+ \(file \d+\)/, 'a block'))
    }
    for (const seeder of this.seeders) for (const notice of seeder.notices) count(notice)
    times.sort((a, b) => a - b)
    const overhead = this.#senderHosts[0].up.countedBytes / this.#options.sizeBytes
    const overheadMax = this.#overheadMax
    if (overhead > overheadMax)
      problems.push(
        `the sender sent ${overhead.toFixed(3)} times the files, not ${overheadMax.toFixed(3)}`,
      )
    return {
      problems,
      blastSeconds: origin / 1e6,
      firstSeconds: times[0] / 1e6,
      medianSeconds: times[times.length >> 1] / 1e6,
      lastSeconds: times[times.length - 1] / 1e6,
      overhead,
      progress,
      endedSeconds: this.network.scheduler.now / 1e6,
      passes: this.seeders[0].seed.sender.pass,
      traceHash: this.network.trace.hash,
      events: this.network.scheduler.events,
      notices,
    }
  }
}

function restOf(receivers: number): Micros {
  return receivers < CROWD ? 0 : Math.min(REST_MICROS_MAX, receivers * REST_MICROS_PER_RECEIVER)
}

/** Sizes of the files: equal but for a few bytes, so that short last blocks occur. */
export function sizesOf({
  sizeBytes,
  files = 1,
}: Pick<WorldOptions, 'sizeBytes' | 'files'>): number[] {
  const each = Math.floor(sizeBytes / files / BLOCK_BYTES) * BLOCK_BYTES
  const all = Array.from({ length: files }, (_, i) => (i + 1 < files ? each + (i % 3) - 1 : 0))
  all[files - 1] = sizeBytes - all.reduce((sum, size) => sum + size, 0)
  return all
}
