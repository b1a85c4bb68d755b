// What a receiver concludes from a stream of datagrams of which some are forged: loss, queue and the
// place of the blast are those of the true ones, whatever the others claim.

import { describe, expect, it } from 'vitest'
import { Prng } from '../../../src/core/base/prng.js'
import { Middle } from '../../../src/core/multicast/middle.js'
import { Stream } from '../../../src/core/multicast/stream.js'
import { hearOne } from './hear.js'

const EVERY_MICROS = 100
const BLOCKS = 100_000

interface Datagram {
  readonly sequence: number
  readonly timestamp: number
  readonly block: number
}

type Lie = (truth: Datagram, prng: Prng) => Datagram

const LIES: Readonly<Record<string, Lie>> = {
  ahead: (truth, prng) => ({ ...truth, sequence: truth.sequence + prng.below(100) }),
  wild: (_, prng) => ({
    sequence: Math.floor(prng.unit() * 2 ** 48),
    timestamp: prng.u32(),
    block: prng.below(BLOCKS),
  }),
  zero: () => ({ sequence: 0, timestamp: 0, block: 0 }),
  last: truth => ({ ...truth, sequence: 2 ** 48 - 1, block: BLOCKS - 1 }),
}

/** Hears `count` true datagrams of which every 20th is lost, and lies among them. */
function hear(stream: Stream, lie: Lie | undefined, count: number): void {
  const prng = new Prng(1)
  for (let sequence = 0; sequence < count; sequence++) {
    const now = 1_000_000 + sequence * EVERY_MICROS
    const truth = { sequence, timestamp: now - 500, block: Math.floor(sequence / 12) }
    const told = sequence % 20 === 19 ? [] : [truth]
    if (lie !== undefined && prng.below(10) === 0) told.push(lie(truth, prng))
    for (const each of told) {
      hearOne(stream, each.sequence, each.timestamp, now)
      stream.at(each.block, 1, now)
    }
  }
}

describe('a stream among forgeries', () => {
  it.each([undefined, ...Object.keys(LIES)])('is measured as it is: %s', kind => {
    const stream = new Stream({ high: 1, low: 2 }, '10.0.0.1', 1366, BLOCKS, 0)
    hear(stream, kind === undefined ? undefined : LIES[kind], 40_000)
    const { expected, received, queueMicros } = stream.takeHearing(6_000_000)
    expect(Math.abs(expected - 40_000)).toBeLessThan(200)
    expect(1 - received / expected).toBeGreaterThan(0.04)
    expect(1 - received / expected).toBeLessThan(0.055)
    expect(queueMicros).toBeLessThan(1000)
    expect(Math.abs(stream.cursor - 40_000 / 12)).toBeLessThan(30)
  })

  it('passes nothing that is still to come', () => {
    const stream = new Stream({ high: 1, low: 2 }, '10.0.0.1', 1366, BLOCKS, 0)
    hear(stream, LIES.last, 12_000)
    let most = 0
    stream.passed(1e9, (first, count) => {
      most = first + count
    })
    expect(most).toBeGreaterThan(900)
    expect(most).toBeLessThanOrEqual(1000)
  })

  it('follows a true jump: an outage is loss', () => {
    const stream = new Stream({ high: 1, low: 2 }, '10.0.0.1', 1366, BLOCKS, 0)
    for (let sequence = 0; sequence < 30_000; sequence++)
      if (sequence < 5000 || sequence >= 25_000)
        hearOne(stream, sequence, sequence * 100, sequence * 100)
    const { expected, received } = stream.takeHearing(3_000_000)
    expect(Math.abs(expected - 30_000)).toBeLessThan(200)
    expect(Math.abs(received - 10_000)).toBeLessThan(200)
  })
})

it('counts nothing twice and no loss where there was none', () => {
  const stream = new Stream({ high: 1, low: 2 }, '10.0.0.1', 1366, BLOCKS, 0)
  for (let sequence = 500; sequence < 2500; sequence++)
    for (let copy = 0; copy < 2; copy++) hearOne(stream, sequence, 0, sequence)
  const hearing = stream.takeHearing(3000)
  expect(hearing).toMatchObject({ expected: 2000, received: 2000, duplicates: 2000 })
})

it('is the median, whether it is worked out or kept', () => {
  const prng = new Prng(7)
  const middle = new Middle()
  const told: number[] = []
  for (let i = 0; i < 3000; i++) {
    const value = prng.below(i < 1000 ? 5 : 1000) + (i > 2000 ? i : 0)
    told.push(value)
    middle.add(value)
    const latest = told.slice(-128).sort((a, b) => a - b)
    const from = latest[(latest.length - 1) >> 1]
    const to = latest[latest.length >> 1]
    const renewed = middle.renew()
    expect(renewed >= from && renewed <= to).toBe(true)
  }
})

it('counts what found no room here as dropped here, once', () => {
  const stream = new Stream({ high: 1, low: 2 }, '10.0.0.1', 1366, BLOCKS, 0)
  for (let sequence = 0; sequence < 1000; sequence++) {
    hearOne(stream, sequence, 0, sequence)
    if (sequence % 4 === 0) stream.refuse(1, 1398)
  }
  const hearing = stream.takeHearing(1000)
  const bytes = { receivedBytes: 750 * 1398 }
  expect(hearing).toMatchObject({ expected: 1000, received: 750, refused: 250, ...bytes })
  expect(stream.takeHearing(2000)).toMatchObject({ expected: 0, received: 0, refused: 0 })
})

it('tells how long datagrams waited here, and then how many it takes, not how fast they came', () => {
  const stream = new Stream({ high: 1, low: 2 }, '10.0.0.1', 1366, BLOCKS, 0)
  const hear = (first: number, everyMicros: number, lagMicros: number): void => {
    for (let i = 0; i < 1000; i++) {
      const arrived = first + i * everyMicros
      hearOne(stream, first / 100 + i, arrived - 500, arrived + lagMicros, arrived)
    }
  }
  // It keeps up: the interval ends with the last arrival.
  hear(100_000, 100, 3_000)
  expect(stream.takeHearing(210_000)).toMatchObject({ lagMicros: 3_000, queueMicros: 0 })
  // It does not: what came within 50 ms was taken in the 100 ms until now.
  hear(200_000, 50, 60_000)
  const { intervalMicros, lagMicros, queueMicros } = stream.takeHearing(300_000)
  expect({ lagMicros, queueMicros }).toEqual({ lagMicros: 60_000, queueMicros: 0 })
  expect(intervalMicros).toBe(300_000 - 199_900)
})
