// One receiver in ten lies to the transmitter about what it hears, has or misses. What it says of
// itself may cost itself; the others are as fast as without it, and nothing goes on for ever.

import { describe, expect, it } from 'vitest'
import { BLOCK_BYTES } from '../../src/core/base/limits.js'
import { QuantileRate } from '../../src/core/rate/quantile.js'
import { LIARS, type Lying } from './liar.js'
import { World } from './world.js'

const mebibyte = 1024 * 1024
const sizeBytes = 32 * mebibyte

const NOTHING = {
  verifiedBytes: 0,
  resumedBytes: 0,
  multicastBytes: 0,
  peerBytes: 0,
  seederBytes: 0,
}

/** The seconds of the slowest honest receiver, with ten of them or with a liar as the last. */
function honest(receivers: number, loss: number, lie?: Lying, bytes = sizeBytes) {
  const world = new World({
    scenario: { about: 'one lies', lie, loss, timesMax: 3, slackSeconds: 10 },
    receivers,
    sizeBytes: bytes,
    seed: 5,
    makeRate: () => new QuantileRate(),
  })
  const { problems, passes, overhead } = world.run()
  const from = world.seeders[0].firstBlastAt ?? 0
  const times = world.receivers.slice(0, -1).map(each => (each?.completeAt ?? Infinity) - from)
  return { seconds: Math.max(...times) / 1e6, problems, passes, overhead }
}

describe('a liar among ten', () => {
  const without = honest(10, 0.01)

  it.each(Object.keys(LIARS))('changes the time of the others by less than a tenth: %s', kind => {
    const lie = LIARS[kind](sizeBytes / BLOCK_BYTES)
    const { seconds, problems, passes } = honest(10, 0.01, lie)
    expect(seconds).toBeLessThan(1.1 * without.seconds)
    expect(seconds).toBeGreaterThan(0.9 * without.seconds)
    expect(passes).toBeLessThanOrEqual(without.passes + 1)
    // Who stays connected and never says that it is complete is waited for.
    const endless = lie({ type: 'complete', progress: NOTHING }).type !== 'complete'
    expect(problems).toEqual(endless ? ['all are complete, but not all have ended'] : [])
  })
})

// It is fed by TCP, which is slow there, and what it has to say comes late after every pass.
describe('a liar among ten who lose 20 %', () => {
  const bytes = 16 * mebibyte
  const without = honest(10, 0.2, undefined, bytes)

  it.each(['loses all', 'loses nothing'])('is waited for once: %s', kind => {
    const { seconds } = honest(10, 0.2, LIARS[kind](bytes / BLOCK_BYTES), bytes)
    expect(seconds).toBeLessThan(1.1 * without.seconds)
    expect(seconds).toBeGreaterThan(0.9 * without.seconds)
  })
})
