// Luck for cores, from a seed, so that the same seed gives the same trace. xoshiro128** by Blackman
// and Vigna (2018), seeded by splitmix32; not for secrets.

export class Prng {
  readonly #state = new Uint32Array(4)

  constructor(seed: number) {
    let x = seed >>> 0
    for (let i = 0; i < 4; i++) {
      x = (x + 0x9e3779b9) >>> 0
      let z = x
      z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
      this.#state[i] = (z ^ (z >>> 16)) >>> 0
    }
  }

  /** A uniform 32-bit integer. */
  u32(): number {
    const s = this.#state
    const five = Math.imul(s[1], 5)
    const result = Math.imul((five << 7) | (five >>> 25), 9) >>> 0
    const t = s[1] << 9
    s[2] ^= s[0]
    s[3] ^= s[1]
    s[1] ^= s[2]
    s[0] ^= s[3]
    s[2] ^= t
    s[3] = (s[3] << 11) | (s[3] >>> 21)
    return result
  }

  /** A uniform number in [0, 1). */
  unit(): number {
    return this.u32() / 2 ** 32
  }

  /** A uniform integer in [0, bound). */
  below(bound: number): number {
    return Math.floor(this.unit() * bound)
  }

  /** A new generator whose stream is independent of this one's later draws. */
  fork(): Prng {
    return new Prng(this.u32())
  }

  /** Shuffles in place (Fisher–Yates) and returns the array. */
  shuffle<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) swap(items, i, this.below(i + 1))
    return items
  }

  /** Up to `count` of the items, in random order, for as many draws. */
  sample<T>(items: readonly T[], count: number): T[] {
    const chosen = [...items]
    const most = Math.min(count, chosen.length)
    for (let i = 0; i < most; i++) swap(chosen, i, i + this.below(chosen.length - i))
    return chosen.slice(0, most)
  }

  /** Any `count` of very many, in no order, without touching the others (Floyd in Bentley, 1987). */
  some<T>(items: readonly T[], count: number): T[] {
    const chosen = new Set<number>()
    for (let last = items.length - count; last < items.length; last++) {
      const any = this.below(last + 1)
      chosen.add(chosen.has(any) ? last : any)
    }
    return [...chosen].map(index => items[index])
  }
}

function swap<T>(items: T[], i: number, j: number): void {
  const item = items[i]
  items[i] = items[j]
  items[j] = item
}
