// Before a receiver can receive it needs the meta: from a file, or from whoever announces the
// transfer, or from the peers and managers that a link names. Nothing of it is believed until its id
// is right.

import { randomBytes } from 'node:crypto'
import { Mcp2pError } from '../core/base/errors.js'
import { LIMITS } from '../core/base/limits.js'
import type { Announce } from '../core/wire/announce.js'
import type { Message } from '../core/wire/message.js'
import { Backlog } from '../io/net/backlog.js'
import { Conn } from '../io/net/conn.js'
import { dial } from '../io/net/dial.js'
import type { Address } from '../ports.js'
import { MetaParts } from './meta-parts.js'

const IDLE_MILLIS = 5000

/**
 * Fetches the document of transfer `id` from a peer.
 *
 * @throws Mcp2pError NO_META (network) when the peer does not give it
 */
export async function fetchMeta(
  peer: Address,
  id: string,
  localAddress: string | undefined,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const where = `${peer.host} port ${peer.port}`
  const failed = (why: string, cause?: unknown): Mcp2pError =>
    new Mcp2pError(
      'NO_META',
      'network',
      `no meta from ${where}: ${why}`,
      'check the address',
      cause,
    )
  const socket = await dial(peer, localAddress).catch(cause => {
    throw failed(cause instanceof Error ? cause.message : String(cause), cause)
  })
  return new Promise((resolve, reject) => {
    const parts = new MetaParts(LIMITS.metaBytesMax)
    let greeted = false
    const end = (error: Mcp2pError | undefined): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      conn.close()
      if (error) reject(error)
      else resolve(parts.document)
    }
    const onAbort = (): void => end(failed('interrupted'))
    const onMessage = (message: Message): void => {
      if (message.type === 'hello' && !greeted) {
        greeted = true
        conn.send(parts.request)
      }
      if (message.type !== 'meta') return
      // Only what brings the meta nearer counts as life.
      timer.refresh()
      const state = parts.take(message)
      if (state === 'wrong') return end(failed('its meta makes no sense'))
      if (state === 'all') end(undefined)
      else conn.send(parts.request)
    }
    const onClose = (reason: string): void =>
      end(failed(greeted ? reason : `${reason}; it may have another transfer`))
    const conn = new Conn(socket, { onMessage, onClose }, new Backlog())
    const timer = setTimeout(() => end(failed('it is silent')), IDLE_MILLIS)
    signal?.addEventListener('abort', onAbort)
    const node = randomBytes(8).toString('hex')
    const role = 'meta'
    conn.send({ type: 'hello', id, node, port: 0, role, complete: false, version: 1, features: [] })
  })
}

/** Does this announcement belong to what the user asked for (an id, its first digits, or anything)? */
export function isWanted(announce: Announce, wanted: string | undefined): boolean {
  return wanted === undefined || announce.id.startsWith(wanted)
}
