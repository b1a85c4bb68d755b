// The name by which a receiver is known in the swarm. It lies beside the parts, so that a run that
// goes on where another was killed is the same host to everybody, and nobody waits for the dead one.

import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { storageError } from './fault.js'

export const NODE_NAME = 'node'

const NODE_BYTES = 8

/** 16 hex digits: those that a former run left in `folder`, or new ones, left for the next. */
export async function nodeOf(folder: string): Promise<string> {
  const flags = constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0)
  try {
    const file = await open(`${folder}/${NODE_NAME}`, flags, 0o600)
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(2 * NODE_BYTES), 0, null, 0)
      const left = buffer.toString('latin1', 0, bytesRead)
      if (/^[0-9a-f]{16}$/.test(left)) return left
      const node = randomBytes(NODE_BYTES).toString('hex')
      await file.write(node, 0)
      return node
    } finally {
      await file.close()
    }
  } catch (error) {
    throw storageError(error, 'keep the name of', NODE_NAME)
  }
}
