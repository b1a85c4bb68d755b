// The sender's side of a bench, among receivers that lose their connection, lie or never say a word.

import { connect, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { type BenchWord, benchLine, parseBenchWord } from '../../../src/core/bench/words.js'
import { Collector } from '../../../src/engine/bench/collector.js'

const session = '0123456789abcdef'
const figures = {
  received: 9,
  receivedBytes: 900,
  total: 10,
  lost: 1,
  outOfOrder: 0,
  duplicates: 0,
  jitterMicros: 1.5,
  startMicros: 0,
  endMicros: 1000,
}
const open: (() => unknown)[] = []
afterEach(() => Promise.all(open.splice(0).map(close => close())))

async function collector(): Promise<Collector> {
  const made = await Collector.open({ session, host: '127.0.0.1', onReceiver: () => {} })
  open.push(() => made.close())
  return made
}

class Peer {
  readonly closed: Promise<void>
  readonly #socket: Socket

  constructor(port: number, onWord: (word: BenchWord) => void = () => {}) {
    this.#socket = connect({ host: '127.0.0.1', port })
    this.#socket.setEncoding('latin1')
    this.#socket.on('error', () => {})
    this.#socket.on('data', (text: unknown) => {
      for (const line of String(text).split('\n')) {
        const word = parseBenchWord(line)
        if (word) onWord(word)
      }
    })
    this.closed = new Promise(resolve => this.#socket.once('close', () => resolve()))
    open.push(() => this.#socket.destroy())
  }

  say(word: BenchWord): this {
    this.#socket.write(benchLine(word))
    return this
  }

  shout(text: string): this {
    this.#socket.write(text)
    return this
  }

  drop(): void {
    this.#socket.destroy()
  }
}

const hello = (receiver: string) => ({ type: 'hello', session, receiver }) as const
const until = async (holds: () => boolean): Promise<void> => {
  for (let i = 0; i < 300 && !holds(); i++) await new Promise(resolve => setTimeout(resolve, 10))
}

it('asks again whoever lost its connection when it was asked', async () => {
  const taker = await collector()
  const name = 'aaaaaaaaaaaaaaaa'
  const first = new Peer(taker.port, () => {
    first.drop()
    const second: Peer = new Peer(taker.port, word => {
      if (word.type === 'ask') second.say({ type: 'report', run: word.run, ...figures })
    }).say(hello(name))
  }).say(hello(name))
  await until(() => taker.count === 1)
  const rows = await taker.collect(1, 10, 3000, () => {})
  expect(rows).toEqual([{ host: '127.0.0.1', figures }])
})

it('waits no longer than its patience for one that says nothing, and lists it without figures', async () => {
  const taker = await collector()
  new Peer(taker.port).say(hello('aaaaaaaaaaaaaaaa'))
  await until(() => taker.count === 1)
  let reminders = 0
  const begin = performance.now()
  const rows = await taker.collect(1, 10, 500, () => reminders++)
  expect(performance.now() - begin).toBeLessThan(2000)
  expect(rows).toEqual([{ host: '127.0.0.1', figures: undefined }])
  expect(reminders).toBeGreaterThan(1)
})

it('takes no figures of more than was sent', async () => {
  const taker = await collector()
  const liar: Peer = new Peer(taker.port, word => {
    if (word.type !== 'ask') return
    liar.say({ type: 'report', run: 1, ...figures, total: 11 })
  }).say(hello('aaaaaaaaaaaaaaaa'))
  await until(() => taker.count === 1)
  expect((await taker.collect(1, 10, 300, () => {}))[0].figures).toBeUndefined()
})

it('closes on strangers: another session, no words of ours, lines without an end', async () => {
  const taker = await collector()
  const other = { type: 'hello', session: 'f'.repeat(16), receiver: 'a'.repeat(16) } as const
  const strangers = [
    new Peer(taker.port).say(other),
    new Peer(taker.port).say({ type: 'data', session, receiver: 'b'.repeat(16), run: 1 }),
    new Peer(taker.port).shout('GET / HTTP/1.1\r\n\r\n'),
    new Peer(taker.port).shout('x'.repeat(5000)),
  ]
  await Promise.all(strangers.map(each => each.closed))
  expect(taker.count).toBe(0)
})
