// The socket that hears a group: it only receives, is bound to the group, so that nothing else
// reaches it, and joined on every interface. Two twins keep this contract.

import { Mcp2pError } from '../../core/base/errors.js'
import type { Interface } from './interfaces.js'

export interface GroupOptions {
  readonly group: string
  readonly port: number
  readonly interfaces: readonly Interface[]
  /** Only what this address sends (RFC 4607). */
  readonly source?: string
  readonly onDatagram: OnDatagram
  /**
   * Takes all that came together, instead of one by one, where the socket has it so; returns how many
   * datagrams of ours that were.
   */
  readonly onMessages?: (messages: Messages) => number
  /** No more datagrams for now: what was handed over is to be used at once. */
  readonly onPause?: () => void
}

/**
 * `lengthBytes` at `at` of `bytes`, valid until `onPause` returns. `arrivedMicros` is on the clock of
 * `performance.now()`, when the kernel took it where that is known.
 */
export type OnDatagram = (
  bytes: Uint8Array,
  at: number,
  lengthBytes: number,
  source: string,
  arrivedMicros: number,
) => void

/** What came in one batch, valid until `onPause` returns: `count` slots of the slab, each with a record. */
export interface Messages {
  readonly slab: Uint8Array
  readonly slotBytes: number
  readonly records: Int32Array
  readonly count: number
  /** Whence one came: few are asked about, as most come from where the one before did. */
  readonly sourceOf: (message: number) => string
  readonly nowMicros: number
}

export interface Group {
  /** Interfaces that it joined on. */
  readonly joinedOn: readonly Interface[]
  /** Datagrams that the kernel dropped for want of socket buffer. */
  readonly drops: number
  /** Hands over at once what has arrived, where that is not done by itself. */
  look(): void
  /** A host leaves a group, and a switch hears of it, when the last of its sockets has left. */
  leave(): void
  /** Joins again, after `leave`. */
  join(): void
  close(): Promise<void>
}

/**
 * What the kernel is asked for: more than a tenth of a second at 3 Gbit/s, so that a receiver which
 * does not keep up can say so before anything is lost. It grants less where rmem_max says so and nobody
 * may go beyond it.
 */
export const RECEIVE_BUFFER_BYTES = 64 * 1024 * 1024

/**
 * A group of interface-local or link-local scope (RFC 4291 §2.7): bound to it, a socket hears one
 * interface only, whatever it joined on. With several it must be bound to no group at all.
 */
export function isScoped(group: string): boolean {
  return /^ff.[12]:/i.test(group)
}

/** Joins on every interface; those on which it worked. `join` throws where it does not. */
export function joinEach(options: GroupOptions, join: (on: Interface) => void): Interface[] {
  const { group, port, interfaces } = options
  const joined: Interface[] = []
  let failure: unknown
  for (const each of interfaces) {
    try {
      join(each)
      joined.push(each)
    } catch (cause) {
      // A second address of one interface is joined already; anything else is that interface's.
      if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') failure = cause
    }
  }
  if (joined.length > 0) return joined
  const why = failure instanceof Error ? failure.message : 'no interface'
  const what = `cannot join ${group} port ${port} on any interface: ${why}`
  throw new Mcp2pError('NO_GROUP', 'network', what, 'pass --interface or another --group', failure)
}

export function noListening({ group, port }: GroupOptions, cause: unknown): Mcp2pError {
  if (cause instanceof Mcp2pError) return cause
  const why = cause instanceof Error ? cause.message : String(cause)
  const what = `cannot listen to ${group} port ${port}: ${why}`
  return new Mcp2pError('NO_GROUP', 'network', what, 'pass another --group or --port', cause)
}
