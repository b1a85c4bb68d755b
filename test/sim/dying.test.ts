// What crosses the lines of sites whose relays die, beyond the file, is what died with them. Twenty
// sites of fifty receivers take some minutes: `npm run sites`.

import { expect, it } from 'vitest'
import { tollOf } from './dying.js'

const MIB = 1024 * 1024

it.each([1, 2])(
  'hardly anything crosses twice but what died with a relay (seed %d)',
  seed => {
    const sizeBytes = 24 * MIB
    const toll = tollOf(5, 5, sizeBytes, seed)
    expect(toll.problems).toEqual([])
    expect(toll.dead).toBeGreaterThan(3)
    expect(Math.max(...toll.vacantSeconds)).toBeLessThan(3)
    const mean = toll.crossedBytes.reduce((all, bytes) => all + bytes, 0) / toll.crossedBytes.length
    expect(mean / sizeBytes).toBeLessThan(1.3)
    const beside = toll.crossedBytes.map((bytes, site) => bytes - toll.lostBytes[site])
    const sum = beside.reduce((all, bytes) => all + bytes, 0)
    expect(sum / beside.length / sizeBytes).toBeLessThan(1.1)
  },
  120_000,
)
