// Groups as Ethernet sees them: of the 28 bits of an IPv4 group its address keeps 23, so 32 groups
// share each, and a switch or a network card that knows only addresses mixes them up.

import { isIpv4 } from '../base/endpoint.js'

/** Whether both groups have the same Ethernet address without being the same group. */
export function isAlias(one: string, other: string): boolean {
  return isIpv4(one) && isIpv4(other) && one !== other && lowBits(one) === lowBits(other)
}

/** 224.0.0.x, which switches flood whoever listens, if `group` shares its Ethernet address. */
export function floodedAlias(group: string): string | undefined {
  const low = isIpv4(group) ? lowBits(group) : 256
  return low < 256 ? `224.0.0.${low}` : undefined
}

/** A group for an organisation's own use, with an Ethernet address that none of the others has. */
export function groupApartFrom(others: readonly string[]): string {
  const groups = Array.from({ length: others.length + 1 }, (_, i) => `239.67.${67 + i}.68`)
  const isApart = (group: string) => !others.some(each => each === group || isAlias(each, group))
  return groups.find(isApart) ?? groups[0]
}

/** Groups in the text of /proc/net/igmp, each once. */
export function groupsOf(igmp: string): string[] {
  const groups = new Set<string>()
  for (const [, hex] of igmp.matchAll(/^\s+([0-9A-F]{8})\s/gm)) {
    const bytes = hex.match(/../g) ?? []
    // The kernel prints the number as it lies in memory, the last byte first.
    groups.add(
      bytes
        .reverse()
        .map(byte => Number.parseInt(byte, 16))
        .join('.'),
    )
  }
  return [...groups]
}

function lowBits(group: string): number {
  const [, b, c, d] = group.split('.').map(Number)
  return ((b & 127) << 16) | (c << 8) | d
}
