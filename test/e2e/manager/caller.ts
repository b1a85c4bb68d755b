// Somebody with `nc`: writes texts to a port as they are, and reads answers line by line.

import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'

export interface Caller {
  readonly socket: Socket
  /** Writes a text as it is and resolves with the next answer. */
  readonly ask: (text: string) => Promise<Record<string, unknown>>
  /** The next line that comes. */
  readonly next: () => Promise<Record<string, unknown>>
}

export async function call(
  port: number,
  host = '127.0.0.1',
  localAddress?: string,
): Promise<Caller> {
  const socket = connect({ port, host, localAddress })
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]()
  const next = async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error('the connection ended')
    return JSON.parse(value)
  }
  const ask = (text: string) => {
    socket.write(text)
    return next()
  }
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  return { socket, ask, next }
}
