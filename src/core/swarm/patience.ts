// How long a peer that owes something may be silent before it is asked of others too. A range is heard
// of only when all of it is here, and on a slow line it waits for everything else that was asked for:
// who gives up before that time fetches all of it twice, which makes the line slower still.

import { LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'

/** What is asked comes in turn, but not in equal parts. */
const TURNS = 2
/** No line is so slow that it takes longer. */
const MICROS_MAX = 60e6

interface Owing {
  readonly askedBytes: number
  readonly rateBps: number
  readonly lastByteAt: Micros
}

/** With one of them: its line may be slower than those of the others, and many may be waiting for it. */
export function patienceFor({ askedBytes, rateBps }: Owing, withAll: Micros): Micros {
  if (rateBps === 0) return withAll
  return Math.max(withAll, Math.min(MICROS_MAX, (TURNS * askedBytes * 8e6) / rateBps))
}

/** With all of them. */
export function patienceOf(links: Iterable<Owing>, now: Micros): Micros {
  const least = LIMITS.peerSilenceMicros
  let askedBytes = 0
  let rateBps = 0
  for (const link of links) {
    askedBytes += link.askedBytes
    if (now - link.lastByteAt <= least) rateBps += link.rateBps
  }
  // While nobody delivers, nobody is better than another.
  if (rateBps === 0) return LIMITS.answerMicros
  return Math.min(MICROS_MAX, Math.max(least, (TURNS * askedBytes * 8e6) / rateBps))
}
