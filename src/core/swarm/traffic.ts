// What goes into a swarm's machine and what comes out of it: actions for the shell, notes for whoever
// owns the machine.

import type { Control, Message, PeerAddress, Range, RejectReason } from '../wire/message.js'
import type { Link } from './link.js'

/** `localHost`: the address of our own end, where it is known. */
export interface Connected {
  readonly type: 'connected'
  readonly peer: number
  readonly host: string
  readonly localHost?: string
  readonly port: number
  readonly outbound: boolean
}

export type SwarmIn =
  | Connected
  | { type: 'dial-failed'; address: PeerAddress }
  | { type: 'message'; peer: number; message: Message }
  | { type: 'closed'; peer: number; reason: string }
  /** The socket took the bytes of a served range. */
  | { type: 'sent'; peer: number; bytes: number }

/** For the shell. */
export type SwarmAction =
  | { type: 'send'; peer: number; message: Message }
  | { type: 'dial'; address: PeerAddress }
  /** `abrupt`: it did wrong, or is one too many; nothing more is sent to it or read of it. */
  | { type: 'close'; peer: number; reason: string; abrupt: boolean }
  /** From now on it gets no more than this at any moment, bits per second. */
  | { type: 'pace'; peer: number; rateBps: number }
  /** Read the range and send it as data; then `sent`. */
  | { type: 'serve'; peer: number; range: Range }
  /** Send the chunk's layer (from memory or by hashing what is on disk). */
  | { type: 'serve-layer'; peer: number; chunk: number }

/** For the owner. */
export type SwarmNote =
  | { type: 'joined'; link: Link }
  | { type: 'left'; link: Link; reason: string }
  /** `isLate`: it had been given up; nobody awaits it. */
  | { type: 'arrived'; link: Link; range: Range; bytes: Uint8Array | undefined; isLate: boolean }
  | { type: 'failed'; link: Link; range: Range; reason: RejectReason | 'silent' | 'closed' }
  | { type: 'layer'; link: Link; chunk: number; leaves: Uint8Array }
  | { type: 'control'; link: Link; message: Control }

export type SwarmOut = SwarmAction | SwarmNote

const NOTES = new Set(['joined', 'left', 'arrived', 'failed', 'layer', 'control'])

/** It is for the owner, not for the shell. */
export function isNote(out: SwarmOut): out is SwarmNote {
  return NOTES.has(out.type)
}
