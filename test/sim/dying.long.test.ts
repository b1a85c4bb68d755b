// Twenty sites of fifty receivers, 50 Mbit/s to each, one relay of all dies every second. `SIM_MIB` and
// `SIM_SEED` are others than 64 and 1.

import { expect, it } from 'vitest'
import { tollOf } from './dying.js'

it('each site gets 1.10 of the file at most, and has another relay within three seconds', () => {
  const sizeBytes = Number(process.env.SIM_MIB ?? 64) * 1024 * 1024
  const toll = tollOf(20, 50, sizeBytes, Number(process.env.SIM_SEED ?? 1))
  const crossed = toll.crossedBytes.map(bytes => bytes / sizeBytes)
  const lost = toll.lostBytes.map(bytes => bytes / sizeBytes)
  const told = (all: readonly number[]): string => all.map(each => each.toFixed(3)).join(' ')
  process.stderr.write(
    `${toll.dead} relays died, the last was complete after ${toll.lastSeconds.toFixed(2)} s\n` +
      `there was one too few for ${told(toll.vacantSeconds)} s\n` +
      `crossed ${told(crossed)}\ndied with relays ${told(lost)}\n`,
  )
  expect(toll.problems).toEqual([])
  expect(Math.max(...toll.vacantSeconds)).toBeLessThan(3)
  for (const times of crossed) expect(times).toBeLessThan(1.1)
}, 3_600_000)
