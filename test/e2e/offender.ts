// Somebody who speaks to a peer port as nobody should: raw connections, and just enough of the
// protocol to be let in. And how much of the machine the offended process takes meanwhile.

import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { FrameParser } from '../../src/core/wire/frame.js'
import type { Hello, Message } from '../../src/core/wire/message.js'
import { decodeMessage, encodeMessage } from '../../src/core/wire/peer.js'
import type { CliProcess } from '../lab/cli.js'

export class Offender {
  readonly socket: Socket
  /** Resolves when the other side has ended it. */
  readonly closed: Promise<void>
  #isClosed = false
  onMessage: (message: Message) => void = () => {}

  /** `localAddress`: where it seems to come from. */
  constructor(port: number, localAddress?: string) {
    this.socket = connect({ port, host: '127.0.0.1', localAddress })
    const parser = new FrameParser()
    this.socket.on('error', () => {})
    this.socket.on('data', bytes =>
      parser.push(bytes, frame => {
        const message = decodeMessage(frame)
        if (message) this.onMessage(message)
      }),
    )
    this.closed = new Promise(resolve => {
      this.socket.once('close', () => {
        this.#isClosed = true
        resolve()
      })
    })
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  say(...messages: Message[]): this {
    for (const message of messages) this.socket.write(encodeMessage(message))
    return this
  }

  hello(id: string, more: Partial<Hello> = {}): this {
    const node = randomBytes(8).toString('hex')
    const hello = { type: 'hello', id, node, port: 0, role: 'receiver', complete: false } as const
    return this.say({ ...hello, version: 1, features: [], ...more })
  }

  /** One byte a second, for as long as it is let. */
  drip(bytes: Uint8Array): this {
    let at = 0
    const timer = setInterval(() => this.socket.write(bytes.subarray(at, ++at)), 1000)
    void this.closed.then(() => clearInterval(timer))
    return this
  }

  end(): void {
    this.socket.destroy()
  }
}

/** Connections that say nothing, `count` of them, as fast as they are taken. */
export async function flood(port: number, count: number): Promise<Socket[]> {
  const sockets: Socket[] = []
  while (sockets.length < count) {
    const some = Array.from({ length: 250 }, () => connect(port, '127.0.0.1'))
    sockets.push(...some)
    await Promise.all(
      some.map(
        socket =>
          new Promise<void>(resolve => {
            socket.once('connect', resolve)
            socket.on('error', () => resolve())
          }),
      ),
    )
  }
  return sockets
}

/** Looks on at what a process takes of the machine, until it ends. */
export class Onlooker {
  /** The most descriptors seen, and the most memory that it ever had. */
  descriptors = 0
  peakBytes = 0

  constructor(player: CliProcess) {
    const look = (): void => {
      try {
        const status = readFileSync(`/proc/${player.pid}/status`, 'utf8')
        this.peakBytes = 1024 * Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) || this.peakBytes
        const open = readdirSync(`/proc/${player.pid}/fd`).length
        this.descriptors = Math.max(this.descriptors, open)
      } catch {
        // It has just ended.
      }
    }
    const timer = setInterval(look, 100)
    void player.exited.then(() => clearInterval(timer))
  }
}

/** Descriptors that this process may open. */
export function descriptorLimit(): number {
  const limits = readFileSync('/proc/self/limits', 'utf8')
  return Number(/Max open files\s+(\d+)/.exec(limits)?.[1])
}
