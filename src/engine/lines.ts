// JSON lines on the peer port: whoever speaks them is talking to a swarm manager. And the client of
// such a manager, which asks it who is in a swarm.

import type { Socket } from 'node:net'
import { StringDecoder } from 'node:string_decoder'
import { LIMITS } from '../core/base/limits.js'
import type { Registry } from '../core/manager/registry.js'
import { hashesInAnswer, peersInAnswer } from '../core/wire/manager.js'
import { plainHost } from '../io/net/conn.js'
import { dial } from '../io/net/tcp.js'
import type { Address } from '../ports.js'
import { nowMicros } from './drive.js'

const IDLE_MILLIS = 120_000
const ANSWER_MILLIS = 3_000

/** Answers the lines of one connection; an over-long line ends it. */
export function serveLines(socket: Socket, first: Uint8Array, registry: Registry): void {
  const asker = {
    host: plainHost(socket.remoteAddress ?? ''),
    localHost: plainHost(socket.localAddress ?? ''),
  }
  socket.setTimeout(IDLE_MILLIS, () => socket.destroy())
  onLines(socket, first, line => {
    const answer = registry.answer(line, asker, nowMicros())
    if (answer !== undefined) socket.write(`${answer}\n`)
    if (socket.writableLength > LIMITS.managerUnsentBytesMax) socket.destroy()
  })
}

/**
 * Asks a manager who is in a swarm, and registers us there when we have a port.
 *
 * Rejects when it cannot be reached; resolves with `undefined` when it does not answer as a manager
 * (it may be a peer).
 */
export async function askManager(
  manager: Address,
  id: string,
  port: number | undefined,
  localAddress: string | undefined,
): Promise<Address[] | undefined> {
  const lines: object[] = [{ cmd: 'request_peers', meta_hash: id }]
  if (port !== undefined) lines.unshift({ cmd: 'register', meta_hash: id, port })
  return converse(manager, localAddress, lines, peersInAnswer)
}

/** Asks a manager, or a sender, which transfers it knows; rejects and resolves as `askManager`. */
export function askTransfers(
  manager: Address,
  localAddress: string | undefined,
): Promise<string[] | undefined> {
  return converse(manager, localAddress, [{ cmd: 'list' }], hashesInAnswer)
}

/** Says these lines and waits for the first answer that `read` understands. */
async function converse<Answer>(
  manager: Address,
  localAddress: string | undefined,
  lines: readonly object[],
  read: (line: string) => Answer | undefined,
): Promise<Answer | undefined> {
  const socket = await dial(manager, localAddress)
  return new Promise(resolve => {
    const done = (answer: Answer | undefined): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answer)
    }
    const timer = setTimeout(() => done(undefined), ANSWER_MILLIS)
    socket.on('error', () => done(undefined))
    socket.on('close', () => done(undefined))
    onLines(socket, undefined, line => {
      const answer = read(line)
      if (answer !== undefined) done(answer)
    })
    for (const line of lines) socket.write(`${JSON.stringify(line)}\n`)
  })
}

/** Each line that comes; one that is too long ends the connection. */
export function onLines(
  socket: Socket,
  first: Uint8Array | undefined,
  on: (line: string) => void,
): void {
  const decoder = new StringDecoder('utf8')
  let text = ''
  const take = (piece: Uint8Array): void => {
    if (socket.destroyed) return
    text += decoder.write(Buffer.from(piece))
    for (let end = text.indexOf('\n'); end >= 0 && !socket.destroyed; end = text.indexOf('\n')) {
      const line = text.slice(0, end)
      text = text.slice(end + 1)
      on(line)
    }
    if (text.length <= LIMITS.managerLineBytesMax) return
    const answer = { cmd: 'error', code: 'line_too_long', message: 'lines are 64 KiB at most' }
    socket.end(`${JSON.stringify(answer)}\n`)
    text = ''
    socket.removeAllListeners('data')
  }
  if (first !== undefined) take(first)
  socket.on('data', take)
}
