// Every kernel of the erasure code that this machine has does what the tables do, and touches nothing
// but its sums; and the native one refuses what does not lie in its slabs.

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { hexOf } from '../../../src/core/base/bytes.js'
import { tableKernel } from '../../../src/core/fec/kernel.js'
import { fecKernel, nativeKernels, wasmKernels } from '../../../src/io/native/fec.js'
import { loadNative } from '../../../src/io/native/load.js'

const { fec } = loadNative()
const kernels = [...nativeKernels(fec), ...wasmKernels()]

it('has a faster way than tables', () => {
  expect(wasmKernels().length).toBeGreaterThan(0)
  expect(fecKernel()).not.toBe(tableKernel)
})

it.each(kernels)('$name does what the tables do', kernel => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 20 }),
      fc.integer({ min: 0, max: 200 }),
      fc.integer({ min: 0, max: 300 }),
      fc.nat(2 ** 31),
      (rows, columns, bytes, seed) => {
        let state = seed
        const random = () => (state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff) >> 16
        const fill = (length: number) => Uint8Array.from({ length }, random)
        const matrix = fill(rows * columns)
        // Odd offsets: nothing is aligned in the pool either.
        const place = (count: number) =>
          Int32Array.from({ length: count }, (_, i) => 3 + i * (bytes + 1))
        const [source, sums] = [fill(5 + columns * (bytes + 1)), fill(5 + rows * (bytes + 1))]
        const expected = sums.slice()
        tableKernel.apply(matrix, source, place(columns), expected, place(rows), bytes)
        kernel.apply(matrix, source, place(columns), sums, place(rows), bytes)
        expect(hexOf(sums)).toBe(hexOf(expected))
      },
    ),
    { numRuns: 100 },
  )
})

it.skipIf(fec === undefined)('refuses vectors outside their slabs', () => {
  const best = Number(Object.keys(fec!.kernels()).at(-1))
  const slab = new Uint8Array(100)
  const apply = (...argv: unknown[]) => (fec!.apply as (...argv: unknown[]) => number)(...argv)
  const one = new Uint8Array(1)
  const at = (...offsets: number[]) => Int32Array.from(offsets)
  expect(apply(best, one, slab, at(0), new Uint8Array(100), at(0), 100)).toBe(0)
  for (const argv of [
    [best, one, slab, at(1), new Uint8Array(100), at(0), 100],
    [best, one, slab, at(-1), new Uint8Array(100), at(0), 10],
    [best, one, slab, at(0), new Uint8Array(99), at(0), 100],
    [best, one, slab, at(0), new Uint8Array(100), at(0), 101],
    [best, one, slab, at(0), new Uint8Array(100), at(0), 2 ** 53],
    [best, one, slab, at(0, 0), new Uint8Array(100), at(0), 10],
    [best, new Uint8Array(256), slab, new Int32Array(256), new Uint8Array(100), at(0), 10],
    [99, one, slab, at(0), new Uint8Array(100), at(0), 10],
    [-1, one, slab, at(0), new Uint8Array(100), at(0), 10],
  ])
    expect(apply(...argv)).toBeLessThan(0)
  const anything = fc.oneof(
    fc.integer(),
    fc.double(),
    fc.constantFrom(undefined, null, 'x', {}, []),
    fc.nat(300).map(size => new Uint8Array(size)),
    fc
      .array(fc.integer({ min: -5, max: 300 }), { maxLength: 20 })
      .map(list => Int32Array.from(list)),
  )
  fc.assert(
    fc.property(fc.array(anything, { maxLength: 8 }), fc.nat(5), (argv, kernel) => {
      expect(typeof apply(kernel, ...argv)).toBe('number')
    }),
    { numRuns: 20_000 },
  )
})
