// A transfer during which every number on the wire begins anew: the 32-bit clock of the datagrams,
// after 71 minutes of a process, and their 48-bit sequence. It must go as any other does.

import { expect, it } from 'vitest'
import { QuantileRate } from '../../src/core/rate/quantile.js'
import { Network } from './network.js'
import { SCENARIOS } from './scenarios.js'
import { type Outcome, World } from './world.js'

const mebibyte = 2 ** 20

/** The blast of about three seconds begins `from` and with the sequence `sequence`. */
function transfer(scenario: string, from: number, sequence: number): Outcome {
  const network = new Network(5)
  network.scheduler.run(from)
  const world = new World({
    scenario: SCENARIOS[scenario],
    receivers: 6,
    sizeBytes: 32 * mebibyte,
    seed: 5,
    network,
    makeRate: () => new QuantileRate(),
  })
  world.seeders[0].seed.sender.sequence = sequence
  return world.run()
}

for (const scenario of ['clean', 'loss-5-bbr', 'pause'])
  it(`${scenario}: a transfer does not feel its numbers wrap`, () => {
    const usual = transfer(scenario, 0, 0)
    const wrapping = transfer(scenario, 2 ** 32 - 1.5e6, 2 ** 48 - 9000)
    expect(wrapping.problems).toEqual([])
    expect(wrapping.lastSeconds / usual.lastSeconds).toBeCloseTo(1, 1)
    expect(wrapping.overhead / usual.overhead).toBeCloseTo(1, 1)
    const { multicastBytes } = usual.progress
    expect(wrapping.progress.multicastBytes / multicastBytes).toBeCloseTo(1, 2)
  })
