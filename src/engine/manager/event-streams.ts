// Server-sent events: all swarms at first, then those that have changed, twice a second at most and
// however much happens in between. Who does not read is dropped.

import type { ServerResponse } from 'node:http'
import { LIMITS } from '../../core/base/limits.js'
import { nowMicros } from '../drive.js'
import type { Service } from './service.js'

const EVERY_MILLIS = 500
/** A comment now and then keeps what is in between from closing the connection. */
const SILENT_TICKS = 30

export class EventStreams {
  readonly #service: Service
  readonly #open = new Set<ServerResponse>()
  /** What each swarm was when it was last told. */
  readonly #told = new Map<string, string>()
  readonly #timer: NodeJS.Timeout
  #silent = 0

  constructor(service: Service) {
    this.#service = service
    this.#timer = setInterval(() => this.#tick(), EVERY_MILLIS)
  }

  open(answer: ServerResponse): void {
    if (this.#open.size >= LIMITS.httpStreamsMax) {
      answer.writeHead(503, { 'retry-after': '10' }).end()
      return
    }
    answer.on('close', () => this.#open.delete(answer))
    answer.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    for (const swarm of this.#service.registry.summaries(nowMicros()))
      answer.write(eventOf('swarm', JSON.stringify(swarm)))
    answer.write(eventOf('status', JSON.stringify(this.#service.status())))
    this.#open.add(answer)
  }

  close(): void {
    clearInterval(this.#timer)
    for (const answer of this.#open) answer.end()
  }

  #tick(): void {
    if (this.#open.size === 0) {
      this.#told.clear()
      return
    }
    const gone = new Set(this.#told.keys())
    let text = ''
    for (const swarm of this.#service.registry.summaries(nowMicros())) {
      const now = JSON.stringify(swarm)
      gone.delete(swarm.metaHash)
      if (this.#told.get(swarm.metaHash) === now) continue
      this.#told.set(swarm.metaHash, now)
      text += eventOf('swarm', now)
    }
    for (const metaHash of gone) {
      this.#told.delete(metaHash)
      text += eventOf('gone', JSON.stringify({ metaHash }))
    }
    if (text !== '') text += eventOf('status', JSON.stringify(this.#service.status()))
    else if (++this.#silent >= SILENT_TICKS) text = ': nothing new\n\n'
    if (text === '') return
    this.#silent = 0
    for (const answer of this.#open)
      if (!answer.write(text) && answer.writableLength > LIMITS.httpUnsentBytesMax) answer.destroy()
  }
}

function eventOf(type: string, data: string): string {
  return `event: ${type}\ndata: ${data}\n\n`
}
