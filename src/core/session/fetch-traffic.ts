// What goes into a receiver's machine and what comes out of it: all that a shell must do for it, and
// all that it must be told.

import type { SwarmAction, SwarmIn } from '../swarm/swarm.js'
import type { Informant } from '../swarm/word.js'
import type { Announce, Standing } from '../wire/announce.js'
import type { SessionId } from '../wire/datagram.js'
import type { Data, PeerAddress } from '../wire/message.js'
import type { AssemblyOut, Piece } from './assembly.js'
import type { BlastIn, BlastOut } from './blasting.js'
import type { Channel } from './channel.js'
import type { MembershipOut } from './memberships.js'
import type { Lack } from './orphans.js'

/** What goes on at our host. */
export interface Load {
  /** Datagrams that our own sockets dropped so far. */
  readonly kernelDrops: number
  /** Bytes that wait for the disk. */
  readonly diskQueueBytes: number
  /** Bytes that our lines brought so far, where that is known. */
  readonly lineBytes?: number | undefined
  /** How busy the processors are, 0…1, where datagrams are taken one by one. */
  readonly busyShare?: number | undefined
}

export type FetchIn =
  | SwarmIn
  /** `bytes`: how long the datagram was. */
  | { type: 'announce'; source: string; session: SessionId; announce: Announce; bytes?: number }
  | { type: 'addresses'; addresses: readonly PeerAddress[]; from: Informant }
  /** A group of data cannot be joined; without `channel`: none can. */
  | { type: 'deaf'; reason: string; channel?: Channel }
  /** Somebody's query was heard, and what it says of whoever asks. */
  | { type: 'query'; source: string; from: Standing | undefined }
  | BlastIn
  | { type: 'filled'; block: number }
  /** The pieces of a `verify`, with their digests one after another. */
  | { type: 'hashed'; pieces: readonly Piece[]; digests: Uint8Array }
  | { type: 'written'; pieces: readonly Piece[] }
  | { type: 'spilled'; block: number }
  | { type: 'finished'; file: number }
  /** All files stand under their final names. */
  | { type: 'stored' }
  | ({ type: 'load' } & Load)

export type FetchOut =
  | SwarmAction
  | (AssemblyOut & { type: 'fill' | 'verify' | 'swap' | 'write' | 'spill' | 'recover' })
  /** Move part of a range's bytes to the pool, from `from` on; absent bytes in a simulation. */
  | (Pick<Data, 'range' | 'bytes'> & {
      type: 'copy'
      from: number
      lengthBytes: number
      at: number
    })
  | MembershipOut
  | { type: 'query'; from: Standing | undefined }
  /** Of what we multicast ourselves. */
  | BlastOut
  | { type: 'finish'; file: number }
  | { type: 'store' }
  | { type: 'verified'; bytes: number }
  | { type: 'notice'; code: string; level: 'info' | 'warning'; message: string; hint?: string }
  /** Nobody who is connected has this, and no sender is there. */
  | { type: 'lack'; lack: Lack }
  | { type: 'peer'; host: string; port: number; state: 'connected' | 'closed'; reason?: string }
  /** Complete, and nobody needs us any more. */
  | { type: 'served' }
