// What a bench is asked for, what it tells while it runs, and what it ends with: the types between
// the two sides' shells and whoever prints them.

import type { Limit } from '../../core/bench/limit.js'
import type { RunFigures } from '../../core/bench/listener.js'

export type { RunFigures } from '../../core/bench/listener.js'
export type { Figures } from '../../core/bench/tally.js'

import type { Figures } from '../../core/bench/tally.js'
import type { Notice } from '../api.js'

interface BenchNetwork {
  readonly port: number
  readonly interface?: string
  readonly signal?: AbortSignal
}

export interface BenchSendOptions extends BenchNetwork {
  readonly groups: readonly string[]
  readonly ttl?: number
  readonly dscp?: number
  /** 0: finds the path's limit. */
  readonly rateBps: number
  /** Of a datagram's payload. */
  readonly lengthBytes: number
  readonly micros: number
  /** Ends after so many bytes instead. */
  readonly bytes?: number
  /** Infinite: only the whole is told. */
  readonly intervalMicros: number
  /** By a TCP connection to each receiver instead of multicast, in this order. */
  readonly tcp?: 'serial' | 'parallel'
}

export interface BenchReceiveOptions extends BenchNetwork {
  readonly groups: readonly string[]
  /** Hears only what this address sends (RFC 4607). */
  readonly source?: string
  readonly intervalMicros: number
  /** Ends after so long; never when absent. */
  readonly micros?: number
  /** Ends when the first sender has its figures. */
  readonly once?: boolean
}

/** What left, in one interval or in a whole run. */
export interface Sent {
  readonly group: string
  readonly datagrams: number
  readonly bytes: number
  readonly startMicros: number
  readonly endMicros: number
}

/** One receiver's figures of the last run, as it reported them. */
export interface BenchRow {
  readonly group: string
  readonly host: string
  /** Absent when it never reported. */
  readonly figures?: Figures
  /** By TCP: what left on the connection to it, in the time of the whole bench. */
  readonly sent?: Sent
}

export interface BenchSendEvents {
  notice: Notice
  sending: {
    readonly group: string
    readonly port: number
    readonly controlPort: number
    readonly lengthBytes: number
    readonly rateBps: number
  }
  receiver: { readonly host: string; readonly group: string }
  /** A probe of the path's limit: what was tried, and how the worst receiver heard it. */
  probe: {
    readonly group: string
    readonly sentBps: number
    readonly arrivalBps: number
    readonly lossFraction: number
  }
  interval: Sent
}

export interface BenchSendResult {
  readonly sent: readonly Sent[]
  readonly receivers: readonly BenchRow[]
  readonly limit?: Limit
  readonly isInterrupted: boolean
}

export interface BenchReceiveEvents {
  notice: Notice
  listening: {
    readonly groups: readonly string[]
    readonly port: number
    readonly interfaces: readonly string[]
  }
  stream: { readonly id: number; readonly source: string; readonly group: string }
  interval: RunFigures
  summary: RunFigures & { readonly isLate: boolean }
}

export interface BenchReceiveResult {
  readonly runs: readonly RunFigures[]
}

export interface BenchHostOptions {
  /** Where the disk is tried. */
  readonly folder: string
  readonly signal?: AbortSignal
}

/** One part of what a transfer does to each byte, and how much of it this machine can do. */
export interface HostPart {
  readonly name: string
  readonly rateBps: number
  readonly how: string
}

export interface BenchHostEvents {
  notice: Notice
  part: HostPart
}

export interface BenchHostResult {
  readonly parts: readonly HostPart[]
  readonly narrowest: HostPart
}
