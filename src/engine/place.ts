// Where on the network a transfer takes place: the options that sender and receiver share, resolved
// into interfaces and addresses.

import { isIpv4, isIpv6 } from '../core/base/endpoint.js'
import { Mcp2pError } from '../core/base/errors.js'
import { type Interface, interfacesOf, mtuOf } from '../io/net/interfaces.js'

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
}

/** @throws Mcp2pError for an interface that is not there or a group that is none. */
export function placeOf(options: { group?: string; port?: number; interface?: string }): Place {
  const group = options.group ?? DEFAULT_GROUP
  if (!isMulticast(group))
    throw new Mcp2pError(
      'BAD_GROUP',
      'usage',
      `${group} is no multicast address`,
      `pass a --group like ${DEFAULT_GROUP} or ff12::4343`,
    )
  const interfaces = interfacesOf(options.interface, group.includes(':') ? 6 : 4)
  const chosen = options.interface === undefined ? undefined : interfaces[0]
  const outside = interfaces.filter(each => !each.internal)
  const mtuBytes = mtuOf(chosen ? [chosen] : outside)
  return { group, port: options.port ?? DEFAULT_PORT, interfaces, chosen, mtuBytes }
}

function isMulticast(group: string): boolean {
  if (isIpv4(group)) {
    const first = Number(group.slice(0, group.indexOf('.')))
    return first >= 224 && first < 240
  }
  return isIpv6(group) && group.toLowerCase().startsWith('ff')
}
