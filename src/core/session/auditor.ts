// Between the receivers' reports and the rate controller: turns each report into what the controller
// measures with, and notices when a blast reaches nobody at all.

import { prefixOf } from '../base/endpoint.js'
import type { Micros } from '../base/machine.js'
import type { RateController } from '../rate/controller.js'
import type { Report } from '../wire/message.js'
import { Laggards } from './demotion.js'
import { overworkedSince } from './overwork.js'
import type { Receiver, Receivers } from './receivers.js'

/** A report on so many datagrams counts as much as all that came before. */
const LOSS_MEMORY_DATAGRAMS = 500

export class Auditor {
  readonly #rate: RateController
  readonly #laggards = new Laggards()
  /** Each receiver's own time, as the sum of its intervals. */
  readonly #clock = new Map<number, Micros>()
  #passAt: Micros = Number.POSITIVE_INFINITY
  #anybodyHeard = false
  #heardAt: Micros = Number.NEGATIVE_INFINITY
  #reportedAt: Micros = Number.NEGATIVE_INFINITY

  constructor(rate: RateController) {
    this.#rate = rate
  }

  passStarted(now: Micros): void {
    this.#passAt = now
  }

  report(receiver: Receiver, report: Report, blasting: boolean, now: Micros): void {
    receiver.report = report
    receiver.overworkedAt = overworkedSince(receiver.overworkedAt, report, now)
    receiver.kernelDrops += report.kernelDrops
    this.#reportedAt = now
    if (report.received > 0) {
      this.#heardAt = now
      receiver.heard = true
      this.#anybodyHeard = true
    }
    if (report.expected > 0) {
      const lost = Math.max(0, report.expected - report.received)
      // A handful of datagrams says little: a short repeat must not make a lossy path look clean.
      const weight = report.expected / (report.expected + LOSS_MEMORY_DATAGRAMS)
      receiver.lossFraction += weight * (lost / report.expected - receiver.lossFraction)
      const byPath = Math.max(0, lost - report.kernelDrops) / report.expected
      receiver.pathLoss += weight * (byPath - receiver.pathLoss)
    }
    const fromMicros = this.#clock.get(receiver.index) ?? 0
    const toMicros = fromMicros + report.intervalMicros
    this.#clock.set(receiver.index, toMicros)
    if (!blasting) return
    this.#laggards.onReport(receiver.index, report.expected, report.received, now)
    receiver.demotedLoss ??= this.#laggards.advice(receiver.index, now)
    // Who has never heard anything that others hear is elsewhere: what it hears there is not our line.
    if (!receiver.heard && this.#anybodyHeard) return
    this.#rate.onReport(
      {
        receiver: receiver.index,
        prefix: prefixOf(receiver.host),
        fromMicros,
        toMicros,
        expected: report.expected,
        received: report.received,
        receivedBytes: report.receivedBytes,
        kernelDrops: report.kernelDrops,
        queueMicros: report.queueMicros,
        lagMicros: report.lagMicros ?? 0,
        diskQueueBytes: report.diskQueueBytes,
        othersCount: report.others?.count ?? 0,
        othersBytes: report.others?.receivedBytes ?? 0,
      },
      now,
    )
  }

  /** What a receiver loses that should leave the group now; undefined when it should not. */
  advice(receiver: Receiver, now: Micros): number | undefined {
    return this.#laggards.advice(receiver.index, now)
  }

  /** It left, or needs no more: it is nobody's measure. */
  gone(receiver: Receiver, now: Micros): void {
    this.#laggards.onGone(receiver.index)
    this.#rate.onGone(receiver.index, now)
    this.#clock.delete(receiver.index)
  }

  /** For how long nobody has heard anything of the pass, though they go on reporting. */
  get darkMicros(): Micros {
    return this.#reportedAt < this.#passAt
      ? 0
      : this.#reportedAt - Math.max(this.#heardAt, this.#passAt)
  }

  /** For how long a pass has run without anybody hearing it, though somebody reports. */
  unheardMicros(receivers: Receivers, now: Micros): number {
    if (this.#anybodyHeard) return 0
    for (const receiver of receivers) if (receiver.report !== undefined) return now - this.#passAt
    return 0
  }
}
