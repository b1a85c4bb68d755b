// What is said to a swarm manager and by it: one JSON object a line, so that `nc` is a client.

import { z } from 'zod'
import { isLocation } from '../base/endpoint.js'
import { LIMITS } from '../base/limits.js'

const HASH = z.string().min(1).max(LIMITS.managerHashCharsMax)
const PORT = z.number().int().min(1).max(65_535)
const COOKIE = z.string().max(64)
const TOKEN = z.string().max(64)
const HOST = z.string().max(64)
const COUNT = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
/** `dc/rack`: from the widest to the narrowest, so that what two have in common can be counted. */
const LOCATION = z.string().refine(isLocation, 'write names like dc1/rack7')

const COMMAND = z.discriminatedUnion('cmd', [
  z.object({
    cmd: z.literal('register'),
    meta_hash: HASH,
    port: PORT,
    cookie: COOKIE.optional(),
    /** Another address than the connection's own: it has to prove itself by a token. */
    host: HOST.optional(),
    /** The address behind the network's own translator, for those who are behind it as well. */
    inside: HOST.optional(),
    location: LOCATION.optional(),
  }),
  z.object({ cmd: z.literal('confirm'), meta_hash: HASH, token: TOKEN }),
  z.object({
    cmd: z.literal('request_peers'),
    meta_hash: HASH,
    cookie: COOKIE.optional(),
    location: LOCATION.optional(),
    /** Tell this connection of newcomers, too. */
    watch: z.boolean().optional(),
  }),
  z.object({ cmd: z.literal('keepalive'), meta_hash: HASH, cookie: COOKIE }),
  z.object({ cmd: z.literal('leave'), meta_hash: HASH, cookie: COOKIE }),
  z.object({
    cmd: z.literal('progress'),
    meta_hash: HASH,
    cookie: COOKIE,
    verified_bytes: COUNT,
    total_bytes: COUNT,
  }),
  z.object({ cmd: z.literal('list') }),
])

export type ManagerCommand = z.infer<typeof COMMAND>
export type CommandOf<Cmd extends ManagerCommand['cmd']> = Extract<ManagerCommand, { cmd: Cmd }>

/** What is wrong with a line: `code` for programs, `message` for whoever types. */
export interface BadLine {
  readonly cmd: 'error'
  readonly code: string
  readonly message: string
}

const RECORD = z.object({
  metaHash: HASH,
  host: HOST,
  port: PORT,
  inside: HOST.optional(),
  location: LOCATION.optional(),
  cookie: COOKIE,
  verifiedBytes: COUNT.optional(),
  totalBytes: COUNT.optional(),
})

/** One peer of one swarm, as it is kept outside of the process. */
export type PeerRecord = z.infer<typeof RECORD>

/** What a file or a database has kept; undefined where that is no such thing. */
export function parseRecord(value: unknown): PeerRecord | undefined {
  return RECORD.safeParse(value).data
}

const PEER = z.object({ host: z.string().max(255), port: PORT })
const ANSWER = z.discriminatedUnion('cmd', [
  z.object({
    cmd: z.literal('registered'),
    meta_hash: HASH,
    cookie: COOKIE,
    ttl: z.number().min(1).max(86_400),
    wants_meta: z.boolean().optional(),
  }),
  z.object({
    cmd: z.literal('peers'),
    meta_hash: HASH,
    peers: z.array(PEER).max(1000),
    watch: z.boolean().optional(),
  }),
  z.object({ cmd: z.literal('keepalive'), meta_hash: HASH, wants_meta: z.boolean().optional() }),
  z.object({ cmd: z.literal('progress'), meta_hash: HASH }),
  z.object({ cmd: z.literal('left'), meta_hash: HASH }),
  z.object({
    cmd: z.literal('list'),
    swarms: z.array(z.object({ meta_hash: HASH })).max(1000),
  }),
  z.object({ cmd: z.literal('error'), code: z.string().max(64), message: z.string().max(1000) }),
])

export type ManagerAnswer = z.infer<typeof ANSWER>

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
  const known = COMMAND.options.map(option => option.shape.cmd.value)
  if (!known.some(each => each === cmd))
    return { cmd: 'error', code: 'unknown_cmd', message: `known: ${known.join(', ')}` }
  const [issue] = parsed.error.issues
  const message = `${issue.path.join('.') || 'command'}: ${issue.message}`
  return { cmd: 'error', code: 'bad_command', message }
}

/** A manager's answer, or `undefined` when the line is something else. */
export function parseAnswer(line: string): ManagerAnswer | undefined {
  try {
    return ANSWER.safeParse(JSON.parse(line)).data
  } catch {
    return undefined
  }
}
