// How sites that hear no sender share the line of the one where it is: each chunk should leave there
// once. The sites take turns with the chunks, so that each fetches its own from where the sender is
// and the others' from whoever fetched them. Nobody is asked: everybody sees from addresses which sites
// there are. Where two see different ones a chunk leaves twice, or is taken when nothing else is left.

import type { Link } from '../swarm/link.js'

/** The sites among which chunks are divided, as one of them sees it. */
export interface Sharing {
  /** The prefixes where a seeder is: their line is the one to spare. */
  readonly sources: ReadonlySet<string>
  readonly sites: number
  /** Which of them is ours. */
  readonly turn: number
}

/** `own`: our prefix; unknown, nothing is divided, nor where no seeder is known. */
export function sharingOf(own: string | undefined, outside: readonly Link[]): Sharing {
  const sources = new Set(outside.filter(link => link.seeder).map(link => link.prefix))
  if (own === undefined || sources.size === 0) return { sources, sites: 1, turn: 0 }
  const all = new Set([own, ...outside.map(link => link.prefix)])
  for (const source of sources) if (source !== own) all.delete(source)
  return { sources, sites: all.size, turn: [...all].sort().indexOf(own) }
}
