// JSON lines on the peer port: whoever speaks them is talking to a swarm manager. And the client of
// such a manager that only asks once: who is in a swarm, which swarms there are.

import type { Socket } from 'node:net'
import { LIMITS } from '../core/base/limits.js'
import type { Registry } from '../core/manager/registry.js'
import { type ManagerAnswer, parseAnswer } from '../core/wire/manager.js'
import { plainHost } from '../io/net/conn.js'
import { dial } from '../io/net/dial.js'
import { readLines } from '../io/net/line-reader.js'
import type { Address } from '../ports.js'
import { nowMicros } from './drive.js'

const ANSWER_MILLIS = 3_000

/** Answers the lines of one connection; an over-long line ends it. */
export function serveLines(socket: Socket, first: Uint8Array, registry: Registry): void {
  const asker = {
    host: plainHost(socket.remoteAddress ?? ''),
    localHost: plainHost(socket.localAddress ?? ''),
  }
  readLines(socket, first, line => {
    const now = nowMicros()
    const answer = registry.answer(line, asker, now)
    // A transfer's own registry lives as long as its process: nothing of it is kept elsewhere.
    while (registry.poll(now) !== undefined);
    if (answer !== undefined) socket.write(`${answer}\n`)
    if (socket.writableLength > LIMITS.managerUnsentBytesMax) socket.destroy()
  })
}

/**
 * Asks a manager who is in a swarm.
 *
 * Rejects when it cannot be reached; resolves with `undefined` when it does not answer as a manager
 * (it may be a peer).
 */
export function askManager(
  manager: Address,
  id: string,
  localAddress: string | undefined,
): Promise<Address[] | undefined> {
  const line = { cmd: 'request_peers', meta_hash: id }
  return converse(manager, localAddress, line, answer =>
    answer.cmd === 'peers' ? answer.peers : undefined,
  )
}

/** Asks a manager, or a sender, which transfers it knows; rejects and resolves as `askManager`. */
export function askTransfers(
  manager: Address,
  localAddress: string | undefined,
): Promise<string[] | undefined> {
  return converse(manager, localAddress, { cmd: 'list' }, answer =>
    answer.cmd === 'list' ? answer.swarms.map(({ meta_hash }) => meta_hash) : undefined,
  )
}

/** Says this line and waits for the first answer that `read` understands. */
async function converse<Answer>(
  manager: Address,
  localAddress: string | undefined,
  line: object,
  read: (answer: ManagerAnswer) => Answer | undefined,
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
    readLines(socket, undefined, text => {
      const parsed = parseAnswer(text)
      const answer = parsed && read(parsed)
      if (answer !== undefined) done(answer)
    })
    socket.write(`${JSON.stringify(line)}\n`)
  })
}
