// The idea of mcp2p, in one file: wait for the blast, or ask a peer?
//
// A blast that is heard brings every block to everybody at once, so nothing that is still ahead of it
// is worth asking for. What it has passed and what did not arrive will not come by itself, and the
// receivers' uplinks are idle meanwhile: so repair is asked of peers, during the blast, block by
// block. The transmitter's own uplink is the one that is full: it is asked last. And whenever there
// is no blast to wait for - none announced, not begun within reason, over, or not reaching us - all
// that is missing is asked of anybody: multicast is an optimisation, the swarm is the truth. Where no
// sender is heard, and some of those who are there relay, only they ask outside.

import { LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'

/** What is known of one transmitter and its stream. */
export interface TransmitterView {
  /** What it says on its control connection; `unknown` without one. */
  readonly state: 'waiting' | 'blasting' | 'paused' | 'ended' | 'unknown'
  /** It says so since then. */
  readonly since: Micros
  readonly heardAt: Micros
  /** Its datagrams are longer than any that ever came from it. */
  readonly isTooLong?: boolean
}

export interface Situation {
  /** The operator allows multicast. */
  readonly multicast: boolean
  /** Why nothing can come from the group: it could not be joined, or was left. */
  readonly deaf: string | undefined
  readonly startedAt: Micros
  /** Some of it is here already: it was sent before. */
  readonly begun: boolean
  readonly transmitters: readonly TransmitterView[]
  /** Somebody who does not transmit holds something. */
  readonly peersHoldData: boolean
  /** No sender is heard here, and somebody fetches for all and multicasts it. */
  readonly isRelayed?: boolean
  /** It will be known in a moment whether that is so. */
  readonly isUndecided?: boolean
}

export type Plan =
  /** Ask for nothing: the blast will come. */
  | 'wait'
  /** Ask for what the blast has passed. */
  | 'behind'
  /** Ask mates for what they have, and leave what is outside to those who relay. */
  | 'relayed'
  /** Ask for anything that is missing. */
  | 'anything'

/** How long a transmitter that was announced may stay unreachable before we help ourselves. */
const GRACE_MICROS = 1_500_000
/**
 * A sender that was started again may wait for receivers that have finished without it: whoever has a
 * part already does not wait for them longer than this.
 */
const AGAIN_MICROS = 5_000_000

export function planFor(situation: Situation, now: Micros): Plan {
  if (!situation.multicast || situation.deaf !== undefined) return 'anything'
  if (situation.isRelayed) return 'relayed'
  let waiting = false
  for (const transmitter of situation.transmitters) {
    const { state, since, heardAt } = transmitter
    if (state === 'ended' || state === 'paused') continue
    if (now - heardAt < LIMITS.silenceRejoinMicros) return 'behind'
    if (state === 'waiting') waiting ||= !situation.begun || now - since < AGAIN_MICROS
    // It says that it blasts, or its data may still come: silence counts from when we knew.
    else if (now - since < LIMITS.silenceRejoinMicros) waiting = true
  }
  // Whoever has ended serves all: one that only says that it will send is not waited for.
  const ended = situation.transmitters.some(each => each.state === 'ended')
  if (situation.isUndecided) return 'wait'
  if (waiting && !situation.peersHoldData && !ended) return 'wait'
  const young = now - situation.startedAt < GRACE_MICROS
  if (young && situation.transmitters.length === 0) return 'wait'
  return 'anything'
}

/** A blast that is on but brings nothing: the group should be joined anew, the swarm take over. */
export function isSilent(transmitter: TransmitterView, now: Micros): boolean {
  return (
    transmitter.state === 'blasting' && now - lastSign(transmitter) >= LIMITS.silenceRejoinMicros
  )
}

function lastSign({ heardAt, since }: TransmitterView): Micros {
  return Math.max(heardAt, since)
}

/**
 * Why the swarm is on its own, if it is: asking peers for what they hold already while a blast is
 * still to come needs no explanation, nor does what is asked of them after a blast that was heard.
 */
export function whySwarmOnly(situation: Situation, now: Micros): string | undefined {
  const { deaf, multicast, transmitters, startedAt } = situation
  if (deaf !== undefined) return deaf
  if (!multicast) return 'multicast is switched off'
  if (situation.isRelayed) return RELAYED
  const silent = transmitters.find(each => isSilent(each, now))
  if (silent !== undefined) return silent.isTooLong ? TOO_LONG : NOTHING_ARRIVES
  if (transmitters.length === 0)
    return now - startedAt < GRACE_MICROS ? undefined : 'no multicast session was announced'
  if (transmitters.some(each => each.state === 'waiting' || each.state === 'blasting')) return
  if (transmitters.some(each => each.state !== 'unknown'))
    return transmitters.some(each => each.heardAt > startedAt) ? undefined : 'the blast is over'
  return transmitters.every(each => now - lastSign(each) >= LIMITS.silenceRejoinMicros)
    ? 'the sender is neither heard nor connected'
    : undefined
}

const RELAYED = 'no sender is heard here; hosts of this subnet fetch it and multicast it for all'
const NOTHING_ARRIVES = 'the sender blasts, but nothing arrives from its group'
const TOO_LONG = 'the sender blasts in frames that are too long for the way to this host'

/** What to look at, for reasons that nobody wants. */
export function hintAgainst(why: string): string | undefined {
  if (why === NOTHING_ARRIVES) return 'check IGMP snooping, the firewall and --interface'
  if (why === TOO_LONG) return 'raise the MTU of its interface and of every switch between'
  return undefined
}

/**
 * A transmitter that blasts is asked only for what has been missing for so long that some peer
 * should have had it to offer. The more they are the more rarely each tells (news.ts), and nearly all
 * of a crowd must have told before nearly nothing is left for the transmitter.
 */
export function patienceWith(peers: number): Micros {
  return Math.min(1_000_000, Math.max(250_000, peers * 20_000))
}
