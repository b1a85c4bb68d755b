// The public shape of a transfer: options in, typed events out, a promise at the end. The command
// line is a client of this file and prints nothing that is not one of these events.

import type { Finding } from '../core/doctor/finding.js'
import type { Address, HashName } from '../ports.js'
import type { Budget } from './budget.js'

/** When multicast is used: `auto` falls back to the swarm by itself, `always` never gives up. */
export type MulticastMode = 'auto' | 'always' | 'never'

/** What a link says: `mcp2p:<id>?m=<host:port>&n=<name>`. */
export interface Link {
  readonly id: string
  readonly managers: readonly Address[]
  readonly name?: string
}

interface NetworkOptions {
  /** Announcement group; default 224.0.67.67. */
  readonly group?: string
  /** Announcement port; default 6767. */
  readonly port?: number
  /** First TCP port tried for peers; default 9990; a taken one gives the next free one. */
  readonly peerPort?: number
  /** Interface name or address that joins, sends and the peer port are limited to. */
  readonly interface?: string
  readonly multicast?: MulticastMode
  /** Differentiated services code point of all that is sent to receivers and peers; default: none. */
  readonly dscp?: number
  /** Swarm managers to register with, `host:port`, beside those that the meta names. */
  readonly managers?: readonly string[]
  /** What it shares with other transfers of this process; its own limits hold besides. */
  readonly budget?: Budget
  /** Where this host is, from the widest to the narrowest: `dc/rack`; default: its subnet. */
  readonly location?: string
  /** Stops gracefully: journal kept, sockets closed; `done` rejects with exit `interrupted`. */
  readonly signal?: AbortSignal
  /** How often `progress` is emitted, ms; default 500. */
  readonly progressEveryMillis?: number
}

export interface CreateMetaOptions {
  /** Display name; default: base name of the first path. */
  readonly name?: string
  /** Bytes, a power of two; default: chosen from the total size. */
  readonly chunkBytes?: number
  readonly hash?: HashName
  /** `host:port` of swarm managers, in order. */
  readonly managers?: readonly string[]
  readonly signal?: AbortSignal
  readonly progressEveryMillis?: number
}

export interface SendOptions extends NetworkOptions {
  /** Where the meta's files are; default: beside the meta file. */
  readonly root?: string
  /** Port of the data group; default: `port` + 1. */
  readonly dataPort?: number
  readonly ttl?: number
  /**
   * Parity in passes over everything: percent of the data, 0 to 30, or `auto`, as much as the loss
   * calls for (in a carousel at least 10); default `auto`.
   */
  readonly fec?: 'auto' | number
  /** Fixed rate, bits per second of UDP payload; default: found by itself. */
  readonly rateBps?: number
  readonly minRateBps?: number
  readonly maxRateBps?: number
  /** What is sent at most, by multicast and to peers, bits per second. */
  readonly uploadBps?: number
  /** Start when so many receivers are connected (or `waitMillis` is over). */
  readonly waitReceivers?: number
  /** Start at the latest after so long; default 5 s, unlimited when `waitReceivers` is given. */
  readonly waitMillis?: number
  /** Starts at once when aborted: the operator pressed a key. */
  readonly start?: AbortSignal
  /** How long an incomplete receiver is waited for after its last byte; default 30 s. */
  readonly lingerMillis?: number
  /** Go on serving until aborted. */
  readonly forever?: boolean
  /**
   * The whole transfer again and again, whoever is there, for receivers on one-way links. It begins at
   * once unless told to wait; aborting `signal` ends it, and is no failure.
   */
  readonly carousel?: boolean
  /** A carousel ends after so many passes, or after so long; default: never. */
  readonly passes?: number
  readonly durationMillis?: number
  /** For a bare path: how its meta is made. */
  readonly meta?: CreateMetaOptions
}

export interface ReceiveOptions extends NetworkOptions {
  /** Destination folder; default `.`. */
  readonly out?: string
  /** Peers or managers to dial, `host:port`. */
  readonly peers?: readonly string[]
  /** Serve until aborted after completion. */
  readonly stay?: boolean
  /** Replace existing different files. */
  readonly overwrite?: boolean
  /** What is asked of peers at most, bits per second; what comes by multicast is not. */
  readonly downloadBps?: number
  /** What is sent at most, by multicast (as a relay) and to peers, bits per second. */
  readonly uploadBps?: number
  /** There is no way back: nothing is sent, all must come by multicast, from a carousel. */
  readonly oneWay?: boolean
  /** Never fetch from outside for the others here and multicast it. */
  readonly noRelay?: boolean
  /** Where such a one is able to, it alone does that. */
  readonly relayOnly?: boolean
  /** What is verified is forgotten: nothing is written, resumed or given to others. */
  readonly discard?: boolean
}

