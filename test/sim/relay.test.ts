// Sites that do not hear the sender: what crosses their line does so once, whoever relays.

import { describe, expect, it } from 'vitest'
import { QuantileRate } from '../../src/core/rate/quantile.js'
import type { Place } from './place.js'
import type { Receiver } from './receiver.js'
import type { Scenario } from './scenarios.js'
import { World } from './world.js'

const MIB = 1024 * 1024
const second = 1e6
const wanBps = 50e6

function worldOf(
  sites: number,
  each: number,
  sizeBytes: number,
  seed: number,
  more: Partial<Scenario> = {},
): World {
  const tree = { sites, site: { mbps: wanBps / 1e6, delayMillis: 1 } }
  const scenario = { about: 'sites', tree, timesMax: 1000, slackSeconds: 60, ...more }
  const receivers = sites * each
  const makeRate = () => new QuantileRate()
  return new World({ scenario, receivers, sizeBytes, seed, lineBps: 1e9, makeRate })
}

/** What the line of a site has brought, times the file. */
function broughtTo(world: World, site: number, sizeBytes: number): number {
  const place = world.network.places[site + 1] as Place
  return place.down.link.countedBytes / sizeBytes
}

function relaysOf(world: World): Receiver[] {
  return world.receivers.flatMap(each =>
    each?.process.alive && each.fetch.site.isRelay ? [each] : [],
  )
}

describe('a site that does not hear the sender', () => {
  it('gets each byte once over its line, and multicasts it', () => {
    const sizeBytes = 64 * MIB
    const world = worldOf(2, 8, sizeBytes, 1)
    const outcome = world.run()
    expect(outcome.problems).toEqual([])
    expect(broughtTo(world, 1, sizeBytes)).toBeLessThan(1.1)
    const best = (sizeBytes * 8 * 1.06) / wanBps
    expect(outcome.lastSeconds).toBeLessThan(1.15 * best)
    const near = world.receivers.slice(0, 8).map(each => each!.fetch.progress)
    for (const { multicastBytes } of near) expect(multicastBytes).toBeGreaterThan(0.97 * sizeBytes)
    const far = world.receivers.slice(8).map(each => each!)
    const relays = far.filter(each => each.blaster!.sentBytes > 0)
    expect(relays.length).toBeGreaterThanOrEqual(2)
    expect(relays.length).toBeLessThanOrEqual(4)
    for (const each of far)
      if (!relays.includes(each))
        expect(each.fetch.progress.multicastBytes).toBeGreaterThan(0.9 * sizeBytes)
    // At home everything is sent about once.
    const sent = far.reduce((sum, each) => sum + each.blaster!.sentBytes, 0)
    expect(sent / sizeBytes).toBeLessThan(1.1)
  }, 120_000)

  it('takes nothing from there where the sender is heard, though all have waited for it', () => {
    const sizeBytes = 32 * MIB
    const world = worldOf(2, 8, sizeBytes, 1, { lateSeconds: 8 })
    const outcome = world.run()
    expect(outcome.problems).toEqual([])
    expect(outcome.blastSeconds).toBeLessThan(8 + 1.5)
    expect(broughtTo(world, 0, sizeBytes)).toBeLessThan(0.02)
    expect(broughtTo(world, 1, sizeBytes)).toBeLessThan(1.1)
    const best = (sizeBytes * 8 * 1.06) / wanBps
    expect(outcome.lastSeconds).toBeLessThan(1.15 * best)
  }, 120_000)

  it('multicasts also on hosts that wait for their processor most of the time', () => {
    const sizeBytes = 24 * MIB
    const kinds = [{ share: 1, turnMillis: { run: 3, wait: 30 } }]
    const world = worldOf(2, 6, sizeBytes, 1, { kinds })
    const outcome = world.run()
    expect(outcome.problems).toEqual([])
    expect(outcome.lastSeconds).toBeLessThan((2.5 * (sizeBytes * 8 * 1.06)) / wanBps)
    const far = world.receivers.slice(6).map(each => each!)
    for (const each of far.filter(({ blaster }) => blaster!.sentBytes === 0))
      expect(each.fetch.progress.multicastBytes).toBeGreaterThan(0.7 * sizeBytes)
  }, 120_000)

  it('has another relay within three seconds of the death of one', () => {
    const sizeBytes = 48 * MIB
    const world = worldOf(2, 8, sizeBytes, 2)
    const { scheduler } = world.network
    expect(scheduler.run(20 * second, () => relaysOf(world).length === 3)).toBe(true)
    scheduler.run(scheduler.now + 2 * second)
    const [dead] = relaysOf(world)
    world.network.crash(dead.process)
    const from = scheduler.now
    const isReplaced = (): boolean => relaysOf(world).length === 3
    expect(scheduler.run(from + 3 * second, isReplaced)).toBe(true)
    const rest = world.receivers.filter(each => each !== dead)
    expect(scheduler.run(60 * second, () => rest.every(r => r?.completeAt !== undefined))).toBe(
      true,
    )
    for (const each of rest) expect(each!.content.problems).toEqual([])
    expect(broughtTo(world, 1, sizeBytes)).toBeLessThan(1.2)
  }, 120_000)

  it('of several takes from the others: each chunk leaves where the sender is once', () => {
    const sizeBytes = 48 * MIB
    const world = worldOf(5, 4, sizeBytes, 1)
    const outcome = world.run()
    expect(outcome.problems).toEqual([])
    for (let site = 1; site < 5; site++) expect(broughtTo(world, site, sizeBytes)).toBeLessThan(1.1)
    const [, near] = world.network.places
    const left = near.up.link.countedBytes / sizeBytes
    expect(left).toBeGreaterThan(1)
    expect(left).toBeLessThan(1.5)
    expect(outcome.lastSeconds).toBeLessThan((1.6 * (sizeBytes * 8 * 1.06)) / wanBps)
  }, 120_000)

  it('of several gets nothing twice because two relays begin at the same time', () => {
    const sizeBytes = 16 * MIB
    const world = worldOf(4, 4, sizeBytes, 2)
    expect(world.run().problems).toEqual([])
    for (let site = 1; site < 4; site++) expect(broughtTo(world, site, sizeBytes)).toBeLessThan(1.1)
  }, 120_000)

  it('of twelve gets hardly anything twice, though none knows all the others', () => {
    const sizeBytes = 16 * MIB
    const world = worldOf(12, 4, sizeBytes, 1)
    expect(world.run().problems).toEqual([])
    for (let site = 1; site < 12; site++)
      expect(broughtTo(world, site, sizeBytes)).toBeLessThan(1.1)
  }, 120_000)

  it('multicasts nothing where the sender wants none of it', () => {
    const scenario = { about: 'quiet', multicast: 'receivers', timesMax: 10 } as const
    const world = new World({ scenario, receivers: 4, sizeBytes: 64 * MIB, seed: 1 })
    expect(world.run().problems).toEqual([])
    for (const each of world.receivers) expect(each!.blaster!.sentBytes).toBe(0)
  })

  it('where there is one receiver, it just pulls', () => {
    const world = worldOf(2, 1, 8 * MIB, 1)
    const outcome = world.run()
    expect(outcome.problems).toEqual([])
    expect(world.receivers[1]!.blaster!.sentBytes).toBe(0)
    expect(broughtTo(world, 1, 8 * MIB)).toBeLessThan(1.1)
  })
})
