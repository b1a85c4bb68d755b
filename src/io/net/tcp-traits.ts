// What the kernel can be told about a TCP connection, and Node does not tell it about its own sockets:
// the code point that its packets carry (RFC 2474; those that opened it were gone before), and how fast
// it may send at any moment.

import type { Socket } from 'node:net'
import { Mcp2pError } from '../../core/base/errors.js'
import { loadNative } from '../native/load.js'

export interface TcpTraits {
  /** Differentiated services code point; undefined: none. */
  readonly dscp: number | undefined
  /** Bits per second; Infinity: without limit. A kernel or a twin without it sends in bursts. */
  readonly paceBps: number
}

/** @throws Mcp2pError NO_DSCP (usage) where the native part is missing. */
export function demandMarking(): void {
  if (loadNative().socket !== undefined) return
  const hint = 'Leave --dscp out.'
  throw new Mcp2pError('NO_DSCP', 'usage', 'only the native part can set a code point', hint)
}

/** Holds from now on. A socket that is closed already stays as it is. */
export function giveTraits(socket: Socket, { dscp, paceBps }: TcpTraits): void {
  const fd = descriptorOf(socket)
  const native = loadNative().socket
  if (fd < 0 || native === undefined) return
  if (dscp !== undefined) native.mark(fd, dscp)
  if (paceBps < Number.POSITIVE_INFINITY) native.pace(fd, Math.ceil(paceBps / 8))
}

/** Of an open socket; -1 of any other. */
export function descriptorOf(socket: Socket): number {
  // Not documented, and there since Node has sockets.
  const { _handle: handle } = socket as Socket & { readonly _handle?: { readonly fd?: number } }
  return handle?.fd ?? -1
}
