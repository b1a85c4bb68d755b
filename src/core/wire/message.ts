// What peers say to each other over TCP, as plain values: the form in which cores and simulations
// handle them. `peer.ts` turns them into frames and back. Data carries its bytes only on real
// sockets; a simulation moves the same values without payload.

/** Part of a chunk: `lengthBytes` from `offsetBytes` into block `block` on; may span blocks. */
export interface Range {
  readonly block: number
  readonly offsetBytes: number
  readonly lengthBytes: number
}

export interface PeerAddress {
  readonly host: string
  readonly port: number
}

/** First message of both sides, the dialler's first. */
export interface Hello {
  readonly type: 'hello'
  readonly id: string
  /** Random name of the process, 16 hex digits. */
  readonly node: string
  /** Where it accepts peers, at the connection's address; 0 = nowhere. */
  readonly port: number
  /** `meta`: wants only the meta and leaves. `manager`: keeps metas, and holds nothing else. */
  readonly role: 'seeder' | 'receiver' | 'meta' | 'manager'
  /** It holds everything, so it neither sends nor needs `have`. */
  readonly complete: boolean
  readonly version: number
  readonly features: readonly string[]
  /** It takes no more than this, bits per second, of all together: give it nothing faster. */
  readonly downloadBps?: number | undefined
}

export interface Peers {
  readonly type: 'peers'
  readonly peers: readonly PeerAddress[]
}

/** A transmitter's state, to each receiver on its control connection. */
export interface Blast {
  readonly type: 'blast'
  readonly session: string
  readonly state: 'waiting' | 'blasting' | 'paused' | 'ended'
  /** Next sequence of channel 1. */
  readonly sequence: number
  readonly pass: number
  readonly rateBps: number
  /** How often this receiver should report. */
  readonly reportMillis: number
  /** Set: this receiver loses so much, far more than the others, and should leave the group. */
  readonly demotedLoss?: number
  /** Where the stream goes; absent when there is no multicast. */
  readonly group?: string
  readonly dataPort?: number
  readonly symbolBytes?: number
}

/** What a receiver heard of a session since its last report. */
export interface Report {
  readonly type: 'report'
  readonly session: string
  readonly intervalMicros: number
  readonly highestSequence: number
  readonly expected: number
  readonly received: number
  readonly receivedBytes: number
  readonly duplicates: number
  /** Dropped by the receiver's host: its socket's buffer was full, or its own. */
  readonly kernelDrops: number
  /** Least one-way delay of the interval over the least one known. */
  readonly queueMicros: number
  /** How long what came waited in the receiver's socket at least. */
  readonly lagMicros?: number | undefined
  /** How busy its processors were of late, 0…1: said by who takes datagrams one by one. */
  readonly busyShare?: number | undefined
  readonly diskQueueBytes: number
  /** Other sessions of this transfer that were heard in the interval, if any, and their bytes. */
  readonly others?: { readonly count: number; readonly receivedBytes: number } | undefined
  readonly progress: Progress
}

/** Verified payload, by where it came from. */
export interface Progress {
  readonly verifiedBytes: number
  readonly resumedBytes: number
  readonly multicastBytes: number
  readonly peerBytes: number
  readonly seederBytes: number
}

/** After a pass: blocks still missing as runs, or too many for that: missing blocks per chunk. */
export interface Missing {
  readonly type: 'missing'
  readonly session: string
  readonly pass: number
  /** first, count, first, count, … */
  readonly runs?: readonly number[]
  /** chunk, missing blocks, chunk, missing blocks, … */
  readonly counts?: readonly number[]
}

export interface Complete {
  readonly type: 'complete'
  readonly progress: Progress
}

/** The longest datagram of a transmitter that has come to this receiver whole. */
export interface Reached {
  readonly type: 'reached'
  readonly bytes: number
}

export interface Bye {
  readonly type: 'bye'
  readonly reason: string
}

export interface KeepAlive {
  readonly type: 'keep-alive'
}

export type Control =
  | Hello
  | Peers
  | Blast
  | Report
  | Missing
  | Reached
  | Complete
  | Bye
  | KeepAlive

/** Newly verified: whole chunks as runs, and for incomplete chunks a bitmap of their blocks. */
export interface Have {
  readonly type: 'have'
  /** first chunk, count, … */
  readonly chunkRuns: readonly number[]
  readonly partial: readonly { readonly chunk: number; readonly bits: Uint8Array }[]
}

/** I fetch these from outside now: each is a block of a run that one range covers. */
export interface Start {
  readonly type: 'start'
  readonly blocks: readonly number[]
}

export interface Request {
  readonly type: 'request'
  readonly ranges: readonly Range[]
}

export interface Cancel {
  readonly type: 'cancel'
  readonly ranges: readonly Range[]
}

/** Why a range is not answered with data: never had it, ask again later, will not serve you. */
export type RejectReason = 'gone' | 'later' | 'refused'

export interface Reject {
  readonly type: 'reject'
  readonly reason: RejectReason
  readonly ranges: readonly Range[]
}

export interface Data {
  readonly type: 'data'
  readonly range: Range
  /** Absent in a simulation. */
  readonly bytes?: Uint8Array
}

export interface LayerRequest {
  readonly type: 'layer-request'
  readonly chunks: readonly number[]
}

/** The leaves of a chunk; empty when the sender of this does not have them. */
export interface Layer {
  readonly type: 'layer'
  readonly chunk: number
  readonly leaves: Uint8Array
}

export interface MetaRequest {
  readonly type: 'meta-request'
  readonly offsetBytes: number
  readonly lengthBytes: number
}

export interface MetaPart {
  readonly type: 'meta'
  readonly totalBytes: number
  readonly offsetBytes: number
  readonly bytes: Uint8Array
}

export type Message =
  | Control
  | Have
  | Start
  | Request
  | Cancel
  | Reject
  | Data
  | LayerRequest
  | Layer
  | MetaRequest
  | MetaPart
