// Rows that are added together are those that would be added one by one.

import { expect, it } from 'vitest'
import { Batch } from '../../../src/core/multicast/batch.js'
import { SEQUENCES } from '../../../src/core/multicast/sequence.js'
import { DATAGRAM } from '../../../src/core/wire/datagram.js'

/** Datagram `i` of a burst: all columns that a sender writes. */
function describe(batch: Batch, i: number): void {
  const row = batch.count
  batch.type[row] = DATAGRAM.data
  batch.fecCode[row] = 0
  batch.block[row] = 77
  batch.symbol[row] = 2 + i
  batch.bytes[row] = 1366
  batch.symbolBytes[row] = 1366
  batch.sequence[row] = (SEQUENCES - 4 + i) % SEQUENCES
  batch.sessionHigh[row] = 0xdead_beef
  batch.sessionLow[row] = 0xfeed_f00d
  batch.timestampMicros[row] = 4_000_000_000
  batch.add()
}

it('extends a run as one by one would, after another run and across the last sequence', () => {
  const [one, all] = [new Batch(64), new Batch(64)]
  for (const batch of [one, all]) {
    describe(batch, 7)
    describe(batch, 0)
  }
  for (let i = 1; i < 9; i++) describe(one, i)
  all.extend(8)
  expect(all.count).toBe(one.count)
  for (let i = 0; i < one.count; i++)
    for (const column of ['type', 'block', 'symbol', 'bytes', 'symbolBytes', 'sequence'] as const)
      expect(all[column][i]).toBe(one[column][i])
  expect(all.sessionLow).toEqual(one.sessionLow)
  expect(all.sessionHigh).toEqual(one.sessionHigh)
  expect(all.timestampMicros).toEqual(one.timestampMicros)
  expect(all.fecCode).toEqual(one.fecCode)
  // One by one the run is cut where the sequence begins anew: nobody sends so much.
  expect(one.runEnd(1, one.count)).toBe(5)
  expect(all.runEnd(1, all.count)).toBe(all.count)
})
