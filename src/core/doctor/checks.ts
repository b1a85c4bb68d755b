// The list of checks, in the order in which they are told: what explains silence first, as the first
// line that is not right is often the only one that is read.

import type { Facts } from './facts.js'
import type { Finding, Verdict } from './finding.js'
import * as host from './host.js'
import * as network from './network.js'

interface Check {
  readonly name: string
  /** Explains why multicast brings nothing; a transfer looks at these by itself. */
  readonly quick?: true
  /** Nothing where the facts are not known, several where several were named. */
  look(facts: Facts): Verdict | readonly Verdict[] | undefined
}

const CHECKS: readonly Check[] = [
  { name: 'interface', quick: true, look: network.interfaces },
  { name: 'route', quick: true, look: network.route },
  { name: 'memberships', quick: true, look: network.memberships },
  { name: 'port', quick: true, look: network.announcePort },
  { name: 'firewall', quick: true, look: network.firewall },
  { name: 'ttl', quick: true, look: network.ttl },
  { name: 'snooping', quick: true, look: network.snooping },
  { name: 'container', quick: true, look: network.container },
  { name: 'cloud', quick: true, look: network.cloud },
  { name: 'wifi', quick: true, look: network.wifi },
  { name: 'group', look: network.collision },
  { name: 'alias', look: network.alias },
  { name: 'mtu', look: network.mtu },
  { name: 'buffer', look: host.buffer },
  { name: 'peer-port', look: host.peerPort },
  { name: 'manager', look: host.managers },
  { name: 'peer', look: host.peers },
  { name: 'disk', look: host.disk },
  { name: 'clock', look: host.clock },
  { name: 'native', look: host.nativePart },
]

/** What all checks say, or only those that explain why multicast brings nothing. */
export function findingsOf(facts: Facts, which: 'all' | 'quick' = 'all'): Finding[] {
  return CHECKS.filter(check => which === 'all' || check.quick).flatMap(({ name, look }) => {
    const said = look(facts)
    const verdicts = said === undefined ? [] : Array.isArray(said) ? said : [said]
    return verdicts.map((verdict: Verdict) => ({ check: name, ...verdict }))
  })
}
