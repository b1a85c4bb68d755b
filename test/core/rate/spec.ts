// What a simulated blast is made of: sizes of a datagram, and the properties of receivers, senders
// and the link between them. Fields that are not readonly may be changed while it runs.

import type { RateController } from '../../../src/core/rate/controller.js'
import type { MachineSpec } from './machine.js'

export const PAYLOAD_BYTES = 1398
export const WIRE_BYTES = PAYLOAD_BYTES + 28 + 38
/** What a line of so many bits per second carries of our payload. */
export const payloadOf = (lineBps: number) => (lineBps * PAYLOAD_BYTES) / WIRE_BYTES

export interface ReceiverSpec {
  readonly prefix?: string
  /** Line of its switch port in bits per second on the wire; may be changed while it runs. */
  lineBps: number
  /** Queue of the port; a few frames make it a policer. */
  readonly queueBytes?: number
  /** Random loss behind the port, a fraction; may be changed while it runs. */
  loss: number
  /** Super-packets are lost whole, which have so many datagrams at most; default: each by itself. */
  readonly lossRun?: number
  /** How fast its CPU empties the socket, payload bits per second, and the socket's buffer. */
  readonly cpuBps?: number
  readonly socketBytes?: number
  /** The kernel notes arrivals, so that waiting in the socket's buffer is told from the way there. */
  readonly kernelTimes?: boolean
  /** The CPU is shared: a new speed of ± this fraction every 200 ms. */
  readonly cpuSwing?: number
  /** Event-loop pauses: on average one per second of up to so many ms. */
  readonly pauseMillis?: number
  /** The share of its CPU that others leave it in this ms. */
  readonly cpuShare?: (ms: number) => number
  /** Reports what it likes. */
  readonly lie?: 'all-lost' | 'none-lost'
  /** A greedy TCP flow on its own port from this ms on. */
  readonly tcpFromMillis?: number
  reports?: boolean
}

export interface SenderSpec {
  readonly controller: RateController
  /** Its own line; the socket blocks when its buffer is full. */
  lineBps?: number
  /** A TCP flow of the same host on that line. */
  readonly tcp?: {
    readonly kind: 'cubic' | 'bbr'
    readonly fromMillis: number
    readonly toMillis?: number
  }
  readonly startMillis?: number
  readonly pauseMillis?: number
  /** Whether its process gets a processor in this ms. */
  readonly isAwake?: (ms: number) => boolean
  /** Rate at which data can be had (disk), payload bits per second. */
  sourceBps?: number
}

export interface LinkSpec {
  readonly seed: number
  readonly receivers: ReceiverSpec[]
  readonly senders: SenderSpec[]
  /** One line that everything passes, with its queue. */
  readonly trunk?: { lineBps: number; readonly queueBytes: number }
  /** A greedy TCP flow on the trunk from this ms on. */
  readonly trunkTcpFromMillis?: number
  /** Everybody's processor; without it there is no limit but each receiver's own. */
  readonly machine?: MachineSpec
  readonly fastSample?: number
  /** The senders send different things: nobody tells one of the other. */
  readonly strangers?: boolean
}
