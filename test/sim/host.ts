// A host: a cable each way, a disk, a CPU that reads so many datagrams a second from a socket buffer,
// and the process on it. A paused host (SIGSTOP) hears nothing, but its kernel goes on taking; the same
// while others have its processor.

import type { Micros } from '../../src/core/base/machine.js'
import type { Prng } from '../../src/core/base/prng.js'
import { Disk, type DiskOptions, FAST_DISK } from './disk.js'
import { Link, type Pieces } from './link.js'
import { Loss } from './loss.js'
import type { Place } from './place.js'
import type { Scheduler } from './scheduler.js'

/** Which congestion control its TCP has; see `pipe.ts`. */
export type Congestion = 'cubic' | 'bbr'

/** Its process has the processor for so long at a time, then others have it, on average. */
export interface Turns {
  readonly runMicros: Micros
  readonly waitMicros: Micros
}

export interface HostOptions {
  readonly address: string
  /** The switch that it hangs on; default the backbone. */
  readonly place?: Place
  /** Bits per second on the wire, each way; default Infinity. */
  readonly upBps?: number
  readonly downBps?: number
  /** UDP's send buffer, and the switch's buffer before the host; default 256 KiB each. */
  readonly upQueueBytes?: number
  readonly downQueueBytes?: number
  /** Its share of a one-way trip; default 50. */
  readonly delayMicros?: Micros
  /** Fraction lost of what comes in; default 0. */
  readonly lossUdp?: number
  readonly lossTcp?: number
  /** How many datagrams are lost in a row on average; default 1. */
  readonly lossBurst?: number
  /** Of the runs of datagrams that come in: so many come twice, and so many up to 20 ms late. */
  readonly duplicateShare?: number
  readonly lateShare?: number
  readonly congestion?: Congestion
  /** Switches pass no multicast to it or from it when false. */
  readonly multicast?: boolean
  /** Longer IP packets do not come through to it; default: all do. */
  readonly mtuBytes?: number
  readonly datagramsPerSecond?: number
  readonly turns?: Turns
  /** Datagrams that its socket buffer holds; default 2048. */
  readonly socketDatagrams?: number
  readonly disk?: DiskOptions
}

const QUEUE_BYTES = 256 * 1024

export class Host {
  readonly index: number
  readonly address: string
  readonly place: Place
  readonly up: Link
  readonly down: Link
  readonly delayMicros: Micros
  readonly loss: Loss
  readonly congestion: Congestion
  readonly disk: Disk
  readonly duplicateShare: number
  readonly lateShare: number
  multicast: boolean
  mtuBytes: number
  /** Hosts reach each other when they are on one island. */
  island = 0
  kernelDrops = 0
  readonly #scheduler: Scheduler
  readonly #datagramMicros: number
  readonly #socketDatagrams: number
  #cpuFreeAt: Micros = 0
  #paused = false
  #waits = false
  #held: (() => void)[] = []
  #heldDatagrams = 0

  constructor(
    index: number,
    options: HostOptions & { readonly place: Place },
    scheduler: Scheduler,
    prng: Prng,
  ) {
    this.index = index
    this.address = options.address
    this.place = options.place
    const { upBps = Infinity, upQueueBytes = QUEUE_BYTES } = options
    const { downBps = Infinity, downQueueBytes = QUEUE_BYTES } = options
    this.up = new Link({ rateBps: upBps, queueBytes: upQueueBytes })
    this.down = new Link({ rateBps: downBps, queueBytes: downQueueBytes })
    this.delayMicros = options.delayMicros ?? 50
    this.loss = new Loss(options.lossUdp ?? 0, options.lossTcp ?? 0, prng, options.lossBurst)
    this.duplicateShare = options.duplicateShare ?? 0
    this.lateShare = options.lateShare ?? 0
    this.congestion = options.congestion ?? 'cubic'
    this.mtuBytes = options.mtuBytes ?? Infinity
    this.multicast = options.multicast ?? true
    this.#datagramMicros = 1e6 / (options.datagramsPerSecond ?? Infinity)
    this.#socketDatagrams = options.socketDatagrams ?? 2048
    this.#scheduler = scheduler
    this.disk = new Disk(scheduler, options.disk ?? FAST_DISK)
    if (options.turns) this.#takeTurns(options.turns, prng.fork())
  }

  get paused(): boolean {
    return this.#paused
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#goOn()
  }

  #takeTurns(turns: Turns, prng: Prng): void {
    const meanMicros = this.#waits ? turns.waitMicros : turns.runMicros
    this.#scheduler.after(-Math.log(1 - prng.unit()) * meanMicros, () => {
      this.#waits = !this.#waits
      this.#goOn()
      this.#takeTurns(turns, prng)
    })
  }

  #goOn(): void {
    if (this.#paused || this.#waits) return
    this.#heldDatagrams = 0
    for (const event of this.#held.splice(0)) this.#scheduler.after(0, event)
  }

  /** Runs `event` now, or when the host is awake again. */
  whenAwake(event: () => void): void {
    if (this.#paused || this.#waits) this.#held.push(event)
    else event()
  }

  /**
   * Datagrams have come: hands to `read` what the socket buffer takes, when the CPU reads it, and when
   * they came. While it is stopped nobody looks, and for what is read afterwards that is now.
   */
  receive(pieces: Pieces, read: (pieces: Pieces, at: Micros) => void): void {
    const now = this.#scheduler.now
    const waiting =
      this.#heldDatagrams +
      (this.#cpuFreeAt > now ? (this.#cpuFreeAt - now) / this.#datagramMicros : 0)
    const kept = this.#keep(pieces, Math.max(0, this.#socketDatagrams - Math.ceil(waiting)))
    const count = countOf(kept)
    if (count === 0) return
    if (this.#paused || this.#waits) {
      this.#heldDatagrams += count
      const at = this.#paused ? undefined : now
      this.#held.push(() => read(kept, at ?? this.#scheduler.now))
      return
    }
    this.#cpuFreeAt = Math.max(this.#cpuFreeAt, now) + count * this.#datagramMicros
    if (this.#cpuFreeAt <= now) read(kept, now)
    else this.#scheduler.at(this.#cpuFreeAt, () => this.whenAwake(() => read(kept, now)))
  }

  /** The first `room` datagrams; the kernel drops the rest. */
  #keep(pieces: Pieces, room: number): Pieces {
    const count = countOf(pieces)
    if (count <= room) return pieces
    this.kernelDrops += count - room
    const kept: number[] = []
    for (let i = 0; i < pieces.length && room > 0; i += 2) {
      const take = Math.min(room, pieces[i + 1] - pieces[i])
      kept.push(pieces[i], pieces[i] + take)
      room -= take
    }
    return kept
  }
}

function countOf(pieces: Pieces): number {
  let count = 0
  for (let i = 0; i < pieces.length; i += 2) count += pieces[i + 1] - pieces[i]
  return count
}
