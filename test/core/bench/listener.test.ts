// The listener hears senders, strangers and silence, in virtual time.

import { expect, it } from 'vitest'
import { BENCH_KIND, emptyBenchHeader } from '../../../src/core/bench/datagram.js'
import { Listener, type ListenerOut } from '../../../src/core/bench/listener.js'

const second = 1_000_000

class Ear {
  readonly listener: Listener
  readonly heard: ListenerOut[] = []
  now = 0

  constructor(intervalMicros = Infinity) {
    this.listener = new Listener(intervalMicros)
  }

  take(kind: number, run: number, sequence: number, source = '10.0.0.1', session = 1): this {
    const header = { ...emptyBenchHeader(), kind, run, sequence, sessionLow: session }
    this.listener.take(header, 100, source, '224.0.67.67', this.now, this.now)
    return this.drain()
  }

  /** Lets time pass, waking the machine as it asks. */
  pass(micros: number): this {
    const end = this.now + micros
    while (this.listener.deadline <= end) {
      this.now = Math.max(this.now, this.listener.deadline)
      this.drain()
    }
    this.now = end
    return this
  }

  drain(): this {
    for (let out = this.listener.poll(this.now); out; out = this.listener.poll(this.now))
      this.heard.push(out)
    return this
  }

  types(): string[] {
    return this.heard.map(({ type }) => type)
  }

  of<T extends ListenerOut['type']>(type: T): Extract<ListenerOut, { type: T }>[] {
    return this.heard.filter((out): out is Extract<ListenerOut, { type: T }> => out.type === type)
  }
}

const { hello, data, end } = BENCH_KIND

it('counts from the first number when it was greeted, and from where it joined when not', () => {
  const greeted = new Ear().take(hello, 0, 0).take(data, 1, 5).take(end, 1, 6).pass(second)
  expect(greeted.of('summary')[0]).toMatchObject({ isLate: false, figures: { total: 6, lost: 5 } })
  const late = new Ear().take(data, 1, 5).take(end, 1, 6).pass(second)
  expect(late.of('summary')[0]).toMatchObject({ isLate: true, figures: { total: 1, lost: 0 } })
})

it('answers each question once the run has settled, with the end that it was told', () => {
  const ear = new Ear().take(hello, 0, 0).take(data, 1, 0)
  ear.listener.handle({ type: 'asked', stream: 1, run: 1, sent: 3 }, ear.now)
  expect(ear.drain().types()).toEqual(['heard'])
  ear.pass(100_000).take(data, 1, 1).pass(second)
  expect(ear.types()).toEqual(['heard', 'summary', 'report'])
  expect(ear.of('report')[0].figures).toMatchObject({ received: 2, total: 3, lost: 1 })
  // The answer got lost with its connection: it is the same the second time.
  ear.listener.handle({ type: 'asked', stream: 1, run: 1, sent: 3 }, ear.now)
  expect(ear.drain().of('report')[1]).toEqual(ear.of('report')[0])
  ear.listener.handle({ type: 'left', stream: 1 }, ear.now)
  expect(ear.drain().types().at(-1)).toBe('forgotten')
})

it('reports a run of which nothing arrived', () => {
  const ear = new Ear().take(hello, 0, 0)
  ear.listener.handle({ type: 'asked', stream: 1, run: 1, sent: 50 }, ear.now)
  ear.pass(second)
  expect(ear.of('report')[0].figures).toMatchObject({ received: 0, total: 50, lost: 50 })
})

it('closes intervals at their time, by datagrams or without them, and the rest at the end', () => {
  const ear = new Ear(second)
  ear.take(data, 1, 0)
  ear.now = 0.9 * second
  ear.take(data, 1, 1)
  ear.now = 1.2 * second
  ear.take(data, 1, 2).pass(1 * second)
  ear.take(end, 1, 3).pass(second)
  const spans = ear.of('interval').map(({ figures }) => [figures.endMicros, figures.received])
  expect(spans[0]).toEqual([second, 2])
  expect(spans[1]).toEqual([2 * second, 1])
  expect(ear.of('summary')[0].figures).toMatchObject({ received: 3, endMicros: 1.2 * second })
})

it('takes a sender that falls silent for gone, and forgets it', () => {
  const ear = new Ear().take(data, 1, 0).pass(20 * second)
  expect(ear.types()).toEqual(['heard', 'summary', 'forgotten'])
  expect(ear.listener.deadline).toBe(Infinity)
})

it('begins anew with every run, and hears none that is over', () => {
  const ear = new Ear().take(data, 1, 0).take(data, 2, 0).take(data, 1, 1).take(data, 2, 1)
  ear.take(end, 2, 2).pass(second)
  expect(ear.of('summary').map(({ run, figures }) => [run, figures.received])).toEqual([
    [1, 1],
    [2, 2],
  ])
})

it('keeps senders apart, and strangers cost it a limited number of places', () => {
  const ear = new Ear()
  ear.take(data, 1, 0, '10.0.0.1').take(data, 1, 0, '10.0.0.2').take(data, 1, 0, '10.0.0.1', 2)
  expect(ear.of('heard').map(({ stream }) => stream.id)).toEqual([1, 2, 3])
  for (let session = 0; session < 1000; session++) ear.take(hello, 0, 0, '10.6.6.6', session)
  expect(ear.of('heard').length).toBe(64)
  ear.pass(30 * second).take(hello, 0, 0, '10.0.0.9')
  expect(ear.of('heard').length).toBe(65)
})

it('tells what it has when it is stopped', () => {
  const ear = new Ear().take(hello, 0, 0, '10.0.0.2').take(data, 1, 0)
  ear.listener.handle({ type: 'stop' }, ear.now)
  expect(ear.drain().of('summary').length).toBe(1)
})
