// Somebody forges datagrams of the blast. From another address they are nothing; from the sender's
// own they may spoil blocks, but the transfer comes right, in bounded time, and the receivers say so.

import { describe, expect, it } from 'vitest'
import { BLOCK_BYTES } from '../../src/core/base/limits.js'
import { FixedRate } from '../../src/core/rate/fixed.js'
import { QuantileRate } from '../../src/core/rate/quantile.js'
import { Forger } from './forger.js'
import { FORGERIES } from './lies.js'
import { type Outcome, World } from './world.js'

const MIB = 1024 * 1024
const SENDER = '10.0.0.1'
const FORGER = '10.0.99.9'

interface Attack {
  readonly kind: string
  readonly receivers: number
  readonly sizeBytes?: number
  readonly share?: number
  readonly claims?: string
  readonly loss?: number
  readonly seed?: number
  /** The operator's; the sender's own otherwise. */
  readonly rateBps?: number
}

function attacked(attack: Attack): Outcome {
  const { kind, receivers, sizeBytes = 32 * MIB, share = 0.1, loss, seed = 1, rateBps } = attack
  const world = new World({
    scenario: { about: 'somebody forges', timesMax: 8, slackSeconds: 10, loss },
    receivers,
    sizeBytes,
    seed,
    makeRate: () => (rateBps ? new FixedRate(rateBps) : new QuantileRate()),
  })
  if (share > 0)
    new Forger({
      network: world.network,
      address: FORGER,
      claims: attack.claims ?? SENDER,
      forge: FORGERIES[kind](),
      share,
      blockCount: sizeBytes / BLOCK_BYTES,
    })
  return world.run()
}

describe.each([1, 3, 8])(
  '10 %% more datagrams from the address of the sender, %i receivers',
  receivers => {
    const { lastSeconds: quiet } = attacked({ kind: 'all', receivers, share: 0 })

    it.each(Object.keys(FORGERIES))('cost little: %s', kind => {
      const { problems, lastSeconds } = attacked({ kind, receivers })
      expect(problems).toEqual([])
      expect(lastSeconds).toBeLessThan(1.5 * quiet)
    })
  },
)

it('the same from another address is nothing where the line has room for it', () => {
  const plain = { kind: 'all', receivers: 3, rateBps: 80e6 }
  const quiet = attacked({ ...plain, share: 0 })
  const other = attacked({ ...plain, claims: FORGER })
  expect(other.problems).toEqual([])
  expect([...other.notices]).toEqual([])
  expect(other.lastSeconds).toBeLessThan(1.05 * quiet.lastSeconds)
})

it('and where the sender looks for the rate: it does not give way to what wants no more', () => {
  const costs = [1, 2, 3, 4, 5].map(seed => {
    const quiet = attacked({ kind: 'all', receivers: 3, share: 0, seed })
    const other = attacked({ kind: 'all', receivers: 3, claims: FORGER, seed })
    expect(other.problems).toEqual([])
    expect([...other.notices]).toEqual([])
    return other.lastSeconds / quiet.lastSeconds
  })
  expect(Math.max(...costs)).toBeLessThan(1.05)
})

it('over a longer time no more than the share of the line that it takes', () => {
  const longer = { kind: 'all', receivers: 3, sizeBytes: 128 * MIB }
  const quiet = attacked({ ...longer, share: 0 })
  const other = attacked({ ...longer, claims: FORGER })
  expect(other.problems).toEqual([])
  expect(other.lastSeconds).toBeLessThan(1.08 * quiet.lastSeconds)
})

it('of twice the stream, the group is left, and that is said', () => {
  const { problems, notices } = attacked({
    kind: 'close',
    receivers: 3,
    share: 2,
    sizeBytes: 16 * MIB,
  })
  expect(problems).toEqual([])
  const left = 'swarm only: most blocks that came from the group were forged'
  expect(notices.get(left)).toBe(3)
})
