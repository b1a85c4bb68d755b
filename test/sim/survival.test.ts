// What a swarm on its own survives: the sender's death once a copy is out, the death of three in ten
// at any time, and one in ten that lies. The times of death are drawn, from the seed of each run.

import { describe, expect, it } from 'vitest'
import { BLOCK_BYTES } from '../../src/core/base/limits.js'
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

/** It says that it has everything, and of what it is asked for it says nothing. */
const mute: Lying = message => (message.type === 'reject' ? { type: 'keep-alive' } : boast(message))

/** Instead of word of what it has comes a block. */
const pushy: Lying = message =>
  message.type === 'have'
    ? { type: 'data', range: { block: 0, offsetBytes: 0, lengthBytes: BLOCK_BYTES } }
    : message

const muteForEver = { lie: mute, diskBps: { last: 1 } }

/** One in ten does so, and the others say why they left it. */
interface Byzantine {
  readonly wrong: Partial<Scenario>
  /** Where it takes long enough to tell. */
  readonly named?: string
  /** Of the receivers' lines; default that of all. */
  readonly mbps?: number
}

const BYZANTINE: Readonly<Record<string, Byzantine>> = {
  'serves garbage': { wrong: { liesShare: 1 }, named: 'it sent wrong data' },
  'serves garbage now and then': { wrong: { liesShare: 0.2 }, named: 'it sent wrong data' },
  'says that it has everything': { wrong: { lie: boast }, named: 'it lacks what it offered' },
  'sends what nobody asked for': { wrong: { lie: pushy }, named: 'data nobody asked for' },
  'answers nothing': { wrong: muteForEver },
  'answers nothing on slow lines': {
    wrong: muteForEver,
    named: 'it answers nothing',
    mbps: 5,
  },
  'drips on slow lines': {
    wrong: { lie: mute, kinds: [{ share: 0.1, line: { mbps: 0.05 } }] },
    named: 'it answers nothing',
    mbps: 5,
  },
}

function worldOf(seed: number, scenario: Scenario = SCENARIOS.swarm): World {
  return new World({ scenario, receivers, sizeBytes, seed })
}

/** Runs until these are complete; when the last of them is, in seconds. */
function finish(world: World, those: readonly (Receiver | undefined)[]): number {
  const done = (): boolean => those.every(each => each?.completeAt !== undefined)
  expect(world.network.scheduler.run(180 * second, done)).toBe(true)
  for (const each of those) expect(each?.content.problems).toEqual([])
  return world.network.scheduler.now / second
}

/** All but the last, who does as the scenario says. */
function honestOf({ receivers }: World): readonly (Receiver | undefined)[] {
  return receivers.slice(0, -1)
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

  it('fetches nothing twice because lines are slow', () => {
    const world = worldOf(1, { ...SCENARIOS.swarm, kinds: [{ share: 1, line: { mbps: 2 } }] })
    const best = (sizeBytes * 8) / 2e6
    expect(finish(world, world.receivers)).toBeLessThan(1.25 * best)
    for (const each of world.receivers)
      expect(each?.fetch.swarm.receivedBytes).toBeLessThan(1.12 * sizeBytes)
  })

  it.each(Object.keys(BYZANTINE))(
    'is at most a quarter slower for one in ten that %s, drops it and says why',
    name => {
      const { wrong, named, mbps } = BYZANTINE[name]
      const kinds = mbps === undefined ? [] : [{ share: 1, line: { mbps } }]
      const calm = { ...SCENARIOS.swarm, kinds }
      const unruly = { ...calm, ...wrong, kinds: [...(wrong.kinds ?? []), ...kinds] }
      for (const seed of [1, 2, 3]) {
        const worlds = [worldOf(seed, calm), worldOf(seed, unruly)]
        const [without, seconds] = worlds.map(world => finish(world, honestOf(world)))
        expect(seconds).toBeLessThan(1.25 * without)
        const blamed = honestOf(worlds[1]).flatMap(each =>
          each!.farewells.flatMap(({ host, reason }) => (reason === named ? host : [])),
        )
        if (named === undefined) continue
        expect([...new Set(blamed)]).toEqual([worlds[1].receivers.at(-1)?.process.host.address])
      }
    },
    60_000,
  )
})
