// Where on the network a transfer takes place: the options that sender and receiver share, resolved
// into interfaces and addresses.

import { LIMITS } from '../core/base/limits.js'
import { type Interface, interfacesOf, mtuOf, ownAddresses } from '../io/net/interfaces.js'
import { demandMarking } from '../io/net/tcp-traits.js'

export const DEFAULT_GROUP = '224.0.67.67'
export const DEFAULT_PORT = 6767
export const DEFAULT_PEER_PORT = 9990

export interface Place {
  readonly group: string
  readonly port: number
  /** Interfaces that multicast may use. */
  readonly interfaces: readonly Interface[]
  /** The one the operator chose. */
  readonly chosen: Interface | undefined
  readonly mtuBytes: number
  /** What the interfaces take, if everybody else does. */
  readonly longMtuBytes: number
  /** The code point that what leaves carries. */
  readonly dscp: number | undefined
}

/** @throws Mcp2pError for an interface that is not there, or a code point that nobody can set. */
export function placeOf(options: {
  group?: string
  port?: number
  interface?: string
  dscp?: number
}): Place {
  const { dscp } = options
  if (dscp !== undefined) demandMarking()
  const group = options.group ?? DEFAULT_GROUP
  const interfaces = interfacesOf(options.interface, group.includes(':') ? 6 : 4)
  const chosen = options.interface === undefined ? undefined : interfaces[0]
  const outside = interfaces.filter(each => !each.internal)
  const mtuBytes = mtuOf(chosen ? [chosen] : outside)
  // A host's own loopback is no line that longer frames would relieve.
  const lines = chosen ? [chosen].filter(each => !each.internal) : outside
  const longMtuBytes = lines.length > 0 ? mtuOf(lines, LIMITS.mtuMax) : mtuBytes
  const port = options.port ?? DEFAULT_PORT
  return { group, port, interfaces, chosen, mtuBytes, longMtuBytes, dscp }
}

/**
 * The address of the chosen interface now: as long as it stands the one that it had at first, else
 * the one that it has instead.
 */
export function chosenAddress({ chosen, group }: Place): string | undefined {
  if (chosen === undefined || ownAddresses()?.has(chosen.address) !== false) return chosen?.address
  try {
    return interfacesOf(chosen.name, group.includes(':') ? 6 : 4)[0].address
  } catch {
    return chosen.address // it has none at the moment
  }
}
