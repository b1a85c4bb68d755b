// The finder of a path's limit, on simulated links: a bottleneck with a buffer, loss that no rate
// helps against, a sender that is the slowest part.

import { expect, it } from 'vitest'
import { Prng } from '../../../src/core/base/prng.js'
import { type Limit, LimitFinder, type Probe } from '../../../src/core/bench/limit.js'

interface Link {
  readonly rateBps: number
  readonly bufferBytes: number
  readonly lossFraction?: number
  /** What the sender can do. */
  readonly senderBps: number
}

const second = 1_000_000
const gather = 0.3 * second

/** What a fluid of that rate becomes on that link, give or take what timers do to a probe. */
function outcomeOf(link: Link, probe: Probe, prng: Prng) {
  const error = 1 + 0.002 * (prng.unit() - 0.5)
  const sentBps = Math.min(probe.rateBps, link.senderBps) * error
  const seconds = probe.micros / second
  const excess = Math.max(0, sentBps - link.rateBps) * seconds
  const lost = Math.max(0, excess - 8 * link.bufferBytes)
  const lossFraction = lost / (sentBps * seconds) + (link.lossFraction ?? 0)
  const arrivalBps = Math.min(sentBps, link.rateBps) * (1 - (link.lossFraction ?? 0))
  return { sentBps, lossFraction, arrivalBps }
}

function find(link: Link, seed: number): Limit & { seconds: number } {
  const prng = new Prng(seed)
  const finder = new LimitFinder(12.5 * second)
  let now = 0
  for (let probe = finder.next(now); probe; probe = finder.next(now)) {
    finder.learn(outcomeOf(link, probe, prng))
    now += probe.micros + gather
  }
  return { ...finder.limit, seconds: now / second }
}

const seeds = Array.from({ length: 20 }, (_, i) => i + 1)

it.each([1e6, 1e7, 95.7e6, 940e6, 9.4e9])('finds a bottleneck of %d bit/s', rateBps => {
  for (const bufferBytes of [16_384, 524_288, 4_194_304])
    for (const seed of seeds) {
      const found = find({ rateBps, bufferBytes, senderBps: 20e9 }, seed)
      expect(found.rateBps / rateBps, `seed ${seed}`).toBeGreaterThan(0.985)
      expect(found.rateBps / rateBps, `seed ${seed}`).toBeLessThan(1.005)
      expect(found.lossFraction).toBeLessThan(0.001)
      expect(found.seconds).toBeLessThan(13)
    }
})

it('says so when the sender is the slowest part', () => {
  const found = find({ rateBps: 1e12, bufferBytes: 0, senderBps: 4e9 }, 1)
  expect(found.rateBps / 4e9).toBeCloseTo(1, 2)
  expect(found.probes).toBe(4)
})

it('bears loss that is within the allowance, and finds no rate where it is not', () => {
  const link = { rateBps: 1e8, bufferBytes: 524_288, senderBps: 1e9 }
  expect(find({ ...link, lossFraction: 0.0004 }, 1).rateBps).toBeGreaterThan(0.98e8)
  const lossy = find({ ...link, lossFraction: 0.02 }, 1)
  expect(lossy.rateBps).toBe(0)
  expect(lossy.lossFraction).toBeCloseTo(0.02, 3)
  expect(lossy.seconds).toBeLessThan(13)
})

it('gives up at once where nothing arrives', () => {
  const finder = new LimitFinder(12.5 * second)
  finder.learn({ sentBps: 1e9, lossFraction: 1, arrivalBps: 0 })
  expect(finder.next(0)).toBeUndefined()
  expect(finder.limit).toEqual({ rateBps: 0, lossFraction: 1, probes: 1 })
})
