// A crowd of peers on one manager: each has its own connection and address, registers in one of the
// swarms, and then all together ask so often a second, each at the moment it is due, late or not:
// a slow answer delays nobody's next question, as it would not among hosts that know nothing of each
// other.

import { connect, type Socket } from 'node:net'

interface Member {
  readonly socket: Socket
  readonly metaHash: string
  readonly port: number
  cookie: string
  /** When what it waits for was due, performance clock. */
  readonly due: number[]
}

export interface Figures {
  readonly requests: number
  readonly perSecond: number
  readonly p50Millis: number
  readonly p99Millis: number
  readonly maxMillis: number
}

const AT_ONCE = 100
const PORT = 9990
const TICK_MILLIS = 5

export class Crowd {
  readonly #members: Member[] = []
  #waits: number[] = []

  /** Resolves when all of them are registered. */
  static async gather(port: number, peers: number, swarms: number): Promise<Crowd> {
    const crowd = new Crowd()
    let next = 0
    const comeOne = async (): Promise<void> => {
      while (next < peers) await crowd.#come(port, next++, swarms)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, comeOne))
    return crowd
  }

  async ask(rate: number, seconds: number): Promise<Figures> {
    this.#waits = []
    const start = performance.now()
    let asked = 0
    await new Promise<void>(resolve => {
      const timer = setInterval(() => {
        const now = performance.now()
        const dueCount = Math.min(rate * seconds, ((now - start) / 1000) * rate)
        while (asked < dueCount) this.#askOne(start + (asked / rate) * 1000, asked++)
        if (asked < rate * seconds) return
        clearInterval(timer)
        resolve()
      }, TICK_MILLIS)
    })
    for (let tries = 0; tries < 100 && this.#waits.length < asked; tries++)
      await new Promise(resolve => setTimeout(resolve, 50))
    if (this.#waits.length < asked)
      throw new Error(`${asked - this.#waits.length} of ${asked} requests were not answered`)
    const elapsed = (performance.now() - start) / 1000
    const sorted = this.#waits.sort((a, b) => a - b)
    const at = (share: number): number => round(sorted[Math.floor(share * (sorted.length - 1))])
    return {
      requests: sorted.length,
      perSecond: Math.round(sorted.length / elapsed),
      p50Millis: at(0.5),
      p99Millis: at(0.99),
      maxMillis: at(1),
    }
  }

  close(): void {
    for (const { socket } of this.#members) socket.destroy()
  }

  #come(port: number, index: number, swarms: number): Promise<void> {
    // 127/8 is this machine: every peer has an address of its own.
    const localAddress = `127.${1 + (index >> 14)}.${(index >> 7) & 127}.${1 + (index & 127)}`
    const metaHash = `swarm ${index % swarms}`
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, localAddress })
      const member: Member = { socket, metaHash, port: PORT, cookie: '', due: [] }
      let text = ''
      socket.on('error', reject)
      socket.on('data', piece => {
        text += piece
        for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
          const answer = JSON.parse(text.slice(0, end))
          text = text.slice(end + 1)
          if (answer.cmd === 'error') return reject(new Error(answer.message))
          const due = member.due.shift()
          if (due !== undefined) this.#waits.push(performance.now() - due)
          if (answer.cmd !== 'registered' || member.cookie !== '') continue
          member.cookie = answer.cookie
          this.#members.push(member)
          resolve()
        }
      })
      say(member, 'register', { port: member.port })
    })
  }

  /** Of ten: six keep alive, two say how far they are, one asks for peers, one registers again. */
  #askOne(due: number, index: number): void {
    const member = this.#members[(index * 7919) % this.#members.length]
    const { cookie, port } = member
    member.due.push(due)
    const kind = index % 10
    if (kind < 6) say(member, 'keepalive', { cookie })
    else if (kind < 8) say(member, 'progress', { cookie, verified_bytes: index, total_bytes: 1e9 })
    else if (kind === 8) say(member, 'request_peers', { cookie })
    else say(member, 'register', { cookie, port })
  }
}

function say({ socket, metaHash }: Member, cmd: string, rest: object): void {
  socket.write(`${JSON.stringify({ cmd, meta_hash: metaHash, ...rest })}\n`)
}

function round(millis: number): number {
  return Math.round(100 * millis) / 100
}
