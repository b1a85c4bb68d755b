// What any machine that blasts, a sender's or a relay's, has to do with its shell.

import type { Micros } from '../base/machine.js'
import type { Batch } from '../multicast/batch.js'
import type { Announce } from '../wire/announce.js'
import type { SessionId } from '../wire/datagram.js'

export type BlastIn =
  /** The chunk is read, hashed and what the meta says; its bytes are in memory. */
  | { type: 'chunk-read'; chunk: number }
  /** Multicast cannot be sent: no route, no permission. */
  | { type: 'mute'; reason: string }
  /** `bytes` of UDP payload left. */
  | { type: 'left'; bytes: number }
  /** The socket pushed back. */
  | { type: 'blocked' }

export type BlastOut =
  /** Read and hash the chunk, then `chunk-read`. */
  | { type: 'read'; chunk: number }
  /** The chunk's bytes are no longer needed. */
  | { type: 'release'; chunk: number }
  /** `padToBytes`: the datagram shall be so long, and come whole or not at all. */
  | { type: 'announce'; sequence: number; announce: Announce; padToBytes?: number }

export interface Blasting {
  /** The session as it is now. */
  readonly sender: { readonly session: SessionId }
  /** When `fill` should be called. */
  fillDeadline(now: Micros): Micros
  fill(batch: Batch, now: Micros, lateMicros?: number): void
}
