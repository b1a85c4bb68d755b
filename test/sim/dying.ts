// Relays that die at random, one of all sites every second: what crosses the line of each site then,
// how much of it died with a relay, and for how long a site had one too few.

import { BLOCK_BYTES, LIMITS } from '../../src/core/base/limits.js'
import type { Micros } from '../../src/core/base/machine.js'
import { QuantileRate } from '../../src/core/rate/quantile.js'
import type { Receiver } from './receiver.js'
import { World } from './world.js'

export interface Toll {
  readonly dead: number
  /** Bytes that crossed the line of each site but the sender's. */
  readonly crossedBytes: readonly number[]
  /**
   * Of each of these sites what was, when a relay died, on its disk and nobody else's there, or on its
   * way to it: all of this has to cross once more.
   */
  readonly lostBytes: readonly number[]
  /** From each death until as many relay there as should, or nobody needs one any more. */
  readonly vacantSeconds: readonly number[]
  readonly lastSeconds: number
  readonly problems: readonly string[]
}

const second = 1e6
const FIRST_SECONDS = 3
const MOST_SECONDS = 120
const LOOK_MICROS = 20_000

/** So many sites of so many receivers, 50 Mbit/s to each, run until all who live are complete. */
export function tollOf(sites: number, each: number, sizeBytes: number, seed: number): Toll {
  const tree = { sites, site: { mbps: 50, delayMillis: 1 } }
  const scenario = { about: 'relays die', tree }
  const makeRate = () => new QuantileRate()
  const receivers = sites * each
  return dying(new World({ scenario, receivers, sizeBytes, seed, lineBps: 1e9, makeRate }))
}

function dying(world: World): Toll {
  const { network } = world
  const { scheduler, prng } = network
  // Behind the backbone and the sender's site; hosts are in racks, one of each site.
  const far = network.places.filter(({ parent }) => parent === network.backbone).slice(1)
  const lostBytes = far.map(() => 0)
  const vacantSeconds: number[] = []
  const dead = new Set<Receiver>()
  let last = 0
  // Asked after each event: who was not complete last time mostly still is not.
  const isDone = (): boolean => {
    const isSo = (each: Receiver | undefined): boolean =>
      each !== undefined && (dead.has(each) || each.completeAt !== undefined)
    if (!isSo(world.receivers[last])) return false
    const next = world.receivers.findIndex(each => !isSo(each))
    last = Math.max(0, next)
    return next < 0
  }
  for (let at = FIRST_SECONDS; at < MOST_SECONDS && !scheduler.run(at * second, isDone); at++) {
    const relays = world.receivers.flatMap(each => (each && isRelay(each) ? [each] : []))
    if (relays.length === 0) continue
    const relay = relays[prng.below(relays.length)]
    const mates = world.receivers.flatMap(each => (each && areMates(each, relay) ? [each] : []))
    const living = mates.filter(each => each.process.alive)
    lostBytes[far.findIndex(each => each === relay.process.host.place.parent)] += lostWith(
      relay,
      living,
    )
    dead.add(relay)
    network.crash(relay.process)
    watch(living, scheduler.now, seconds => vacantSeconds.push(seconds))
  }
  const problems = isDone() ? [] : ['not all who live are complete']
  for (const each of world.receivers)
    if (each && !dead.has(each)) problems.push(...each.content.problems)
  const crossedBytes = far.map(place => place.down.link.countedBytes)
  const lastSeconds = scheduler.now / second
  return { dead: dead.size, crossedBytes, lostBytes, vacantSeconds, lastSeconds, problems }

  function watch(mates: Receiver[], since: Micros, then: (seconds: number) => void): void {
    const living = mates.filter(each => each.process.alive)
    const wanted = Math.min(LIMITS.relaysMax, Math.ceil((living.length - 1) / 2))
    const isOver = living.every(each => each.completeAt !== undefined)
    if (isOver || living.filter(isRelay).length >= wanted) then((scheduler.now - since) / second)
    else scheduler.after(LOOK_MICROS, () => watch(living, since, then))
  }
}

function isRelay({ process, fetch }: Receiver): boolean {
  return process.alive && fetch.site.isRelay
}

function areMates(a: Receiver, b: Receiver): boolean {
  return a !== b && a.process.host.place === b.process.host.place
}

function lostWith(relay: Receiver, mates: readonly Receiver[]): number {
  const { verified, fetch } = relay
  let bytes = 0
  for (let block = verified.nextSet(0); block >= 0; block = verified.nextSet(block + 1))
    if (!mates.some(each => each.verified.has(block))) bytes += BLOCK_BYTES
  for (const link of fetch.swarm.links())
    if (!mates.some(each => each.process.host.address === link.host)) bytes += link.askedBytes
  return bytes
}
