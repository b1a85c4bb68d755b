// A board that several managers write on: short texts by key, each gone by itself after its time, and
// everybody told of every change. On Redis 7 or later, whose loss is told and never waited for.

import { randomBytes } from 'node:crypto'
import { Mcp2pError } from '../../core/base/errors.js'

const PREFIX = 'mcp2p:peer:'
const CHANNEL = 'mcp2p:peers'
const TEXT_CHARS_MAX = 4096
const CONNECT_MILLIS = 2000
const RETRY_MILLIS_MAX = 1000
const PING_MILLIS = 1000
const WAITING_MAX = 100_000
const PAGE = 1000

export interface BoardEvents {
  /** Connected, at first or again: all that is on the board now. */
  readonly onUp: (entries: ReadonlyMap<string, string>) => void
  readonly onDown: (why: string) => void
  /** Somebody else wrote this, or wiped it (`undefined`). */
  readonly onChange: (key: string, text: string | undefined) => void
}

type Client = Awaited<ReturnType<typeof makeClient>>

export class RedisBoard {
  readonly #writer: Client
  readonly #reader: Client
  readonly #events: BoardEvents
  readonly #name = randomBytes(8).toString('hex')
  #isUp = false
  #isClosed = false

  /** Begins to connect, and goes on trying. Throws a `Mcp2pError` for what can never be. */
  static async open(url: string, events: BoardEvents): Promise<RedisBoard> {
    const board = new RedisBoard(await makeClient(url), await makeClient(url), events)
    // Neither promise is waited for: what they try is told by events.
    for (const client of [board.#writer, board.#reader]) client.connect().catch(() => {})
    return board
  }

  private constructor(writer: Client, reader: Client, events: BoardEvents) {
    this.#writer = writer
    this.#reader = reader
    this.#events = events
    for (const client of [writer, reader]) {
      client.on('error', (error: unknown) => this.#down(error))
      client.on('ready', () => void this.#ready())
    }
  }

  /** Lost while Redis is away; `onUp` is the time to write again what should stand. */
  put(key: string, text: string, millis: number): void {
    if (!this.#isUp) return
    const told = JSON.stringify({ from: this.#name, key, text })
    this.#try(this.#writer.set(PREFIX + key, text, { PX: Math.max(1, Math.ceil(millis)) }))
    this.#try(this.#writer.publish(CHANNEL, told))
  }

  wipe(key: string): void {
    if (!this.#isUp) return
    this.#try(this.#writer.del(PREFIX + key))
    this.#try(this.#writer.publish(CHANNEL, JSON.stringify({ from: this.#name, key })))
  }

  close(): void {
    this.#isClosed = true
    this.#writer.destroy()
    this.#reader.destroy()
  }

  /** Both connections stand: what others wrote meanwhile is read before anything is written. */
  async #ready(): Promise<void> {
    if (!this.#writer.isReady || !this.#reader.isReady) return
    try {
      // The same listener is only ever there once.
      await this.#reader.subscribe(CHANNEL, this.#heard)
      const entries = new Map<string, string>()
      for await (const keys of this.#writer.scanIterator({ MATCH: `${PREFIX}*`, COUNT: PAGE })) {
        if (keys.length === 0) continue
        const texts = await this.#writer.mGet(keys)
        for (const [i, text] of texts.entries())
          if (text !== null) entries.set(keys[i].slice(PREFIX.length), text)
      }
      if (this.#isClosed) return
      this.#isUp = true
      this.#events.onUp(entries)
    } catch (error) {
      this.#down(error)
    }
  }

  readonly #heard = (message: string): void => {
    if (message.length > TEXT_CHARS_MAX) return
    try {
      const { from, key, text } = JSON.parse(message) as Record<string, unknown>
      if (typeof key === 'string' && from !== this.#name)
        this.#events.onChange(key, typeof text === 'string' ? text : undefined)
    } catch {
      // Not one of ours.
    }
  }

  #try(command: Promise<unknown>): void {
    command.catch(error => this.#down(error))
  }

  #down(error: unknown): void {
    if (this.#isClosed) return
    const first = (error as AggregateError)?.errors?.[0] ?? error
    const wasUp = this.#isUp
    this.#isUp = this.#writer.isReady && this.#reader.isReady && wasUp
    if (!this.#isUp) this.#events.onDown(first instanceof Error ? first.message : String(first))
  }
}

async function makeClient(url: string) {
  const { createClient } = await import('@redis/client').catch(cause => {
    const hint = 'Install it: npm install @redis/client. Without --store nothing is needed.'
    throw new Mcp2pError('NO_REDIS', 'notFound', 'the client for Redis is missing', hint, cause)
  })
  return createClient({
    url,
    disableOfflineQueue: true,
    commandsQueueMaxLength: WAITING_MAX,
    pingInterval: PING_MILLIS,
    socket: {
      connectTimeout: CONNECT_MILLIS,
      socketTimeout: 3 * PING_MILLIS,
      reconnectStrategy: retries => Math.min(RETRY_MILLIS_MAX, 50 * 2 ** Math.min(retries, 6)),
    },
  })
}
