// The line that all who are in one place share. Whatever one of them has on its way over it, the others
// wait behind: so each has enough there to keep it full, and no more, and what somebody on this side of
// a longer way could give is not asked of who is at its end.

import { LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'
import { type Division, WAY } from '../swarm/division.js'
import type { Link } from '../swarm/link.js'

/** Enough to fill a line of some length, and little enough that nobody waits long behind it. */
const ON_ITS_WAY_SECONDS = 0.4

/** Until it is known how fast that comes. What is on its way to a relay that dies has to come again. */
const ON_ITS_WAY_BYTES_MIN = LIMITS.rangeBytesMax

/** Bytes that may still be asked for over the line that these share. */
export function roomOf(sharers: readonly Link[]): number {
  let rateBps = 0
  let askedBytes = 0
  for (const link of sharers) {
    rateBps += link.rateBps
    askedBytes += link.askedBytes
  }
  return Math.max(ON_ITS_WAY_BYTES_MIN, (ON_ITS_WAY_SECONDS * rateBps) / 8) - askedBytes
}

/** Bytes that the line to this link has room for; those to the source's site are counted alone. */
export function roomFor(division: Division, link: Link, links: readonly Link[]): number {
  if (!division.isShared(link)) return Number.POSITIVE_INFINITY
  const isSource = division.isSource(link)
  const sharers = links.filter(
    each => division.isShared(each) && division.isSource(each) === isSource,
  )
  return roomOf(sharers)
}

/** Something of ours is to come over the shared line. */
export function hasOnItsWay(division: Division, links: readonly Link[]): boolean {
  return links.some(link => link.askedBytes > 0 && division.isShared(link))
}

/** A sender is not asked while those beside it give, as fast as it would, what it has given them. */
export function isSpared(
  division: Division,
  link: Link,
  links: readonly Link[],
  now: Micros,
): boolean {
  if (division.wayTo(link) !== WAY.farSender) return false
  const beside = links.filter(
    each => division.wayTo(each) === WAY.source && each.answers(now) && each.nextHeld(0) >= 0,
  )
  // Who has not been asked yet may be as fast as any.
  const rateBps = beside.reduce((sum, each) => sum + (each.rateBps || Number.POSITIVE_INFINITY), 0)
  return beside.length > 0 && rateBps >= link.rateBps
}
