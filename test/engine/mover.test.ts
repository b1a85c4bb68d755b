// Payloads go where they belong by the native part and by its twin, from whichever slab they lie in.

import { expect, it } from 'vitest'
import { Prng } from '../../src/core/base/prng.js'
import { Mover } from '../../src/engine/mover.js'
import { loadNative } from '../../src/io/native/load.js'

it.each([
  ['the native part, where there is one', loadNative().memory],
  ['its twin', undefined],
])('by %s', (_, native) => {
  const prng = new Prng(11)
  const slabs = [0, 1].map(() => Uint8Array.from({ length: 4000 }, () => prng.below(256)))
  const into = new Uint8Array(100_000)
  const wanted = new Uint8Array(100_000)
  const mover = new Mover(into, native)
  for (let i = 0; i < 900; i++) {
    // Runs from one slab, as a batch has them, and now and then from the other.
    const slab = slabs[prng.below(20) === 0 ? 1 : 0]
    const at = prng.below(3000)
    const bytes = prng.below(1000)
    mover.add(slab, at, i * 100, bytes)
    wanted.set(slab.subarray(at, at + bytes), i * 100)
  }
  mover.flush()
  mover.flush()
  expect(Buffer.compare(into, wanted)).toBe(0)
})
