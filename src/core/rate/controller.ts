// How fast a transmitter may blast: the one question a rate controller answers. It hears what
// really left and what receivers measured, and it owns no clock and no luck, so the same controller
// runs under sockets and in the simulator. `fixed` obeys the operator, `quantile` finds the rate
// itself.
//
// All rates are bits per second of UDP payload, the 32-byte datagram header included, of one
// channel. Loss and delay are per channel too, so a session with several channels has several
// controllers.

import type { Micros } from '../base/machine.js'

/** What one receiver measured over one interval of its own clock. */
export interface RateReport {
  /** Small integer that names the receiver for as long as it is connected. */
  readonly receiver: number
  /** Address prefix (e.g. `10.1.2.0/24`): receivers behind one trunk are judged together. */
  readonly prefix: string
  /** The interval, by the receiver's clock; only its length and order are used. */
  readonly fromMicros: Micros
  readonly toMicros: Micros
  /** Datagrams that should have come, by the advance of the highest sequence. */
  readonly expected: number
  /** Datagrams that came, duplicates not counted; late ones make this exceed `expected`. */
  readonly received: number
  /** Bytes of UDP payload that came, headers included. */
  readonly receivedBytes: number
  /** Datagrams of the interval that the receiver's own socket dropped (its CPU was too slow). */
  readonly kernelDrops: number
  /** Least one-way delay in the interval minus the least of the last 10–30 s. */
  readonly queueMicros: number
  /** How long what came then waited in the receiver's socket at least: it does not keep up. */
  readonly lagMicros: number
  /** Bytes that wait for the receiver's disk. */
  readonly diskQueueBytes: number
  /** Other sessions of this transfer that came in the interval, and their bytes in all. */
  readonly othersCount: number
  readonly othersBytes: number
}

/** Why multicast should stop: too slow to be worth it, or nobody answers. */
export type RateStop = 'below-min' | 'no-reports'

export interface RateController {
  /** The rate to pace at now; always within the configured bounds. */
  readonly rateBps: number
  /** One word for people: `fixed`, `startup`, `drain`, `steady`, `probe`, `delay`, `loss`, … */
  readonly reason: string
  /** True while the rate ramps: a sample of receivers should report every 100 ms. */
  readonly wantsFastReports: boolean
  /** Set once and for all when multicast should end. */
  readonly stopped: RateStop | undefined
  /** When `tick` wants to be called; `Infinity` means never. Changes with every call. */
  readonly deadline: Micros
  /** `bytes` of UDP payload really left (after the socket took them); once per batch. */
  onSent(bytes: number, now: Micros): void
  /** The socket pushed back: the line, not the pacer, holds the batch. Once per refusal. */
  onBlocked(now: Micros): void
  /** A report came in. Its content is remote: nonsense is ignored, never thrown at. */
  onReport(report: RateReport, now: Micros): void
  /** From now on parity of this share of the data is sent beside it: so much loss needs no repair. */
  onParity(share: number): void
  /** The receiver left, was demoted, or is quiet for too long: it counts no more. */
  onGone(receiver: number, now: Micros): void
  tick(now: Micros): void
}
