// The document of a transfer, given to a manager that keeps none of it: it asks for it in parts, as
// any peer would.

import { randomBytes } from 'node:crypto'
import { LIMITS } from '../../core/base/limits.js'
import type { Message } from '../../core/wire/message.js'
import { Backlog } from '../../io/net/backlog.js'
import { Conn } from '../../io/net/conn.js'
import { dial } from '../../io/net/dial.js'
import type { Address } from '../../ports.js'

const IDLE_MILLIS = 10_000

export interface Given {
  readonly id: string
  readonly metaBytes: Uint8Array
  /** Where we accept peers. */
  readonly port: number
}

/** Resolves when the manager has hung up, with whatever it wanted. */
export async function giveMeta(
  manager: Address,
  { id, metaBytes, port }: Given,
  localAddress: string | undefined,
): Promise<void> {
  const socket = await dial(manager, localAddress)
  await new Promise<void>(resolve => {
    const end = (): void => {
      clearTimeout(timer)
      resolve()
    }
    const onMessage = (message: Message): void => {
      if (message.type !== 'meta-request') return
      timer.refresh()
      const part = metaPart(metaBytes, message.offsetBytes, message.lengthBytes)
      if (part === undefined) conn.close()
      else conn.send(part)
    }
    const conn = new Conn(socket, { onMessage, onClose: end }, new Backlog())
    const timer = setTimeout(() => {
      conn.drop()
      resolve()
    }, IDLE_MILLIS)
    const node = randomBytes(8).toString('hex')
    const who = { id, node, port, role: 'seeder', complete: true } as const
    conn.send({ type: 'hello', ...who, version: 1, features: [] })
  })
}

/** The part of a document that was asked for; undefined where nobody sane would ask. */
export function metaPart(
  metaBytes: Uint8Array,
  offsetBytes: number,
  lengthBytes: number,
): Message | undefined {
  if (offsetBytes > metaBytes.length || lengthBytes > LIMITS.rangeBytesMax) return undefined
  const bytes = metaBytes.subarray(offsetBytes, offsetBytes + lengthBytes)
  return { type: 'meta', totalBytes: metaBytes.length, offsetBytes, bytes }
}
