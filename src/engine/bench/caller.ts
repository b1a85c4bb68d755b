// The receiver's side of a bench's TCP connections: dials the sender of each stream that it hears and
// answers what that asks. A source address may be forged, so each attempt costs its owner one small
// packet, and the next one needs another datagram: nobody can have it knock for him.

import { connect } from 'node:net'
import type { BenchStream, ListenerIn, RunFigures } from '../../core/bench/listener.js'
import { nowMicros } from '../drive.js'
import { LineSocket } from './line-socket.js'
import { Taker } from './taker.js'

/** Before the kernel would repeat its first packet. */
const CONNECT_MILLIS = 900
const AGAIN_MILLIS = 500

export interface CallerOptions {
  readonly stream: BenchStream
  /** Random name of this process. */
  readonly receiver: string
  readonly feed: (input: ListenerIn) => void
  readonly intervalMicros: number
  /** Of a TCP stream. */
  readonly onFigures: (type: 'interval' | 'summary', figures: RunFigures) => void
}

export class Caller {
  readonly #options: CallerOptions
  #line: LineSocket | undefined
  #taker: Taker | undefined
  #dialledAt = Number.NEGATIVE_INFINITY
  #isClosed = false

  constructor(options: CallerOptions) {
    this.#options = options
    this.heard()
  }

  /** Another datagram came: dials where there is no connection. */
  heard(): void {
    const { controlPort: port, source: host } = this.#options.stream
    const now = performance.now()
    if (this.#line || this.#isClosed || port === 0 || now - this.#dialledAt < AGAIN_MILLIS) return
    this.#dialledAt = now
    const socket = connect({ host, port })
    const timer = setTimeout(() => socket.destroy(), CONNECT_MILLIS)
    const { stream, receiver } = this.#options
    const line = new LineSocket(
      socket,
      word => {
        const { id } = stream
        if (word.type === 'ask') {
          const { run, sent } = word
          this.#options.feed({ type: 'asked', stream: id, run, sent })
        } else if (word.type === 'open') this.#take(word.run)
        else if (word.type === 'bye') {
          this.close()
          this.#options.feed({ type: 'left', stream: id })
        }
      },
      () => {
        clearTimeout(timer)
        if (this.#line === line) this.#line = undefined
      },
    )
    this.#line = line
    socket.once('connect', () => {
      clearTimeout(timer)
      line.say({ type: 'hello', session: stream.session, receiver })
    })
  }

  #take(run: number): void {
    const { stream, receiver, intervalMicros, onFigures } = this.#options
    const about = { stream, run, firstAt: nowMicros() }
    this.#taker?.close()
    this.#taker = new Taker({
      stream,
      receiver,
      run,
      intervalMicros,
      onInterval: figures => onFigures('interval', { ...about, figures }),
      onEnd: figures => {
        this.report({ ...about, figures })
        onFigures('summary', { ...about, figures })
      },
    })
  }

  report({ run, figures }: RunFigures): void {
    this.#line?.say({ type: 'report', run, ...figures })
  }

  close(): void {
    this.#isClosed = true
    this.#taker?.close()
    this.#line?.end()
  }
}
