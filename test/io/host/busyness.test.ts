// A process that computes is busy, whatever else the machine does.

import { expect, it } from 'vitest'
import { Busyness } from '../../../src/io/host/busyness.js'

it('is all of a processor while this process computes', () => {
  const busyness = new Busyness()
  const cpu = process.cpuUsage()
  // Of processor time, not of time: another process may have the processor meanwhile.
  while (process.cpuUsage(cpu).user < 300_000);
  expect(busyness.share()).toBeGreaterThan(0.9)
})

it('is of the time since it was asked last', async () => {
  const busyness = new Busyness()
  for (let i = 0; i < 3; i++) {
    await new Promise(done => setTimeout(done, 50))
    const share = busyness.share()
    expect(share).toBeGreaterThanOrEqual(0)
    expect(share).toBeLessThanOrEqual(1)
  }
})
