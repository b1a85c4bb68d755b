// The sender's side of a bench's TCP connections: receivers dial in and say who they are, and after
// each run they are asked for their figures until all have told them or the patience is over. One
// that lost its connection comes back and is asked again.

import { createServer, type Server, type Socket } from 'node:net'
import { Mcp2pError } from '../../core/base/errors.js'
import { LIMITS } from '../../core/base/limits.js'
import type { Figures } from '../../core/bench/tally.js'
import type { BenchWord } from '../../core/bench/words.js'
import { plainHost } from '../../io/net/conn.js'
import { LineSocket } from './line-socket.js'

/** Who connects must say within so long that it hears this session. */
const HELLO_MILLIS = 3000
/** Who has lost its connection is waited for so long. */
const COME_BACK_MILLIS = 2000

interface Receiver {
  readonly host: string
  line: LineSocket | undefined
  leftAt: number
  run: number
  figures: Figures | undefined
}

export interface CollectorOptions {
  readonly session: string
  /** Address to accept on; all when absent. */
  readonly host: string | undefined
  readonly onReceiver: (host: string) => void
}

export class Collector {
  readonly #server: Server
  readonly #options: CollectorOptions
  readonly #receivers = new Map<string, Receiver>()
  readonly #sockets = new Set<Socket>()
  #asked: { readonly run: number; readonly sent: number } | undefined
  #onReport: () => void = () => {}
  /** Streams that were asked for and have not come yet, by receiver. */
  readonly #streams = new Map<string, (socket: Socket) => void>()
  readonly port: number

  private constructor(server: Server, options: CollectorOptions) {
    this.#server = server
    this.#options = options
    this.port = (server.address() as { port: number }).port
    server.maxConnections = LIMITS.receiversMax
    server.on('error', () => {}) // an accept that fails (no descriptors) is not the end
    server.on('connection', socket => this.#accept(socket))
  }

  static open(options: CollectorOptions): Promise<Collector> {
    const server = createServer()
    return new Promise((resolve, reject) => {
      server.once('error', cause => {
        const message = `cannot collect the receivers' figures: ${cause.message}`
        const hint = 'pass another --interface'
        reject(new Mcp2pError('NO_PEER_PORT', 'network', message, hint, cause))
      })
      server.listen({ port: 0, host: options.host }, () => resolve(new Collector(server, options)))
    })
  }

  get count(): number {
    return this.#receivers.size
  }

  /** Asks all for their figures of a run; `remind` is called every so often until they are here. */
  async collect(run: number, sent: number, patienceMillis: number, remind: () => void) {
    this.#asked = { run, sent }
    for (const { line } of this.#receivers.values()) line?.say({ type: 'ask', run, sent })
    const startedAt = performance.now()
    const isDone = (): boolean => {
      const now = performance.now()
      if (now - startedAt >= patienceMillis) return true
      return [...this.#receivers.values()].every(
        each => each.run === run || (!each.line && now - each.leftAt > COME_BACK_MILLIS),
      )
    }
    await new Promise<void>(resolve => {
      const look = (): void => {
        if (!isDone()) return
        clearInterval(timer)
        resolve()
      }
      const timer = setInterval(() => {
        remind()
        look()
      }, 100)
      this.#onReport = look
      look()
    })
    this.#onReport = () => {}
    return [...this.#receivers.values()].map(({ host, run: told, figures }) => ({
      host,
      figures: told === run ? figures : undefined,
    }))
  }

  /** One for each receiver, in the order in which they came. */
  get keys(): string[] {
    return [...this.#receivers.keys()]
  }

  /** Asks a receiver to take a stream; undefined when it does not come for it. */
  stream(key: string, run: number, patienceMillis: number): Promise<Socket | undefined> {
    return new Promise(resolve => {
      const done = (socket: Socket | undefined): void => {
        clearTimeout(timer)
        this.#streams.delete(key)
        resolve(socket)
      }
      const timer = setTimeout(() => done(undefined), patienceMillis)
      this.#streams.set(key, done)
      this.#receivers.get(key)?.line?.say({ type: 'open', run })
    })
  }

  /** What a receiver says that it took. */
  async taken(key: string, run: number, patienceMillis: number) {
    const receiver = this.#receivers.get(key)
    const until = performance.now() + patienceMillis
    while (receiver?.run !== run && performance.now() < until)
      await new Promise(resolve => setTimeout(resolve, 20))
    return {
      host: receiver?.host ?? '',
      figures: receiver?.run === run ? receiver.figures : undefined,
    }
  }

  async close(): Promise<void> {
    for (const { line } of this.#receivers.values()) {
      line?.say({ type: 'bye' })
      line?.end()
    }
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()))
    // A receiver that does not read its goodbye is not waited for.
    const timer = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy()
    }, 300)
    await closed
    clearTimeout(timer)
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket)
    const host = plainHost(socket.remoteAddress ?? '')
    let known: Receiver | undefined
    const timer = setTimeout(() => {
      if (known === undefined) socket.destroy()
    }, HELLO_MILLIS)
    const line: LineSocket = new LineSocket(
      socket,
      word => {
        if (word.type === 'hello') known ??= this.#greet(word, host, line)
        else if (word.type === 'report' && known) return this.#report(known, word)
        else if (word.type === 'data') known ??= this.#hand(word, host, socket)
        if (known === undefined) socket.destroy()
      },
      () => {
        clearTimeout(timer)
        this.#sockets.delete(socket)
        if (known?.line !== line) return
        known.line = undefined
        known.leftAt = performance.now()
      },
    )
  }

  #greet(
    word: Extract<BenchWord, { type: 'hello' }>,
    host: string,
    line: LineSocket,
  ): Receiver | undefined {
    if (word.session !== this.#options.session) return undefined
    // Nobody can speak for another host.
    const key = `${host} ${word.receiver}`
    let receiver = this.#receivers.get(key)
    if (receiver === undefined) {
      if (this.#receivers.size >= LIMITS.receiversMax) return undefined
      const neighbours = [...this.#receivers.values()].filter(each => each.host === host)
      if (neighbours.length >= LIMITS.connectionsPerAddressMax) return undefined
      receiver = { host, line, leftAt: 0, run: 0, figures: undefined }
      this.#receivers.set(key, receiver)
      this.#options.onReceiver(host)
    } else receiver.line?.destroy()
    receiver.line = line
    if (this.#asked) line.say({ type: 'ask', ...this.#asked })
    return receiver
  }

  #hand(
    word: Extract<BenchWord, { type: 'data' }>,
    host: string,
    socket: Socket,
  ): Receiver | undefined {
    const key = `${host} ${word.receiver}`
    const take = this.#streams.get(key)
    if (word.session !== this.#options.session || take === undefined) return undefined
    take(socket)
    return this.#receivers.get(key)
  }

  #report(receiver: Receiver, word: Extract<BenchWord, { type: 'report' }>): void {
    const { type: _, run, ...figures } = word
    // More than was sent is no figure of this run.
    if (this.#asked && (run !== this.#asked.run || figures.total > this.#asked.sent)) return
    receiver.run = run
    receiver.figures = figures
    this.#onReport()
  }
}
