// The name by which a receiver is known in the swarm. It lies beside the parts, so that a run that
// goes on where another was killed is the same host to everybody, and nobody waits for the dead one.

import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { open, unlink } from 'node:fs/promises'
import { storageError } from './fault.js'

export const NODE_NAME = 'node'

const NODE_BYTES = 8

/** 16 hex digits: those that a former run left in `folder`, or new ones, left for the next. */
export async function nodeOf(folder: string): Promise<string> {
  const path = `${folder}/${NODE_NAME}`
  const left = await leftAt(path)
  if (left !== undefined) return left
  const node = randomBytes(NODE_BYTES).toString('hex')
  try {
    // Never into what lies there: it may be another name of something outside.
    await unlink(path).catch(() => {})
    const file = await open(path, 'wx', 0o600)
    try {
      await file.writeFile(Buffer.from(node))
    } finally {
      await file.close()
    }
    return node
  } catch (error) {
    throw storageError(error, 'keep the name of', NODE_NAME)
  }
}

/** The name in this file; undefined when it is missing, unreadable or something else. */
async function leftAt(path: string): Promise<string | undefined> {
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
  try {
    const file = await open(path, flags)
    try {
      const status = await file.stat()
      if (!status.isFile() || status.size !== 2 * NODE_BYTES) return undefined
      const text = await file.readFile('latin1')
      return /^[0-9a-f]{16}$/.test(text) ? text : undefined
    } finally {
      await file.close()
    }
  } catch {
    return undefined
  }
}
