// A receiver's end of one TCP stream of a bench: dials the sender, says for which run, and counts what
// comes until the sender ends it.

import { connect, type Socket } from 'node:net'
import type { BenchStream } from '../../core/bench/listener.js'
import type { Figures } from '../../core/bench/tally.js'
import { benchLine } from '../../core/bench/words.js'
import { nowMicros } from '../drive.js'

const CONNECT_MILLIS = 5000

export interface TakerOptions {
  readonly stream: BenchStream
  /** Random name of this process. */
  readonly receiver: string
  readonly run: number
  readonly intervalMicros: number
  readonly onInterval: (figures: Figures) => void
  readonly onEnd: (figures: Figures) => void
}

export class Taker {
  readonly #options: TakerOptions
  readonly #socket: Socket
  #startedAt: number | undefined
  #lastAt = 0
  #bytes = 0
  #interval = { startMicros: 0, bytes: 0 }

  constructor(options: TakerOptions) {
    this.#options = options
    const { stream, receiver, run } = options
    const { session, source: host, controlPort: port } = stream
    this.#socket = connect({ host, port })
    this.#socket.setTimeout(CONNECT_MILLIS, () => this.#socket.destroy())
    this.#socket.on('error', () => {})
    this.#socket.once('connect', () => {
      this.#startedAt = nowMicros()
      this.#lastAt = this.#startedAt
      this.#socket.write(benchLine({ type: 'data', session, receiver, run }))
    })
    this.#socket.on('data', bytes => this.#take(bytes.length))
    this.#socket.once('close', () => {
      const micros = this.#lastAt - (this.#startedAt ?? this.#lastAt)
      if (options.intervalMicros < Infinity && this.#bytes > this.#interval.bytes)
        this.#tell(micros)
      options.onEnd(figuresOf(this.#bytes, 0, micros))
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(bytes: number): void {
    this.#lastAt = nowMicros()
    const { intervalMicros } = this.#options
    const micros = this.#lastAt - (this.#startedAt ?? this.#lastAt)
    while (micros >= this.#interval.startMicros + intervalMicros)
      this.#tell(this.#interval.startMicros + intervalMicros)
    this.#bytes += bytes
  }

  #tell(endMicros: number): void {
    const { startMicros, bytes } = this.#interval
    this.#options.onInterval(figuresOf(this.#bytes - bytes, startMicros, endMicros))
    this.#interval = { startMicros: endMicros, bytes: this.#bytes }
  }
}

/** TCP has no datagrams that could be lost. */
function figuresOf(receivedBytes: number, startMicros: number, endMicros: number): Figures {
  const none = { received: 0, total: 0, lost: 0, outOfOrder: 0, duplicates: 0, jitterMicros: 0 }
  return { ...none, receivedBytes, startMicros, endMicros }
}
