// Whether the receivers' processors are the limit of a blast, on hosts that take datagrams one by one
// because they have no native batches: a byte costs them three times there what it costs by TCP, with
// all that they give to each other. Then the swarm is faster, however little of the line is in use.

import type { Micros } from '../base/machine.js'
import type { Report } from '../wire/message.js'
import type { Receiver } from './receivers.js'

const BUSY_SHARE = 0.9
/** Any process has busy moments. */
const PATIENCE_MICROS = 1_000_000
/** At less than this datagrams are little work: whatever keeps the processors busy is something else. */
const LEAST_BPS = 40_000_000

/** Since when a receiver has been too busy, after this report. */
export function overworkedSince(
  since: Micros | undefined,
  { busyShare = 0 }: Report,
  now: Micros,
): Micros | undefined {
  return busyShare >= BUSY_SHARE ? (since ?? now) : undefined
}

/** Most of the hosts that need it have been for long, at this rate; many names at one address are one. */
export function areOverworked(
  receivers: Iterable<Receiver>,
  rateBps: number,
  now: Micros,
): boolean {
  if (rateBps < LEAST_BPS) return false
  const hosts = new Map<string, boolean>()
  for (const { host, overworkedAt = now } of receivers)
    hosts.set(host, now - overworkedAt >= PATIENCE_MICROS && (hosts.get(host) ?? true))
  const overworked = [...hosts.values()].filter(Boolean).length
  return 2 * overworked > hosts.size
}
