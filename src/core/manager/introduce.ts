// Whom a peer is introduced to: those near it first, because a rack's own switch is the cheapest way,
// and at least three in ten by lot, because a swarm of racks that only know themselves falls apart.

import { LIMITS } from '../base/limits.js'
import type { Prng } from '../base/prng.js'
import { type Entry, placesOf } from './entry.js'
import type { Roll } from './roll.js'

export interface Guest {
  readonly host: string
  readonly location: string | undefined
  /** May this one be told of that one? */
  readonly welcomes: (entry: Entry) => boolean
}

/** Up to `wanted` members of a swarm, without order between near and far. */
export function introduce(
  all: Roll<Entry>,
  places: ReadonlyMap<string, Roll<Entry>>,
  guest: Guest,
  wanted: number,
  prng: Prng,
): Entry[] {
  const chosen = new Set<Entry>()
  const take = (from: Roll<Entry> | undefined, most: number): void => {
    if (from === undefined || chosen.size >= most) return
    for (const entry of from.draw(prng)) {
      if (!chosen.has(entry) && guest.welcomes(entry)) chosen.add(entry)
      if (chosen.size >= most) return
    }
  }
  const near = Math.floor(wanted * LIMITS.managerNearShare)
  for (const place of placesOf(guest.host, guest.location)) take(places.get(place), near)
  take(all, wanted)
  return [...chosen]
}
