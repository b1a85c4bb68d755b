// How sites that hear no sender share the line of the one where it is: each chunk should leave there
// once. Each chunk is the turn of one site, which fetches it from where the sender is, and the others
// from whoever fetched it. Nobody is asked: everybody sees from addresses which sites there are, and
// draws for each chunk a lot for each of them; the highest has it. Of many sites each knows only some,
// and not the same: by lots two of them still agree on nearly every chunk, as by counting they would
// not. Where they differ a chunk leaves twice, or is taken when nothing else is left.

import type { Link } from '../swarm/link.js'

/** The sites among which chunks are divided, as one of them sees it. */
export interface Sharing {
  /** The prefixes where a seeder is: their line is the one to spare. */
  readonly sources: ReadonlySet<string>
  readonly sites: number
  /** Which of them is ours, or the first of ours, in their order. */
  readonly turn: number
  /** It is our turn to fetch this chunk. */
  isOurs(chunk: number): boolean
}

/**
 * `own`: our prefixes; a segment may be wider than one, and others take it for several sites then, of
 * which each turn is ours. Where none is known nothing is divided, nor where no seeder is.
 */
export function sharingOf(own: ReadonlySet<string>, outside: readonly Link[]): Sharing {
  const sources = new Set(outside.filter(link => link.seeder).map(link => link.prefix))
  const always = { sources, sites: 1, turn: 0, isOurs: () => true }
  if (own.size === 0 || sources.size === 0) return always
  const all = new Set([...own, ...outside.map(link => link.prefix)])
  for (const source of sources) if (!own.has(source)) all.delete(source)
  const sites = [...all].sort()
  const seeds = sites.map(seedOf)
  const isOurs = (chunk: number): boolean => {
    let winner = 0
    for (let i = 1; i < seeds.length; i++)
      if (lotOf(seeds[i], chunk) > lotOf(seeds[winner], chunk)) winner = i
    return own.has(sites[winner])
  }
  const turn = sites.findIndex(site => own.has(site))
  return { sources, sites: sites.length, turn, isOurs }
}

/** FNV-1a. */
function seedOf(prefix: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < prefix.length; i++) hash = Math.imul(hash ^ prefix.charCodeAt(i), 0x01000193)
  return hash
}

function lotOf(seed: number, chunk: number): number {
  const mixed = Math.imul(seed ^ Math.imul(chunk + 1, 0x9e3779b1), 0x85ebca6b)
  return Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae35) >>> 0
}