export interface DoctorOptions {
  readonly group?: string
  readonly port?: number
  readonly dataPort?: number
  readonly peerPort?: number
  readonly interface?: string
  readonly ttl?: number
  /** Folder whose disk is looked at; default `.`. */
  readonly out?: string
  /** `host:port` of whom to call. */
  readonly managers?: readonly string[]
  readonly peers?: readonly string[]
  /** `host:port` of a doctor that listens: both ends are tested together. */
  readonly with?: string
  /** The fastest blast of such a test; default 160 Mbit/s. */
  readonly maxRateBps?: number
  /** How long such a test waits for memberships to expire; default 10 s. */
  readonly holdMillis?: number
  readonly signal?: AbortSignal
}

export interface ManageOptions {
  /** TCP port of the JSON lines; default 8889. */
  readonly port?: number
  /** Address to accept on; default: all. */
  readonly bind?: string
  /** Address of the HTTP port; default 127.0.0.1, another one needs a token. */
  readonly httpHost?: string
  /** Default: `port` + 1. */
  readonly httpPort?: number
  /** What whoever asks by HTTP has to know. */
  readonly httpToken?: string
  /** Folder where peers and metas are kept; default: the user's state folder. */
  readonly state?: string
  /** `redis://…`: shared with other managers; default: this one alone. */
  readonly store?: string
  /** Stops it: everything is kept, `done` resolves. */
  readonly signal?: AbortSignal
  readonly progressEveryMillis?: number
}

/** How one receiver fares; a row of the sender's table. All byte figures are verified payload. */
export interface ReceiverRow {
  readonly node: string
  readonly host: string
  readonly state: 'receiving' | 'complete' | 'gone'
  readonly totalBytes: number
  readonly verifiedBytes: number
  /** What it already had when it came (resume). */
  readonly resumedBytes: number
  readonly multicastBytes: number
  readonly peerBytes: number
  readonly seederBytes: number
  /** From its first connection to its completion, or until now. */
  readonly seconds: number
  /** Payload it fetched over `seconds`, bits per second. */
  readonly rateBps: number
  /** Loss of its multicast, 0…1, lately; and what of it the network lost, not its own socket. */
  readonly lossFraction: number
  readonly pathLossFraction: number
  /** Datagrams that reached this host and found no room there, and bytes that wait for its disk. */
  readonly kernelDrops: number
  readonly diskQueueBytes: number
}

export interface MulticastStatus {
  /** `silent`: joined, the sender blasts, nothing arrives. `ended`: no sender will multicast any more. */
  readonly state: 'off' | 'waiting' | 'receiving' | 'silent' | 'ended'
  readonly rateBps: number
  readonly lossFraction: number
  readonly bytes: number
  readonly duplicateDatagrams: number
  readonly kernelDrops: number
}

export interface ReceiveProgress {
  readonly phase: 'discovering' | 'checking' | 'receiving' | 'serving' | 'done'
  readonly id: string
  readonly name: string
  readonly totalBytes: number
  readonly verifiedBytes: number
  readonly resumedBytes: number
  readonly elapsedMillis: number
  /** Verified payload lately, bits per second. */
  readonly rateBps: number
  readonly etaSeconds: number | null
  readonly multicast: MulticastStatus
  readonly peers: number
  readonly peerBytes: number
  readonly seederBytes: number
  readonly uploadedBytes: number
  /** Blocks that came wrong at first, and were put right or fetched again. */
  readonly wrongBlocks: number
}

export interface SendProgress {
  readonly phase: 'hashing' | 'waiting' | 'blasting' | 'repairing' | 'serving' | 'done'
  readonly id: string
  readonly name: string
  readonly files: number
  readonly totalBytes: number
  readonly elapsedMillis: number
  readonly pass: number
  /** How much of the pass is sent, 0…1. */
  readonly passFraction: number
  /** What the controller allows and what lately left, bits per second of UDP payload. */
  readonly rateBps: number
  readonly sentBps: number
  /** Why the rate is what it is, one word: `fixed`, `startup`, `steady`, `loss`, `delay`, … */
  readonly rateReason: string
  /** UDP payload of a full datagram; more than 1472 where all take long frames. */
  readonly datagramBytes: number
  readonly multicastBytes: number
  readonly servedBytes: number
  readonly receivers: readonly ReceiverRow[]
}

