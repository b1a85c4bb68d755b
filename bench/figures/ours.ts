// mcp2p in the figures: the project's own cores in the simulated network (test/sim), with multicast or
// as a swarm on its own. A transfer that keeps not all of the simulation's laws is no figure.

import { QuantileRate } from '../../src/core/rate/quantile.js'
import type { Kind, Tree } from '../../test/sim/topology.js'
import { type Outcome, World, type WorldOptions } from '../../test/sim/world.js'

export type Way = 'multicast' | 'swarm'

export interface Transfer {
  readonly way: Way
  readonly receivers: number
  readonly sizeBytes: number
  readonly lineBps: number
  readonly seed: number
  readonly tree?: Tree
  readonly kinds?: readonly Kind[]
  readonly files?: number
  /** The sender finds its rate by itself; default: it is told nearly what the line carries. */
  readonly ownRate?: boolean
  /** Looks at the world every so often. */
  readonly watch?: { readonly everyMicros: number; readonly look: (world: World) => void }
}

export interface OurTimes {
  /** When each receiver was complete, from the start of the blast, or of all; in their order. */
  readonly seconds: readonly number[]
  readonly medianSeconds: number
  readonly lastSeconds: number
  /** What the sender sent over the file: with headers, control and repair. */
  readonly seedRatio: number
  readonly outcome: Outcome
}

export function simulateOurs(transfer: Transfer): OurTimes {
  const { way, receivers, sizeBytes, lineBps, seed, tree, kinds, files, watch } = transfer
  const options: WorldOptions = {
    scenario: {
      about: 'a figure',
      multicast: way === 'swarm' ? 'off' : 'all',
      tree,
      kinds,
      // How long it takes is the question here, not whether that was too long.
      timesMax: 40,
      slackSeconds: 30,
    },
    receivers,
    sizeBytes,
    seed,
    lineBps,
    files,
    makeRate: transfer.ownRate ? () => new QuantileRate() : undefined,
  }
  const world = new World(options)
  if (watch) {
    const { scheduler } = world.network
    const look = (): void => {
      if (world.receivers.every(receiver => receiver?.completeAt !== undefined)) return
      watch.look(world)
      scheduler.after(watch.everyMicros, look)
    }
    scheduler.after(watch.everyMicros, look)
  }
  const outcome = world.run()
  if (outcome.problems.length > 0)
    throw new Error(`${way} to ${receivers}, seed ${seed}: ${outcome.problems[0]}`)
  return {
    seconds: world.receivers.map(each => each!.completeAt! / 1e6 - outcome.blastSeconds),
    medianSeconds: outcome.medianSeconds,
    lastSeconds: outcome.lastSeconds,
    seedRatio: outcome.overhead,
    outcome,
  }
}
