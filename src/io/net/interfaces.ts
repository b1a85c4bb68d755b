// The machine's network interfaces, as far as multicast needs them: memberships are made by address,
// operators speak of names, and a datagram should fit the smallest MTU it may leave by.

import { readFileSync } from 'node:fs'
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import { Mcp2pError } from '../../core/base/errors.js'
import { LIMITS } from '../../core/base/limits.js'
import { MBIT_BPS } from '../../core/base/units.js'

export interface Interface {
  readonly name: string
  readonly address: string
  readonly internal: boolean
}

/**
 * Interfaces that are up and have an address of the family, one entry per interface. With a
 * selector (name or address) only that one.
 *
 * @throws Mcp2pError NO_INTERFACE (network)
 */
export function interfacesOf(selector: string | undefined, family: 4 | 6): Interface[] {
  const found: Interface[] = []
  const all: string[] = []
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    for (const entry of reachableFirst(addresses ?? [])) {
      all.push(`${name} (${entry.address})`)
      if (entry.family !== `IPv${family}`) continue
      if (selector !== undefined && selector !== name && selector !== entry.address) continue
      if (found.some(other => other.name === name) && selector !== entry.address) continue
      const scope = entry.scopeid ? `%${name}` : ''
      found.push({ name, address: entry.address + scope, internal: entry.internal })
    }
  }
  if (found.length > 0) return found
  const what =
    selector === undefined ? `no IPv${family} address is up` : `no interface '${selector}'`
  const hint = all.length > 0 ? `there are: ${all.join(', ')}` : 'no interface is up'
  throw new Mcp2pError('NO_INTERFACE', 'network', what, hint)
}

/** An address that only counts on its own link is the last choice: others cannot write it down. */
function reachableFirst(addresses: readonly NetworkInterfaceInfo[]): NetworkInterfaceInfo[] {
  const isLocal = ({ address }: NetworkInterfaceInfo): boolean => /^fe[89ab]/i.test(address)
  return [...addresses].sort((a, b) => Number(isLocal(a)) - Number(isLocal(b)))
}

/**
 * All addresses of this machine at present. Undefined when there are none but its own loopback: that
 * is a pulled cable rather than a change of address, and what was connected may be so again.
 */
export function ownAddresses(): ReadonlySet<string> | undefined {
  const own = new Set<string>()
  let outside = false
  for (const [name, addresses] of Object.entries(networkInterfaces()))
    for (const { address, internal } of addresses ?? []) {
      own.add(address).add(`${address}%${name}`)
      outside ||= !internal
    }
  return outside ? own : undefined
}

/** Bytes that these interfaces received so far, by the kernel's count; undefined where it has none. */
export function receivedBytesOf(interfaces: readonly Interface[]): number | undefined {
  let bytes = 0
  for (const { name } of interfaces) {
    try {
      bytes += Number(readFileSync(`/sys/class/net/${name}/statistics/rx_bytes`, 'utf8'))
    } catch {
      return undefined // not Linux, or gone meanwhile
    }
  }
  return bytes
}

/** What the lines of the interfaces that lead outside carry, where their cards say so. */
export function lineRates(): { readonly name: string; readonly rateBps: number }[] {
  const rates: { name: string; rateBps: number }[] = []
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    if (addresses?.every(each => each.internal)) continue
    try {
      const megabits = Number(readFileSync(`/sys/class/net/${name}/speed`, 'latin1'))
      if (megabits > 0) rates.push({ name, rateBps: megabits * MBIT_BPS })
    } catch {
      // Not Linux, or a card that does not say.
    }
  }
  return rates
}

/** The MTU that datagrams must fit: the smallest of the interfaces', 1500 at most unless told otherwise. */
export function mtuOf(
  interfaces: readonly Interface[],
  mostBytes: number = LIMITS.mtuDefault,
): number {
  let mtu = mostBytes
  for (const { name } of interfaces) {
    try {
      const text = readFileSync(`/sys/class/net/${name}/mtu`, 'utf8')
      const value = Number.parseInt(text, 10)
      if (value >= LIMITS.mtuMin) mtu = Math.min(mtu, value)
    } catch {
      // Not Linux, or gone meanwhile: the default holds.
      mtu = Math.min(mtu, LIMITS.mtuDefault)
    }
  }
  return mtu
}
