// Whom a receiver listens to when anybody can announce: who also answers on a connection comes first,
// and no number of others keeps them out.

import { expect, it } from 'vitest'
import { LIMITS } from '../../../src/core/base/limits.js'
import { Batch } from '../../../src/core/multicast/batch.js'
import { Memberships } from '../../../src/core/session/memberships.js'
import { Transmitters } from '../../../src/core/session/transmitters.js'
import { sessionText } from '../../../src/core/wire/datagram.js'
import type { Blast } from '../../../src/core/wire/message.js'

const channel = { group: '224.0.67.67', port: 6768 }
const session = { high: 7, low: 9 }

function blast(state: Blast['state'] = 'blasting'): Blast {
  const { group, port } = channel
  const text = sessionText(session)
  const said = { session: text, state, sequence: 0, pass: 1 } as const
  return {
    type: 'blast',
    ...said,
    rateBps: 1e6,
    reportMillis: 500,
    group,
    dataPort: port,
    symbolBytes: 1366,
  }
}

function flood(transmitters: Transmitters, count: number): void {
  for (let i = 0; i < count; i++) {
    const group = `239.0.${i >> 8}.${i & 255}`
    transmitters.learn({ high: 1, low: i }, '10.0.0.9', { group, port: 1 + i }, 1366, i)
  }
}

/** One datagram of a session is heard; whether it is taken. */
function isTaken(transmitters: Transmitters, source: string, now: number, low = 9): boolean {
  const batch = new Batch(1)
  batch.sessionHigh[0] = low === 9 ? 7 : 1
  batch.sessionLow[0] = low
  batch.sources[0] = source
  batch.symbolBytes[0] = 1366
  batch.bytes[0] = 1366
  return transmitters.hear(batch, 0, 1, now) !== undefined
}

it('joins the group of who is connected, whatever thousands announce', () => {
  const transmitters = new Transmitters(1000)
  flood(transmitters, 5000)
  expect(transmitters.channels.length).toBe(LIMITS.channelsMax)
  expect(isTaken(transmitters, '10.0.0.1', 5000)).toBe(false)
  transmitters.blast('10.0.0.1', blast(), 5000)
  expect(transmitters.channels[0]).toEqual(channel)
  expect(transmitters.channels.length).toBe(LIMITS.channelsMax)
  expect(isTaken(transmitters, '10.0.0.1', 5001)).toBe(true)
})

it('hears no session that is only announced while one is heard that answers', () => {
  const transmitters = new Transmitters(1000)
  flood(transmitters, 1)
  transmitters.learn(session, '10.0.0.9', channel, 1366, 0)
  expect(isTaken(transmitters, '10.0.0.9', 1, 0)).toBe(true)
  transmitters.learn(session, '10.0.0.1', channel, 1366, 1)
  expect(isTaken(transmitters, '10.0.0.1', 1)).toBe(true)
  transmitters.blast('10.0.0.1', blast(), 2)
  expect(isTaken(transmitters, '10.0.0.9', 3, 0)).toBe(false)
  expect(isTaken(transmitters, '10.0.0.9', 3)).toBe(false)
  expect(isTaken(transmitters, '10.0.0.1', 3)).toBe(true)
  expect(isTaken(transmitters, '10.0.0.9', 3 + LIMITS.silenceRejoinMicros, 0)).toBe(true)
})

it('takes no announcement whose group or symbols cannot be', () => {
  const transmitters = new Transmitters(1000)
  for (const group of ['10.0.0.1', '\u001b[2J', '', '::1'])
    transmitters.learn(session, '10.0.0.9', { group, port: 1 }, 1366, 0)
  for (const symbolBytes of [0, 1, 511, 16_385])
    transmitters.learn(session, '10.0.0.9', channel, symbolBytes, 0)
  expect(transmitters.channels).toEqual([])
})

it('lets go of groups that nobody sends to, and is deaf only when all fail', () => {
  const memberships = new Memberships()
  const other = { group: '239.0.0.1', port: 5 }
  expect([...memberships.follow([channel, other])].map(out => out.type)).toEqual(['join', 'join'])
  memberships.failed(other, 'no such device')
  expect(memberships.why).toBeUndefined()
  expect([...memberships.follow([other])]).toEqual([{ type: 'part', channel }])
  expect(memberships.why).toBe('no such device')
  expect([...memberships.follow([channel])].map(out => out.type)).toEqual(['part', 'join'])
  expect(memberships.why).toBeUndefined()
})

it('knows by the word of those who answer that the blast is over, and that it was cut short', () => {
  const transmitters = new Transmitters(1000)
  expect(transmitters.haveEnded).toBe(false)
  transmitters.blast('10.0.0.1', blast(), 0)
  expect(transmitters.haveEnded).toBe(false)
  transmitters.blast('10.0.0.1', blast('ended'), 1)
  // What is only announced has no say in it.
  flood(transmitters, 3)
  expect(transmitters.haveEnded).toBe(true)
  expect(transmitters.areCutShort).toBe(true)
  const [stream] = transmitters.streams()
  for (let i = 0; i < 100; i++) stream.at(950, 12, 2)
  expect(transmitters.areCutShort).toBe(false)
})
