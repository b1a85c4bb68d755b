// Which blocks are blasted again: those that enough miss, or anybody on a lossy path, but never for
// ever for one whom passes do not help.

import { expect, it } from 'vitest'
import { Geometry } from '../../../src/core/meta/geometry.js'
import type { Receiver } from '../../../src/core/session/receivers.js'
import { blocksToRepeat, patienceMicros, wasInVain } from '../../../src/core/session/repeat.js'
import type { Missing } from '../../../src/core/wire/message.js'

const geometry = new Geometry([1000 * 16_384], 1 << 20)

function missing(pass: number, ...runs: number[]): Missing {
  return { type: 'missing', session: '0'.repeat(16), pass, runs }
}

function receiver(index: number, lossFraction: number): Receiver {
  return {
    node: String(index),
    index,
    host: '10.0.0.1',
    link: undefined,
    firstAt: 0,
    lastAt: 0,
    completeAt: undefined,
    progress: undefined,
    furtherAt: 0,
    furtherBytes: 0,
    returns: 0,
    lossFraction,
    pathLoss: lossFraction,
    demotedLoss: undefined,
    heard: true,
    reachedBytes: 0,
    kernelDrops: 0,
    report: undefined,
    overworkedAt: undefined,
    missing: undefined,
    inVain: false,
    keptWaiting: false,
  }
}

/** Passes that are made for one lossy receiver which answers pass n with `answers(n)`. */
function passes(answers: (pass: number) => Missing): number {
  const one = receiver(0, 0.2)
  for (let pass = 1; pass < 100; pass++) {
    const said = answers(pass)
    one.inVain = wasInVain(one.missing, said)
    one.missing = said
    if (blocksToRepeat({ geometry, live: [one], pass }).total === 0) return pass
  }
  return 100
}

it('repeats for a lossy path while that helps', () => {
  expect(passes(pass => missing(pass, 0, Math.floor(1000 * 0.5 ** pass)))).toBe(10)
})

it('does not repeat again for who misses as much as before', () => {
  expect(passes(pass => missing(pass, 0, 1000))).toBe(2)
  const counts = Array.from({ length: 32 }, (_, i) => (i % 2 === 0 ? i / 2 : 64))
  expect(passes(pass => ({ ...missing(pass), runs: undefined, counts }))).toBe(2)
})

it('repeats a few blocks that are missed again by chance, but not for ever', () => {
  const counts = [0, 100, 20, 4, 2, 2, 1, 1, 1, 0]
  expect(passes(pass => missing(pass, 0, counts[pass]))).toBe(9)
  expect(passes(pass => missing(pass, 0, 1))).toBe(16)
})

it('repeats what three miss, and not what one claims', () => {
  const live = Array.from({ length: 10 }, (_, i) => receiver(i, 0))
  for (const each of live) each.missing = missing(1, 10, each.index < 3 ? 5 : 0)
  live[9].missing = missing(1, 0, 1000)
  const blocks = blocksToRepeat({ geometry, live, pass: 1 })
  expect([...blocks.runs()]).toEqual([{ first: 10, count: 5 }])
})

it('waits for most of the answers, long for those of lossy paths, and hardly for the last', () => {
  const seconds = (silent: number, count: number, loss = 0) => {
    const live = Array.from({ length: count }, (_, i) => receiver(i, loss))
    return patienceMicros(live.slice(0, silent), live) / 1e6
  }
  expect([seconds(1, 1), seconds(1, 3), seconds(2, 8), seconds(11, 100)]).toEqual([1, 1, 1, 1])
  expect([seconds(1, 4), seconds(1, 10), seconds(10, 100)]).toEqual([0.25, 0.25, 0.25])
  expect([seconds(1, 10, 0.2), seconds(10, 10, 0.2)]).toEqual([10, 10])
})
