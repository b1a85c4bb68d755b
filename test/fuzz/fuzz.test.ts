// A million hostile inputs for the parsers, and recorded traffic, broken in every way, for the
// machines behind them. `npm run fuzz` goes on where this ends.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Prng } from '../../src/core/base/prng.js'
import { hostileReception, hostileSending } from './machines.js'
import { mutate } from './mutate.js'
import { PARSERS } from './parsers.js'
import { type Failure, fuzzMachine, fuzzParsers } from './run.js'

const MUTANTS = 900_000
const NOISE = 100_000
const EACH = 100
const long = 300_000

function shown(failure: Failure | undefined): string | undefined {
  return failure && `${failure.where} input ${failure.index} ${failure.input}: ${failure.error}`
}

describe('a million inputs', () => {
  it(`${MUTANTS} of them made of right ones, fail no parser`, { timeout: long }, () => {
    fc.assert(
      fc.property(fc.integer({ min: 0 }), seed => {
        expect(shown(fuzzParsers(seed, 0, EACH))).toBeUndefined()
      }),
      { numRuns: MUTANTS / EACH, endOnFailure: true },
    )
  })

  it.each(PARSERS)('$name: the rest, made of nothing, fail none', { timeout: long }, ({ read }) => {
    const text = fc.oneof(fc.json({ maxDepth: 3 }), fc.string({ unit: 'binary', maxLength: 60 }))
    const input = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      text.map(each => new TextEncoder().encode(each)),
    )
    fc.assert(
      fc.property(input, fc.nat(), (bytes, seed) => read(bytes.slice(), new Prng(seed))),
      { numRuns: Math.ceil(NOISE / PARSERS.length) },
    )
  })

  it('reach what is behind each door, and do not only knock', () => {
    for (const { name, samples, read } of PARSERS) {
      const prng = new Prng(1)
      for (const sample of samples) read(sample.slice(), prng)
      const made = new Set(Array.from({ length: 500 }, () => mutate(samples, prng).join()))
      expect(made.size, name).toBeGreaterThan(300)
    }
  })
})

describe('recorded traffic, broken', () => {
  for (const [who, first] of [
    ['receiver', 0],
    ['sender', 1],
  ] as const)
    it(`a ${who} stands it, and the honest get all they want`, { timeout: long }, () => {
      const seed = Math.floor(Math.random() * 2 ** 31)
      for (let i = 0; i < 8; i++) {
        const failure = fuzzMachine(seed, first + 2 * i)
        expect(shown(failure), `seed ${seed}, session ${first + 2 * i}`).toBeUndefined()
      }
    })

  it.each([
    ['receiver', hostileReception],
    ['sender', hostileSending],
  ] as const)('a %s needs no more memory for more of it', { timeout: long }, (_, run) => {
    setFlagsFromString('--expose-gc')
    const gc = runInNewContext('gc') as () => void
    const heldAfter = (inputs: number): number => {
      let used = 0
      run(7, inputs, () => {
        gc()
        used = process.memoryUsage().heapUsed
      })
      return used
    }
    heldAfter(300)
    expect(heldAfter(5000) - heldAfter(300)).toBeLessThan(3e6)
  })
})
