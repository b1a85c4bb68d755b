// The manager's HTTP port: looks and never changes anything. It answers whoever may ask: with a token
// where one is set, else on this machine only; and no page of a stranger's through somebody's browser,
// which is what the checks of Host and Origin are for.

import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { hostname } from 'node:os'
import { isIpv4, isIpv6 } from '../../core/base/endpoint.js'
import { Mcp2pError } from '../../core/base/errors.js'
import { LIMITS } from '../../core/base/limits.js'
import { EventStreams } from './event-streams.js'
import { EVENTS_PATH, type Reply, ROUTES, type Route } from './routes.js'
import type { Service } from './service.js'

export interface WebOptions {
  readonly host: string
  readonly port: number
  readonly token: string | undefined
}

const REQUEST_MILLIS = 10_000

export class Web {
  readonly #service: Service
  readonly #options: WebOptions
  readonly #server: Server
  readonly #streams: EventStreams
  readonly host: string
  readonly port: number

  /** @throws Mcp2pError NO_HTTP_PORT (network) */
  static async open(service: Service, options: WebOptions): Promise<Web> {
    const web = new Web(service, options)
    await new Promise<void>((resolve, reject) => {
      web.#server.once('error', cause => {
        const why = cause instanceof Error ? cause.message : String(cause)
        const message = `cannot answer HTTP on port ${options.port}: ${why}`
        reject(
          new Mcp2pError('NO_HTTP_PORT', 'network', message, 'pass another --http-port', cause),
        )
      })
      web.#server.listen({ port: options.port, host: options.host }, resolve)
    })
    web.#server.on('error', () => {}) // an accept that fails is not the end
    return web
  }

  private constructor(service: Service, options: WebOptions) {
    this.#service = service
    this.#options = options
    this.host = options.host
    this.port = options.port
    this.#streams = new EventStreams(service)
    const times = { requestTimeout: REQUEST_MILLIS, headersTimeout: REQUEST_MILLIS }
    const checks = { connectionsCheckingInterval: 1000, maxHeaderSize: LIMITS.httpHeaderBytesMax }
    this.#server = createServer(
      { ...times, ...checks, keepAliveTimeout: 5000 },
      (asked, answer) => {
        this.#answer(asked, answer).catch(() => answer.destroy())
      },
    )
    this.#server.maxConnections = LIMITS.httpConnectionsMax
  }

  async close(): Promise<void> {
    this.#streams.close()
    this.#server.closeAllConnections()
    await new Promise<void>(resolve => this.#server.close(() => resolve()))
  }

  async #answer(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    asked.resume()
    const url = new URL(asked.url ?? '/', 'http://manager')
    const match = matchOf(url.pathname)
    const refusal = this.#refusalOf(asked, match?.route)
    if (refusal) return send(asked, answer, refusal)
    if (match === undefined) return send(asked, answer, problem(404, 'not_found', 'no such path'))
    if (match.route.path === EVENTS_PATH) return this.#streams.open(answer)
    const params = match.route.params.safeParse(match.params)
    const query = match.route.query.safeParse(Object.fromEntries(url.searchParams))
    if (!params.success || !query.success) {
      const [issue] = (params.error ?? query.error)!.issues
      const message = `${issue.path.join('.')}: ${issue.message}`
      return send(asked, answer, problem(400, 'bad_request', message))
    }
    const given = { id: '', offset: 0, limit: 0, ...params.data, ...query.data }
    const reply = await match.route.reply(this.#service, given)
    send(asked, answer, reply ?? problem(404, 'not_found', 'nothing is known under this id'))
  }

  #refusalOf(asked: IncomingMessage, route: Route | undefined): Reply | undefined {
    const { host = '', origin, authorization = '' } = asked.headers
    if (!isOwnName(host)) return problem(403, 'bad_host', 'ask by address, localhost or my name')
    if (origin !== undefined && origin !== `http://${host}`)
      return problem(403, 'bad_origin', 'pages of others may not ask')
    if (asked.method !== 'GET' && asked.method !== 'HEAD')
      return problem(405, 'bad_method', 'only GET: nothing can be changed here')
    const { token } = this.#options
    if (token === undefined || route?.open) return undefined
    if (isSame(authorization, `Bearer ${token}`)) return undefined
    return problem(401, 'bad_token', 'say Authorization: Bearer and the token')
  }
}

/** A name that somebody else may point here is not ours. */
function isOwnName(host: string): boolean {
  const name = host.replace(/:\d+$/, '').toLowerCase()
  if (isIpv4(name) || name === 'localhost' || name === hostname().toLowerCase()) return true
  return name.startsWith('[') && name.endsWith(']') && isIpv6(name.slice(1, -1))
}

/** In the same time, however much of it is right. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

function matchOf(path: string): { route: Route; params: Record<string, string> } | undefined {
  const parts = path.split('/')
  for (const route of ROUTES) {
    const wanted = route.path.split('/')
    const params: Record<string, string> = {}
    const fits = wanted.every((part, i) => {
      if (!part.startsWith('{') || parts[i] === undefined) return part === parts[i]
      params[part.slice(1, -1)] = decoded(parts[i])
      return true
    })
    if (fits && wanted.length === parts.length) return { route, params }
  }
  return undefined
}

/** A broken percent sequence stands for itself: there is nothing of that name. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

function problem(status: number, code: string, message: string): Reply {
  return { status, body: { error: { code, message } } }
}

function send(asked: IncomingMessage, answer: ServerResponse, reply: Reply): void {
  const { status = 200, type, body } = reply
  const bytes = type === undefined ? Buffer.from(`${JSON.stringify(body)}\n`) : (body as Buffer)
  answer.writeHead(status, {
    'content-type': type ?? 'application/json',
    'content-length': Buffer.byteLength(bytes),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
    ...(status === 405 ? { allow: 'GET, HEAD' } : {}),
  })
  answer.end(asked.method === 'HEAD' ? undefined : bytes)
}
