// Which piece to ask of a peer: the ways of the seeds, a function each. All of them choose among what
// the peer is known to have and what is neither here nor on its way here.

import type { Prng } from '../../src/core/base/prng.js'

export interface Choice {
  /** Pieces that the peer has and that are wanted, in order; at least one. */
  readonly wanted: readonly number[]
  readonly prng: Prng
  /** How many neighbours have a piece. */
  readonly holders: (piece: number) => number
  /** Somebody of the group has said that it is fetching the piece. */
  readonly isStarted: (piece: number) => boolean
  /** The piece is in the share of work that is this host's. */
  readonly isOurs: (piece: number) => boolean
}

export type Choose = (choice: Choice) => number

/** The lowest number (000, section 3.2.1: naive). */
export const lowest: Choose = ({ wanted }) => wanted[0]

/** Any (000, section 5.2: random; 004, section 3.7.1: what lies under the other ways). */
export const random: Choose = ({ wanted, prng }) => wanted[prng.below(wanted.length)]

/** What the fewest have, ties at random (what Herd's BitTorrent does; 000, section 5.2, wishes it). */
export const rarest: Choose = choice => {
  const { wanted, holders } = choice
  let least = Number.POSITIVE_INFINITY
  let found: number[] = []
  for (const piece of wanted) {
    const count = holders(piece)
    if (count > least) continue
    if (count < least) [least, found] = [count, []]
    found.push(piece)
  }
  return random({ ...choice, wanted: found })
}

/** Of the own share of the work, if the peer has any of it (004, section 3.7.1). */
export const divided: Choose = choice => random({ ...choice, wanted: ours(choice) })

/** The same, and what nobody of the group is fetching before what somebody is (004, section 3.7.2). */
export const stealing: Choose = choice => {
  const wanted = ours(choice)
  const fresh = wanted.filter(piece => !choice.isStarted(piece))
  return random({ ...choice, wanted: fresh.length > 0 ? fresh : wanted })
}

function ours({ wanted, isOurs }: Choice): readonly number[] {
  const found = wanted.filter(isOurs)
  return found.length > 0 ? found : wanted
}
