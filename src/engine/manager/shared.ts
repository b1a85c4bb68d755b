// One register for several managers: what each is told goes on a board in Redis, and what others put
// there is learnt. Each answers from its own memory, so that no request waits for Redis and a Redis
// that is away costs nobody an answer: then every manager goes on with what it knows, and puts it on
// the board again when that is back.

import { LIMITS } from '../../core/base/limits.js'
import type { Registry } from '../../core/manager/registry.js'
import { type PeerRecord, parseRecord } from '../../core/wire/manager.js'
import { RedisBoard } from '../../io/registry/redis-board.js'
import type { Notice } from '../api.js'
import { nowMicros } from '../drive.js'
import type { RegistryStore } from './journal.js'

const TTL_MILLIS = 1000 * LIMITS.managerTtlSeconds

export interface SharedOptions {
  readonly registry: Registry
  /** Whether the board takes what is told. */
  readonly onState: (isUp: boolean) => void
  readonly onNotice: (notice: Notice) => void
  /** The registry was told something. */
  readonly onLearnt: () => void
}

export class Shared implements RegistryStore {
  readonly #options: SharedOptions
  #board: RedisBoard | undefined
  /** Unknown until something has happened. */
  #isUp: boolean | undefined

  /** Throws a `Mcp2pError` for a URL or an installation that can never work. */
  static async open(url: string, options: SharedOptions): Promise<Shared> {
    const shared = new Shared(options)
    shared.#board = await RedisBoard.open(url, {
      onUp: entries => shared.#up(entries),
      onDown: why => shared.#down(why),
      onChange: (key, text) => {
        shared.#learn(key, text)
        options.onLearnt()
      },
    })
    return shared
  }

  private constructor(options: SharedOptions) {
    this.#options = options
  }

  keep(record: PeerRecord): void {
    this.#board?.put(keyOf(record), JSON.stringify(record), TTL_MILLIS)
  }

  /** What nobody renews goes from the board by itself: somebody else may have heard of it. */
  drop(record: PeerRecord, expired: boolean): void {
    if (!expired) this.#board?.wipe(keyOf(record))
  }

  async close(): Promise<void> {
    this.#board?.close()
  }

  #up(entries: ReadonlyMap<string, string>): void {
    const { registry, onLearnt, onState, onNotice } = this.#options
    for (const [key, text] of entries) this.#learn(key, text)
    onLearnt()
    const now = nowMicros()
    for (const { record, until } of registry.records(now)) {
      const key = keyOf(record)
      if (!entries.has(key)) this.#board?.put(key, JSON.stringify(record), (until - now) / 1000)
    }
    registry.hold(false)
    onState(true)
    if (this.#isUp === false)
      onNotice({
        code: 'store-found',
        level: 'info',
        message: 'Redis answers; all is shared again',
      })
    this.#isUp = true
  }

  #down(why: string): void {
    const { registry, onState, onNotice } = this.#options
    if (this.#isUp === false) return
    this.#isUp = false
    registry.hold(true)
    onState(false)
    const message = `Redis is away (${why}); answering from what is known here`
    const hint = 'what is told meanwhile is shared when it is back'
    onNotice({ code: 'store-lost', level: 'warning', message, hint })
  }

  #learn(key: string, text: string | undefined): void {
    const { registry } = this.#options
    const record = text === undefined ? undefined : parsed(text)
    const now = nowMicros()
    if (record !== undefined && keyOf(record) === key) {
      registry.share(record, now)
    } else if (text === undefined) {
      const at = key.indexOf(' ')
      registry.unlearn(key.slice(at + 1), key.slice(0, at))
    }
  }
}

/** A cookie has no blanks. */
function keyOf({ cookie, metaHash }: PeerRecord): string {
  return `${cookie} ${metaHash}`
}

function parsed(text: string): PeerRecord | undefined {
  try {
    return parseRecord(JSON.parse(text))
  } catch {
    return undefined
  }
}
