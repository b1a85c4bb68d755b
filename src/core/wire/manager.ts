// What is said to a swarm manager and by it: one JSON object a line, so that `nc` is a client.

import { z } from 'zod'
import { LIMITS } from '../base/limits.js'

const HASH = z.string().min(1).max(LIMITS.managerHashCharsMax)
const PORT = z.number().int().min(1).max(65_535)
const COOKIE = z.string().max(64)

const COMMAND = z.discriminatedUnion('cmd', [
  z.object({ cmd: z.literal('register'), meta_hash: HASH, port: PORT, cookie: COOKIE.optional() }),
  z.object({ cmd: z.literal('request_peers'), meta_hash: HASH, cookie: COOKIE.optional() }),
  z.object({ cmd: z.literal('keepalive'), meta_hash: HASH, cookie: COOKIE }),
  z.object({ cmd: z.literal('leave'), meta_hash: HASH, cookie: COOKIE }),
  z.object({ cmd: z.literal('list') }),
])

export type ManagerCommand = z.infer<typeof COMMAND>

/** What is wrong with a line: `code` for programs, `message` for whoever types. */
export interface BadLine {
  readonly cmd: 'error'
  readonly code: string
  readonly message: string
}

const PEERS = z.object({
  cmd: z.literal('peers'),
  meta_hash: HASH,
  peers: z.array(z.object({ host: z.string().max(255), port: PORT })).max(1000),
})

const SWARMS = z.object({
  cmd: z.literal('list'),
  swarms: z.array(z.object({ meta_hash: HASH })).max(1000),
})

/** The command in a line, or what is wrong with it. */
export function parseCommand(line: string): ManagerCommand | BadLine {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return { cmd: 'error', code: 'bad_json', message: 'this line is not JSON' }
  }
  const parsed = COMMAND.safeParse(value)
  if (parsed.success) return parsed.data
  const cmd = (value as { cmd?: unknown } | null)?.cmd
  if (!COMMAND.options.some(option => option.shape.cmd.value === cmd)) {
    const message = 'known: register, request_peers, keepalive, leave, list'
    return { cmd: 'error', code: 'unknown_cmd', message }
  }
  const [issue] = parsed.error.issues
  const message = `${issue.path.join('.') || 'command'}: ${issue.message}`
  return { cmd: 'error', code: 'bad_command', message }
}

/** The transfers in a manager's answer, or `undefined` when the line is another answer. */
export function hashesInAnswer(line: string): string[] | undefined {
  try {
    return SWARMS.safeParse(JSON.parse(line)).data?.swarms.map(({ meta_hash }) => meta_hash)
  } catch {
    return undefined
  }
}

/** The peers in a manager's answer, or `undefined` when the line is another answer. */
export function peersInAnswer(line: string): { host: string; port: number }[] | undefined {
  try {
    return PEERS.safeParse(JSON.parse(line)).data?.peers
  } catch {
    return undefined
  }
}