/** One line for people: what happened and, where there is one, what to do. */
export interface Notice {
  /** Stable word, e.g. `peer-port-taken`, `swarm-only`, `no-announcement`. */
  readonly code: string
  readonly level: 'info' | 'warning'
  readonly message: string
  readonly hint?: string
}

export interface ReceiveEvents {
  notice: Notice
  /** The transfer is known. */
  session: { id: string; name: string; totalBytes: number; files: number; source: string }
  peer: { host: string; port: number; state: 'connected' | 'closed'; reason?: string }
  /** A file stands under its final name. */
  file: { path: string; bytes: number }
  /** Payload became verified since the last such event. */
  verified: { bytes: number; verifiedBytes: number; totalBytes: number }
  progress: ReceiveProgress
  /** All files stand under their final names. */
  complete: { elapsedMillis: number; totalBytes: number }
}

export interface SendEvents {
  notice: Notice
  session: { id: string; name: string; totalBytes: number; files: number; link: string }
  listening: { peerPort: number; group: string; port: number; dataPort: number }
  peer: { host: string; port: number; state: 'connected' | 'closed'; reason?: string }
  receiver: ReceiverRow
  progress: SendProgress
}

export interface MetaEvents {
  progress: {
    /** Hashed to their end. */
    files: number
    totalFiles: number
    hashedBytes: number
    totalBytes: number
    rateBps: number
  }
}

export interface ManageEvents {
  notice: Notice
  /** Peers can come; some may be known from before. */
  listening: {
    bind: string | undefined
    port: number
    httpHost: string
    httpPort: number
    state: string
    knownPeers: number
  }
  progress: ManageResult
}

export interface ReceiveResult {
  readonly id: string
  readonly name: string
  /** Where it stands; null: it was discarded, nothing was written. */
  readonly out: string | null
  readonly totalBytes: number
  readonly files: number
  /** From the first payload to `complete`; from the call where all of it was here. */
  readonly seconds: number
  readonly rateBps: number
  readonly resumedBytes: number
  readonly multicastBytes: number
  readonly peerBytes: number
  readonly seederBytes: number
  readonly uploadedBytes: number
  /** Blocks that came wrong at first, and were put right or fetched again. */
  readonly wrongBlocks: number
}

export interface SendResult {
  readonly id: string
  readonly name: string
  readonly totalBytes: number
  readonly seconds: number
  readonly passes: number
  readonly multicastBytes: number
  readonly servedBytes: number
  readonly receivers: readonly ReceiverRow[]
  /** Every receiver heard of is complete, and there was one; a carousel needs none. */
  readonly complete: boolean
}

/** What a manager has, and what it has done. */
export interface ManageResult {
  readonly seconds: number
  readonly swarms: number
  readonly peers: number
  readonly metas: number
  readonly requests: number
  /** Requests that were answered with an error. */
  readonly errors: number
}

export interface MetaResult {
  readonly id: string
  readonly name: string
  readonly totalBytes: number
  readonly files: number
  readonly chunkBytes: number
  /** The `.p2pmeta` document, UTF-8. */
  readonly bytes: Uint8Array
  readonly seconds: number
}

export interface VerifyResult {
  readonly id: string
  readonly checkedFiles: number
  readonly checkedBytes: number
  readonly missing: readonly string[]
  readonly wrong: readonly { path: string; why: string }[]
  readonly extra: readonly string[]
}

export interface DoctorEvents {
  /** What it does now, for tests that take their time. */
  phase: { doing: string }
  /** One check is done. */
  finding: Finding
}

export interface DoctorResult {
  readonly findings: readonly Finding[]
  /** How many of each. */
  readonly ok: number
  readonly warnings: number
  readonly failed: number
}

export interface DoctorListenEvents {
  listening: { peerPort: number; group: string; port: number; address: string }
  /** Another host's doctor came, or is done. */
  conversation: { host: string; state: 'begun' | 'over' }
}

export interface DoctorListenResult {
  readonly conversations: number
}
