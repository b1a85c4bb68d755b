// What the receivers' disks take. A disk that is slower than the line makes no queue on the way: what it
// has not taken waits in the receiver's pool, and when that is full datagrams are lost that arrived. So
// each receiver's queue is kept about as long as a target: the rate is what its disk was seen to take,
// more while the queue is shorter, less while it is longer. As for everything, of four receivers or more
// the worst tenth is not heard: they have the swarm.

import type { Micros } from '../base/machine.js'
import { MIB } from '../base/units.js'
import type { RateReport } from './controller.js'

/** A third of a receiver's pool (start). */
const TARGET_BYTES = 16 * MIB
/** With less a disk is not behind: writes are gathered. */
const LOW_BYTES = 4 * MIB
/** A queue that is too long or too short is made right within so long. */
const CORRECT_MICROS = 4_000_000
/** However long the queue, no less than this share of what the disk takes. */
const SHARE_MIN = 0.5
/** A disk that keeps up may take so much more than it was seen to, by each report. */
const GROWTH = 1.25
/** Weight of the latest interval. */
const LATEST = 0.3

interface Disk {
  queueBytes: number
  /** What it takes, once it was behind; until then any rate. */
  takesBps: number
}

export class Disks {
  readonly #disks = new Map<number, Disk>()
  #ceilingBps = Number.POSITIVE_INFINITY

  /** More the disks do not take. */
  get ceilingBps(): number {
    return this.#ceilingBps
  }

  onReport(report: RateReport): void {
    const { receiver, diskQueueBytes, receivedBytes } = report
    const micros = report.toMicros - report.fromMicros
    if (!(micros > 0 && diskQueueBytes >= 0 && receivedBytes >= 0)) return
    const disk = this.#disks.get(receiver)
    if (disk === undefined) {
      this.#disks.set(receiver, { queueBytes: diskQueueBytes, takesBps: Number.POSITIVE_INFINITY })
      return
    }
    disk.takesBps = takes(disk, receivedBytes, diskQueueBytes, micros)
    disk.queueBytes = diskQueueBytes
    this.#judge()
  }

  onGone(receiver: number): void {
    if (this.#disks.delete(receiver)) this.#judge()
  }

  #judge(): void {
    const limits = [...this.#disks.values()].map(limitOf).sort((a, b) => a - b)
    const skip = limits.length >= 4 ? Math.max(1, Math.floor(limits.length / 10)) : 0
    this.#ceilingBps = limits[skip] ?? Number.POSITIVE_INFINITY
  }
}

function takes(disk: Disk, receivedBytes: number, queueBytes: number, micros: Micros): number {
  const before = disk.takesBps
  const took = Math.max(0, receivedBytes + disk.queueBytes - queueBytes)
  const tookBps = (took * 8e6) / micros
  if (queueBytes < LOW_BYTES) return Math.max(before, tookBps) * GROWTH
  return Number.isFinite(before) ? before + LATEST * (tookBps - before) : tookBps
}

function limitOf({ queueBytes, takesBps }: Disk): number {
  const correctBps = ((TARGET_BYTES - queueBytes) * 8e6) / CORRECT_MICROS
  return Math.max(SHARE_MIN * takesBps, takesBps + correctBps)
}
