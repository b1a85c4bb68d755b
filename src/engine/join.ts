// Before a receiver can receive it needs the meta: from a file, or from whoever announces the
// transfer, or from the peers and managers that a link names. Nothing of it is believed until its id
// is right.

import { randomBytes } from 'node:crypto'
import { Mcp2pError } from '../core/base/errors.js'
import { LIMITS } from '../core/base/limits.js'
import type { Announce } from '../core/wire/announce.js'
import type { Message } from '../core/wire/message.js'
import { Conn } from '../io/net/conn.js'
import { dial } from '../io/net/tcp.js'
import type { Address } from '../ports.js'

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
    const parts: Uint8Array[] = []
    let totalBytes: number | undefined
    let filled = 0
    let greeted = false
    const end = (error: Mcp2pError | undefined): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      conn.close()
      if (error) reject(error)
      else resolve(Buffer.concat(parts))
    }
    const onAbort = (): void => end(failed('interrupted'))
    const ask = (): void => {
      const lengthBytes = LIMITS.rangeBytesMax
      conn.send({ type: 'meta-request', offsetBytes: filled, lengthBytes })
    }
    const onMessage = (message: Message): void => {
      if (message.type === 'hello' && filled === 0 && !greeted) {
        greeted = true
        ask()
      }
      if (message.type !== 'meta') return
      // Only what brings the meta nearer counts as life.
      timer.refresh()
      totalBytes ??= message.totalBytes
      // Memory is taken for what has come, and each part is all that was asked for: no dripping.
      const wanted = Math.min(LIMITS.rangeBytesMax, totalBytes - filled)
      const isNext = message.offsetBytes === filled && message.bytes.length === wanted
      if (totalBytes > LIMITS.metaBytesMax || message.totalBytes !== totalBytes || !isNext)
        return end(failed('its meta makes no sense'))
      parts.push(message.bytes.slice())
      filled += message.bytes.length
      if (filled === totalBytes) end(undefined)
      else ask()
    }
    const conn = new Conn(socket, { onMessage, onClose: reason => end(failed(reason)) })
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
