// What a swarm on its own survives: the sender's death once a copy is out, the death of three in ten
// at any time, and one in ten that lies. The times of death are drawn, from the seed of each run.

import { describe, expect, it } from 'vitest'
import { Prng } from '../../src/core/base/prng.js'
import type { Lying } from './liar.js'
import type { Receiver } from './receiver.js'
import { SCENARIOS, type Scenario } from './scenarios.js'
import { World } from './world.js'

const MIB = 1024 * 1024
const receivers = 10
const sizeBytes = 32 * MIB
const second = 1e6

const boast: Lying = message =>
  message.type === 'hello' ? { ...message, complete: true } : message

function worldOf(seed: number, scenario: Scenario = SCENARIOS.swarm): World {
  return new World({ scenario, receivers, sizeBytes, seed })
}

/** Runs until these are complete; when the last of them is, in seconds. */
function finish(world: World, those: readonly (Receiver | undefined)[]): number {
  const done = (): boolean => those.every(each => each?.completeAt !== undefined)
  expect(world.network.scheduler.run(60 * second, done)).toBe(true)
  for (const each of those) expect(each?.content.problems).toEqual([])
  return world.network.scheduler.now / second
}

describe('a swarm on its own', () => {
  it('finishes without the sender once one copy is out', () => {
    for (const seed of [1, 2, 3]) {
      const world = worldOf(seed)
      const { scheduler } = world.network
      const isOut = (): boolean => {
        const { size } = world.receivers[0]!.verified
        for (let block = 0; block < size; block++)
          if (!world.receivers.some(each => each?.verified.has(block))) return false
        return true
      }
      expect(scheduler.run(60 * second, isOut)).toBe(true)
      expect(world.receivers.some(each => each?.completeAt === undefined)).toBe(true)
      world.network.crash(world.seeders[0].process)
      finish(world, world.receivers)
    }
  }, 60_000)

  it('finishes when any three of ten are killed at any time, and fetches nothing twice', () => {
    const undisturbed = worldOf(1)
    const calm = finish(undisturbed, undisturbed.receivers)
    for (let seed = 1; seed <= 20; seed++) {
      const world = worldOf(seed)
      const prng = new Prng(seed)
      const killed = new Set(prng.shuffle([...world.receivers.keys()]).slice(0, 3))
      for (const index of killed)
        world.network.scheduler.at(prng.unit() * 4 * second, () =>
          world.network.crash(world.receivers[index]!.process),
        )
      const rest = world.receivers.filter((_, index) => !killed.has(index))
      const seconds = finish(world, rest)
      expect(seconds).toBeLessThan(1.25 * calm)
      for (const each of rest)
        expect(each?.fetch.swarm.receivedBytes).toBeLessThan(1.02 * sizeBytes)
    }
  }, 120_000)

  it.each<[string, Partial<Scenario>]>([
    ['serves garbage', { liesShare: 1 }],
    ['serves garbage now and then', { liesShare: 0.2 }],
    ['says that it has everything', { lie: boast }],
  ])(
    'is at most a quarter slower for one in ten that %s',
    (_, wrong) => {
      for (const seed of [1, 2, 3]) {
        const worlds = [worldOf(seed), worldOf(seed, { ...SCENARIOS.swarm, ...wrong })]
        const [calm, seconds] = worlds.map(world => finish(world, world.receivers.slice(0, -1)))
        expect(seconds).toBeLessThan(1.25 * calm)
      }
    },
    60_000,
  )
})
