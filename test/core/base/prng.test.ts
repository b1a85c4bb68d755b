// The generator against its authors' reference, written here a second time with BigInt, and the
// figures that a simulation relies on: even, independent, and the same for the same seed.

import { describe, expect, it } from 'vitest'
import { Prng } from '../../../src/core/base/prng.js'

const MASK = 0xffffffffn
const rotl = (x: bigint, k: bigint) => ((x << k) | (x >> (32n - k))) & MASK

/** xoshiro128** 1.1 as published: result = rotl(s1 * 5, 7) * 9, shift 9, rotate 11. */
function reference(state: bigint[]): number {
  const result = (rotl((state[1] * 5n) & MASK, 7n) * 9n) & MASK
  const t = (state[1] << 9n) & MASK
  state[2] ^= state[0]
  state[3] ^= state[1]
  state[1] ^= state[2]
  state[0] ^= state[3]
  state[2] ^= t
  state[3] = rotl(state[3], 11n)
  return Number(result)
}

/** The four words that a seed expands to. */
function expand(seed: number): bigint[] {
  let x = BigInt(seed)
  return Array.from({ length: 4 }, () => {
    x = (x + 0x9e3779b9n) & MASK
    let z = ((x ^ (x >> 16n)) * 0x85ebca6bn) & MASK
    z = ((z ^ (z >> 13n)) * 0xc2b2ae35n) & MASK
    return z ^ (z >> 16n)
  })
}

describe('Prng', () => {
  it('is xoshiro128**', () => {
    for (const seed of [0, 1, 42, 2 ** 32 - 1]) {
      const prng = new Prng(seed)
      const state = expand(seed)
      for (let i = 0; i < 100; i++) expect(prng.u32()).toBe(reference(state))
    }
  })

  it('gives the same for the same seed and something else for another', () => {
    const draw = (seed: number) => {
      const prng = new Prng(seed)
      return Array.from({ length: 50 }, () => prng.u32())
    }
    expect(draw(7)).toEqual(draw(7))
    expect(draw(7)).not.toEqual(draw(8))
  })

  it('fills its ranges evenly', () => {
    const prng = new Prng(3)
    const counts = new Array<number>(10).fill(0)
    let sum = 0
    let outside = 0
    for (let i = 0; i < 100_000; i++) {
      counts[prng.below(10)]++
      const unit = prng.unit()
      if (unit < 0 || unit >= 1) outside++
      sum += unit
    }
    expect(outside).toBe(0)
    // Five standard deviations of a binomial count: 5 * sqrt(100000 * 0.1 * 0.9) = 474.
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(474)
    expect(Math.abs(sum / 100_000 - 0.5)).toBeLessThan(0.005)
  })

  it('forks streams that do not follow one another', () => {
    const parent = new Prng(5)
    const child = parent.fork()
    const first = Array.from({ length: 8 }, () => child.u32())
    const twin = new Prng(5)
    const twinChild = twin.fork()
    twin.u32()
    expect(Array.from({ length: 8 }, () => twinChild.u32())).toEqual(first)
    expect(Array.from({ length: 8 }, () => parent.u32())).not.toEqual(first)
  })

  it('shuffles every item to every place', () => {
    const prng = new Prng(9)
    const seen = new Set<string>()
    for (let i = 0; i < 600; i++) seen.add(prng.shuffle(['a', 'b', 'c', 'd']).join(''))
    expect(seen.size).toBe(24)
    expect(prng.shuffle([])).toEqual([])
  })

  it('takes some of many, each as often as any other and none twice', () => {
    const prng = new Prng(10)
    const items = Array.from({ length: 50 }, (_, i) => i)
    const counts = items.map(() => 0)
    for (let i = 0; i < 5000; i++) {
      const some = prng.some(items, 10)
      expect(new Set(some).size).toBe(10)
      for (const item of some) counts[item]++
    }
    // Five standard deviations of a binomial count: 5 * sqrt(5000 * 0.2 * 0.8) = 141.
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(141)
  })
})
