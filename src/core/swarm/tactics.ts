// How a swarm chooses, in one place: a function or a number for each question, so that the simulator
// can put others in their place. What stands here did best (`npm run bench -- policies`).

import { LIMITS } from '../base/limits.js'
import {
  type Again,
  anyHeld,
  onePeerMore,
  ownSliceFirst,
  type Policy,
  rarestFirst,
} from './select.js'

export interface Tactics {
  /** Which blocks to ask of a peer. */
  readonly ofPeer: Policy
  /** The same while a blast comes that we all hear. */
  readonly behindBlast: Policy
  /** Which of whoever is outside, and shares its line with all of us. */
  readonly ofOutside: Policy
  /** Whom to ask, near the end, for what others owe. */
  readonly again: Again
  /** Connections are made while there are fewer. */
  readonly connectionsWanted: number
}

export const TACTICS: Tactics = {
  ofPeer: rarestFirst,
  behindBlast: anyHeld,
  ofOutside: ownSliceFirst,
  again: onePeerMore,
  connectionsWanted: LIMITS.connectionsWanted,
}
