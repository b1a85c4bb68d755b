// What the manager's HTTP port answers: one table, from which requests are checked, answers are made
// and the OpenAPI document is written, so that none of them can know a path that the others do not.

import { z } from 'zod'
import { LIMITS } from '../../core/base/limits.js'
import { nowMicros } from '../drive.js'
import type { Service } from './service.js'

const COUNT = z.number().int().min(0)
const ID = z.string().min(1).max(LIMITS.managerHashCharsMax)
const PAGE = z.object({
  offset: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(LIMITS.httpPageMax).default(100),
})
const NOTHING = z.object({})

const SWARM = z.object({
  metaHash: ID,
  peers: COUNT,
  complete: COUNT,
  verifiedBytes: COUNT,
  totalBytes: COUNT,
})
const PEER = z.object({
  host: z.string(),
  port: COUNT,
  inside: z.string().optional(),
  location: z.string().optional(),
  verifiedBytes: COUNT.optional(),
  totalBytes: COUNT.optional(),
})
const PROBLEM = z.object({ error: z.object({ code: z.string(), message: z.string() }) })
const STATUS = z.object({
  seconds: z.number(),
  swarms: COUNT,
  peers: COUNT,
  metas: COUNT,
  connections: COUNT,
  watchers: COUNT,
  requests: COUNT,
  errors: COUNT,
  store: z.string(),
})
const READY = z.object({ ready: z.boolean(), degraded: z.boolean(), store: z.string() })

/** What a route answers: JSON, or a text of another type; no answer is 404. */
export interface Reply {
  readonly status?: number
  readonly type?: string
  readonly body: unknown
}

export interface Route {
  readonly path: string
  readonly summary: string
  /** Of the path and of the query. */
  readonly params: z.ZodObject
  readonly query: z.ZodObject
  /** Of the JSON that it answers; undefined for another type, which `produces` names. */
  readonly answer: z.ZodType | undefined
  readonly produces?: string
  /** Answered without a token: it says nothing but that the manager lives. */
  readonly open?: true
  reply(service: Service, params: Given): Reply | undefined | Promise<Reply | undefined>
}

/** Path and query together, checked. */
interface Given {
  readonly id: string
  readonly offset: number
  readonly limit: number
}

const BY_ID = z.object({ id: ID })

export const ROUTES: readonly Route[] = [
  route('/healthz', 'whether it lives', z.object({ status: z.string() }), {
    open: true,
    reply: () => ({ body: { status: 'ok' } }),
  }),
  route('/readyz', 'whether it is ready, and how its store is', READY, {
    open: true,
    reply: ({ store }) => ({ body: readiness(store) }),
  }),
  route('/metrics', 'metrics for Prometheus', undefined, {
    produces: 'text/plain',
    reply: async service => {
      const { metricsOf } = await import('./metrics.js')
      const { type, text } = await metricsOf(service)
      return { type, body: text }
    },
  }),
  route('/api/v1/status', 'what it has and has done', STATUS, {
    reply: service => ({ body: service.status() }),
  }),
  route('/api/v1/swarms', 'all swarms', z.object({ total: COUNT, swarms: z.array(SWARM) }), {
    query: PAGE,
    reply: ({ registry }, { offset, limit }) => {
      const all = registry.summaries(nowMicros())
      return { body: { total: all.length, swarms: all.slice(offset, offset + limit) } }
    },
  }),
  route('/api/v1/swarms/{id}', 'one swarm', SWARM, {
    params: BY_ID,
    reply: ({ registry }, { id }) => found(registry.summary(id, nowMicros())),
  }),
  route(
    '/api/v1/swarms/{id}/peers',
    'who is in a swarm',
    z.object({ total: COUNT, peers: z.array(PEER) }),
    {
      params: BY_ID,
      query: PAGE,
      reply: ({ registry }, { id, offset, limit }) => {
        const all = registry.members(id, nowMicros())
        // A cookie is its peer's own.
        const peers = all
          ?.slice(offset, offset + limit)
          .map(({ cookie: _, metaHash: __, ...peer }) => peer)
        return found(all && { total: all.length, peers })
      },
    },
  ),
  route(
    '/api/v1/swarms/{id}/progress',
    'how far a swarm is',
    SWARM.extend({ fraction: z.number().min(0).max(1) }),
    {
      params: BY_ID,
      reply: ({ registry }, { id }) => {
        const swarm = registry.summary(id, nowMicros())
        const fraction = swarm?.totalBytes ? swarm.verifiedBytes / swarm.totalBytes : 0
        return found(swarm && { ...swarm, fraction })
      },
    },
  ),
  route('/api/v1/metas/{id}', 'the .p2pmeta that was published', undefined, {
    params: z.object({ id: z.string().regex(/^[0-9a-f]{64}$/) }),
    produces: 'application/json',
    reply: async ({ metas }, { id }) => {
      const body = await metas.read(id)
      return body && { type: 'application/json', body: Buffer.from(body) }
    },
  }),
  route('/api/v1/events', 'swarms that change, as server-sent events', undefined, {
    produces: 'text/event-stream',
    reply: () => undefined, // answered by the server, which keeps the connection
  }),
  route('/api/v1/openapi.json', 'this table', z.object({ openapi: z.string() }).loose(), {
    reply: () => ({ body: openApi() }),
  }),
]

export const EVENTS_PATH = '/api/v1/events'

type Rest = Pick<Route, 'reply'> & Partial<Pick<Route, 'params' | 'query' | 'open' | 'produces'>>

function route(path: string, summary: string, answer: z.ZodType | undefined, rest: Rest): Route {
  return { path, summary, answer, params: NOTHING, query: NOTHING, ...rest }
}

function found(body: unknown): Reply | undefined {
  return body === undefined ? undefined : { body }
}

/** Without its store it answers all the same: whoever took it out of service would gain nothing. */
function readiness({ isUp, name }: Service['store']): z.infer<typeof READY> {
  const store = isUp ? name : `${name} is away; answering from memory`
  return { ready: true, degraded: !isUp, store }
}

function openApi(): object {
  const paths = Object.fromEntries(ROUTES.map(each => [each.path, { get: operation(each) }]))
  return {
    openapi: '3.1.0',
    info: { title: 'mcp2p manager', version: '1' },
    paths,
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  }
}

function operation({ summary, params, query, answer, produces, open }: Route): object {
  const type = answer === undefined ? (produces ?? 'text/plain') : 'application/json'
  const schema = answer === undefined ? { type: 'string' } : z.toJSONSchema(answer)
  const problem = { content: { 'application/json': { schema: z.toJSONSchema(PROBLEM) } } }
  return {
    summary,
    parameters: [...parameters(params, 'path'), ...parameters(query, 'query')],
    responses: {
      200: { description: summary, content: { [type]: { schema } } },
      default: { description: 'what is wrong', ...problem },
    },
    security: open ? [] : [{}, { token: [] }],
  }
}

function parameters(of: z.ZodObject, place: 'path' | 'query'): object[] {
  return Object.entries(of.shape).map(([name, schema]) => ({
    name,
    in: place,
    required: place === 'path',
    schema: z.toJSONSchema(schema as z.ZodType, { io: 'input' }),
  }))
}
