// Real traffic, recorded from transfers in the simulator: what its peers said to each other, the
// headers of its blast, and its announcements.

import { LIMITS } from '../../src/core/base/limits.js'
import type { Batch } from '../../src/core/multicast/batch.js'
import type { Announce } from '../../src/core/wire/announce.js'
import { emptyHeader, HEADER_BYTES, writeHeader } from '../../src/core/wire/datagram.js'
import type { Message } from '../../src/core/wire/message.js'
import { SCENARIOS } from '../sim/scenarios.js'
import { World } from '../sim/world.js'

export interface Traffic {
  readonly id: string
  readonly sizeBytes: number
  readonly said: readonly Message[]
  readonly heard: readonly Uint8Array[]
  readonly announced: readonly Announce[]
}

/** One file with a short last block. */
const SIZE_BYTES = 3 * 2 ** 20 + 5000
/** Of each type of message so many are kept, spread over the transfer. */
const EACH_MAX = 40

function record(scenario: string, seed: number): Traffic {
  const world = new World({
    scenario: SCENARIOS[scenario],
    receivers: 4,
    sizeBytes: SIZE_BYTES,
    seed,
  })
  const said = new Map<string, Message[]>()
  const heard: Uint8Array[] = []
  const announced: Announce[] = []
  const keep = (message: Message): void => {
    const all = said.get(message.type) ?? []
    said.set(message.type, all)
    all.push(withPayload(message))
  }
  const parties = [...world.receivers.map(each => each!.fetch), world.seeders[0].seed]
  for (const party of parties) {
    const handle = party.handle.bind(party) as (input: never, now: number) => void
    party.handle = (input: { type: string }, now: number): void => {
      if (input.type === 'message') keep((input as unknown as { message: Message }).message)
      if (input.type === 'announce') announced.push((input as { announce?: Announce }).announce!)
      handle(input as never, now)
    }
  }
  const { fetch } = world.receivers[0]!
  const take = fetch.take.bind(fetch)
  fetch.take = (batch, from, to, now): void => {
    for (let i = from; i < to; i += 7) heard.push(datagram(batch, i))
    take(batch, from, to, now)
  }
  const { problems } = world.run()
  if (problems.length > 0) throw new Error(problems.join('\n'))
  const id = announced[0].id
  return {
    id,
    sizeBytes: SIZE_BYTES,
    said: [...said.values()].flatMap(spread),
    heard: spread(heard),
    announced,
  }
}

function spread<T>(all: T[]): T[] {
  const step = Math.max(1, all.length / EACH_MAX)
  return Array.from({ length: Math.min(all.length, EACH_MAX) }, (_, i) => all[Math.floor(i * step)])
}

/** The simulator moves data without bytes. */
function withPayload(message: Message): Message {
  if (message.type !== 'data') return message
  const { range } = message
  const lengthBytes = Math.min(range.lengthBytes, LIMITS.rangeBytesMax)
  return { type: 'data', range, bytes: new Uint8Array(lengthBytes).fill(7) }
}

function datagram(batch: Batch, i: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + Math.min(32, batch.bytes[i]))
  const header = emptyHeader()
  batch.headerOf(i, header)
  writeHeader(bytes, 0, header)
  return bytes
}

export const recorded: Traffic = record('loss-5-bbr', 3)
