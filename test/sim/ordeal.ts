// One transfer under a schedule of faults, and the laws that hold whatever happens. Faults end; after
// that nothing may move for a minute and a half, longer than the longest back-off, while something is
// still to be done. Then every receiver that runs is complete if some sender runs, and in any case
// has whatever the hosts have that it is connected to.

import { LIMITS } from '../../src/core/base/limits.js'
import type { Micros } from '../../src/core/base/machine.js'
import { Geometry, symbolBytesOf, symbolsPerBlock } from '../../src/core/meta/geometry.js'
import { FixedRate } from '../../src/core/rate/fixed.js'
import { QuantileRate } from '../../src/core/rate/quantile.js'
import type { Fault, Schedule } from './faults.js'
import type { Host } from './host.js'
import { Network } from './network.js'
import { Receiver } from './receiver.js'
import { Seeder } from './seeder.js'
import type { Setting } from './setting.js'
import { Storage } from './storage.js'
import { sizesOf } from './world.js'

const LOOK_MICROS = 250_000
const STILL_MICROS = 90e6
/** What a crash may cost is that of so long, beside what a host could not do meanwhile. */
const LOST_MICROS = 5e6
/** Of the line, when nobody looks for it. */
const RATE_SHARE = 0.9

interface Memory {
  readonly at: Micros
  readonly verified: number
}

export class Ordeal {
  readonly network: Network
  readonly problems: string[] = []
  readonly #schedule: Schedule
  readonly #setting: Setting
  readonly #hosts: Host[]
  readonly #storages: Storage[]
  readonly #receivers: (Receiver | undefined)[] = []
  readonly #seeders: (Seeder | undefined)[] = []
  readonly #memories: Memory[][]
  /** Until when a host was paused, or its disk stood still: its journal may be so much older. */
  readonly #hinderedMicros: number[]
  #movedAt: Micros = 0
  #verified = 0

