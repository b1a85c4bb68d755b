// One peer of one swarm as the manager knows it, and where it is: by what its operator says, or else
// by its subnet.

import { prefixOf } from '../base/endpoint.js'
import type { Micros } from '../base/machine.js'
import type { PeerRecord } from '../wire/manager.js'

export interface Entry {
  record: PeerRecord
  until: Micros
  /** Another manager hears its keep-alives. */
  isShared: boolean
}

/** Two peers behind one translator may both have port 9990. */
export function addressKey({ host, port, inside }: PeerRecord): string {
  return `${host}|${port}|${inside ?? ''}`
}

/** The places that something is in, the narrowest first: rack, data centre, subnet. */
export function placesOf(host: string, location: string | undefined): string[] {
  const parts = location?.split('/') ?? []
  const named = parts.map((_, i) => `at ${parts.slice(0, parts.length - i).join('/')}`)
  return [...named, `net ${prefixOf(host)}`]
}