  constructor(schedule: Schedule) {
    const { seed, sizeBytes, files, chunkBytes, ownRate } = schedule
    this.#schedule = schedule
    this.network = new Network(seed)
    const geometry = new Geometry(sizesOf({ sizeBytes, files }), chunkBytes)
    const share = 1 / schedule.senders
    this.#setting = {
      network: this.network,
      id: seed.toString(16).padStart(8, '0').repeat(8),
      geometry,
      metaBytes: new Uint8Array(4096),
      symbolBytes: symbolBytesOf(symbolsPerBlock(1500)),
      makeRate: () =>
        ownRate ? new QuantileRate() : new FixedRate(RATE_SHARE * schedule.lineBps * share),
      // By its number, not by a draw: schedules stay what they were.
      fec: ([0, 0.08, 'auto'] as const)[seed % 3],
      multicast: true,
      lateMicros: 700,
      restMicros: 0,
    }
    this.#hosts = schedule.hosts.map((options, i) =>
      this.network.addHost({ ...options, address: `10.0.0.${i + 1}` }),
    )
    this.#storages = this.#hosts.map(() => new Storage(this.#setting.id, geometry))
    this.#memories = this.#hosts.map(() => [])
    this.#hinderedMicros = this.#hosts.map(() => 0)
    const { scheduler } = this.network
    for (const [host, at] of schedule.startMicros.entries())
      scheduler.at(at, () => this.#start(host))
    for (const fault of schedule.faults) scheduler.at(fault.atMicros, () => this.#befall(fault))
    this.#look()
  }

  /** Runs to the end of it all; returns what was not right. */
  run(): readonly string[] {
    const { scheduler } = this.network
    const lastsMicros = Math.max(
      0,
      ...this.#schedule.faults.map(endOf),
      ...this.#schedule.startMicros,
    )
    try {
      scheduler.run(lastsMicros)
      this.#movedAt = scheduler.now
      scheduler.run(Number.POSITIVE_INFINITY, () => {
        return this.#isOver || scheduler.now - this.#movedAt > STILL_MICROS
      })
    } catch (error) {
      this.problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
    }
    this.#judge()
    return this.problems
  }

  get #isOver(): boolean {
    return [...this.#receivers, ...this.#seeders].every(process => process === undefined)
  }

  #isSender(host: number): boolean {
    return host >= this.#schedule.receivers
  }

  #start(host: number): void {
    if (this.#receivers[host] ?? this.#seeders[host]) return
    if (this.#isSender(host)) this.#startSender(host)
    else this.#startReceiver(host)
  }

  #startSender(host: number): void {
    const options = { waitReceivers: this.#schedule.receivers, waitMicros: 1e6 }
    const seeder = new Seeder(this.#setting, this.#hosts[host], options)
    this.#seeders[host] = seeder
    // It says farewell, then it is gone.
    seeder.onEnded = () =>
      seeder.process.at(this.network.scheduler.now + 1e6, () => this.#end(host))
  }

  #startReceiver(host: number): void {
    const storage = this.#storages[host]
    const receiver = new Receiver(this.#setting, this.#hosts[host], {
      storage,
      peers: this.#hosts[host].multicast ? [] : this.#senderAddresses,
      liesShare: host === 0 ? this.#schedule.liesShare : 0,
      poolBytes: this.#schedule.poolBytes,
    })
    this.#receivers[host] = receiver
    this.#memories[host] = []
    receiver.onServed = () =>
      receiver.process.at(this.network.scheduler.now + 1e6, () => this.#end(host))
  }

  get #senderAddresses(): string[] {
    return this.#hosts.slice(this.#schedule.receivers).map(host => host.address)
  }

  /** The process on this host is no more. */
  #end(host: number): void {
    const process = (this.#receivers[host] ?? this.#seeders[host])?.process
    const receiver = this.#receivers[host]
    if (receiver) this.#tell(host, receiver)
    this.#receivers[host] = undefined
    this.#seeders[host] = undefined
    if (process) this.network.crash(process)
  }

  #befall(fault: Fault): void {
    const { scheduler } = this.network
    const { now } = scheduler
    const host = this.#hosts[fault.host]
    const later = (then: () => void): void => scheduler.after(fault.micros, then)
    switch (fault.do) {
      case 'deafen':
        return host.loss.blackout({ from: now, to: now + fault.micros, of: 'udp' })
      case 'cut':
        this.network.cut(host)
        return later(() => this.network.mend(host))
      case 'pause':
        if (host.paused) return
        this.#hinderedMicros[fault.host] += fault.micros
        host.pause()
        return later(() => host.resume())
      case 'stall':
        this.#hinderedMicros[fault.host] += fault.micros
        return host.disk.stall(fault.micros)
      case 'crash':
        return this.#crash(fault)
    }
  }

  #crash(fault: Fault & { do: 'crash' }): void {
    const { host, how, micros } = fault
    const receiver = this.#receivers[host]
    if (receiver === undefined && this.#seeders[host] === undefined) return
    const { now } = this.network.scheduler
    const before = this.#memories[host].filter(
      ({ at }) => at <= now - LOST_MICROS - this.#hinderedMicros[host],
    )
    this.#end(host)
    if (receiver) {
      this.#storages[host].crash(how, this.network.prng)
      const { verified, byJournal } = this.#storages[host].open()
      const least = before[before.length - 1]?.verified ?? 0
      if (byJournal && this.#schedule.hosts[host].disk === undefined && verified.count < least)
        this.problems.push(
          `receiver ${host} lost more than 5 s: ${verified.count} of ${least} blocks`,
        )
    }
    if (micros < Number.POSITIVE_INFINITY)
      this.network.scheduler.after(micros, () => this.#start(host))
  }

  /** Four times a second: who moved, and whose memory is beyond its bounds. */
  #look(): void {
    const { scheduler } = this.network
    let verified = 0
    for (const [host, receiver] of this.#receivers.entries()) {
      if (receiver === undefined) continue
      verified += receiver.verified.count
      this.#memories[host].push({ at: scheduler.now, verified: receiver.verified.count })
      this.#weigh(host, receiver)
    }
    if (verified !== this.#verified) this.#movedAt = scheduler.now
    this.#verified = verified
    scheduler.after(LOOK_MICROS, () => {
      if (!this.#isOver || scheduler.now < this.#lastStart) this.#look()
    })
  }

  get #lastStart(): Micros {
    return Math.max(...this.#schedule.startMicros, ...this.#schedule.faults.map(endOf))
  }

  #weigh(host: number, { fetch }: Receiver): void {
    const bound = (what: string, is: number, most: number): void => {
      if (is > most) this.problems.push(`receiver ${host}: ${is} ${what}, ${most} are allowed`)
    }
    const { assembly, swarm } = fetch
    bound('bytes of pool', assembly.busyBytes, assembly.poolBytes)
    bound('connections', swarm.connectionCount, LIMITS.connectionsMax)
    bound('known addresses', swarm.book.size, LIMITS.peersKnownMax)
    let asked = 0
    for (const link of swarm.links()) {
      bound(
        'bytes asked of one peer',
        link.askedBytes,
        LIMITS.pipelineBytesMax + LIMITS.rangeBytesMax,
      )
      asked += link.askedBytes
    }
    bound('bytes asked', asked, LIMITS.partialPoolBytes)
  }

  #judge(): void {
    const sender = this.#seeders.find(seeder => seeder !== undefined)
    for (const [host, receiver] of this.#receivers.entries()) {
      if (receiver === undefined) continue
      this.#tell(host, receiver)
      const { verified, fetch } = receiver
      if (receiver.completeAt !== undefined) {
        this.problems.push(`receiver ${host} is complete, but never ends`)
        continue
      }
      const missing = verified.size - verified.count
      const why = `(plan ${fetch.plan}, ${fetch.swarm.connectionCount} connections)`
      if (sender) this.problems.push(`receiver ${host} is stuck without ${missing} blocks ${why}`)
      for (const link of fetch.swarm.links()) {
        const other = this.#receivers.find(each => each?.process.host.address === link.host)
        for (let block = verified.nextClear(0); other && block >= 0; ) {
          if (other.verified.has(block)) {
            this.problems.push(`receiver ${host} is stuck: ${link.host} has block ${block} ${why}`)
            break
          }
          block = verified.nextClear(block + 1)
        }
      }
    }
    if (sender && !this.#receivers.some(receiver => receiver !== undefined))
      this.problems.push('no receiver is left, but a sender never ends')
    for (const [host, storage] of this.#storages.entries())
      for (const problem of storage.problems.slice(0, 3))
        this.problems.push(`receiver ${host}: ${problem}`)
  }

  #tell(host: number, receiver: Receiver): void {
    for (const problem of receiver.content.problems.slice(0, 3))
      this.problems.push(`receiver ${host}: ${problem}`)
  }
}

function endOf(fault: Fault): Micros {
  return fault.atMicros + (fault.micros < Number.POSITIVE_INFINITY ? fault.micros : 0)
}
