// The erasure code against ISA-L's parity (test/vectors/reed-solomon.c), and any k of n against the data.

import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { hexOf } from '../../../src/core/base/bytes.js'
import { product } from '../../../src/core/fec/field.js'
import { tableKernel } from '../../../src/core/fec/kernel.js'
import { DATA_MAX, PARITY_MAX, ReedSolomon } from '../../../src/core/fec/reed-solomon.js'

interface Vector {
  readonly k: number
  readonly bytes: number
  readonly parity: readonly string[]
}

const code = new ReedSolomon(tableKernel)
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i)
const placesOf = (items: readonly number[], bytes: number) => Int32Array.from(items, i => i * bytes)

function parityOf(data: Uint8Array, k: number, rows: readonly number[], bytes: number): Uint8Array {
  const parity = {
    slab: new Uint8Array(rows.length * bytes),
    at: placesOf(upTo(rows.length), bytes),
  }
  code.encode(upTo(k), { slab: data, at: placesOf(upTo(k), bytes) }, rows, parity, bytes)
  return parity.slab
}

const path = new URL('../../vectors/reed-solomon.json', import.meta.url)
const vectors: readonly Vector[] = JSON.parse(readFileSync(path, 'utf8'))

it.each(vectors)('makes the parity that ISA-L makes of $k symbols', ({ k, bytes, parity }) => {
  const data = Uint8Array.from(upTo(k * bytes), at => {
    const [c, i] = [Math.floor(at / bytes), at % bytes]
    return 131 * c + 7 * i + c * i + (i >> 3)
  })
  const rows = upTo(parity.length)
  expect(hexOf(parityOf(data, k, rows, bytes))).toBe(parity.join(''))
  // A row is what it is, whatever other rows are made and in how many parts.
  const last = rows.at(-1)!
  const sum = { slab: new Uint8Array(bytes), at: new Int32Array(1) }
  for (const column of upTo(k)) {
    const symbol = { slab: data, at: placesOf([column], bytes) }
    code.encode([column], symbol, [last], sum, bytes)
  }
  expect(hexOf(sum.slab)).toBe(parity[last])
})

it('gives back what is missing, whichever symbols are left', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: DATA_MAX }),
      fc.integer({ min: 1, max: 24 }),
      fc.integer({ min: 1, max: 9 }),
      fc.infiniteStream(fc.nat()),
      (k, lost, bytes, randomly) => {
        const pick = (from: number[]) => from.splice(randomly.next().value % from.length, 1)[0]
        const data = Uint8Array.from(upTo(k * bytes), () => randomly.next().value)
        const [left, allRows] = [upTo(k), upTo(PARITY_MAX)]
        const missing = upTo(Math.min(lost, k)).map(() => pick(left))
        const rows = missing.map(() => pick(allRows))
        const parity = {
          slab: parityOf(data, k, rows, bytes),
          at: placesOf(upTo(rows.length), bytes),
        }
        const slab = data.slice()
        for (const column of missing) slab.fill(0xee, column * bytes, (column + 1) * bytes)
        const restored = { slab, at: placesOf(missing, bytes) }
        const here = { slab, at: placesOf(left, bytes) }
        code.decode({ columns: left, data: here, rows, parity, missing, restored }, bytes)
        expect(hexOf(slab)).toBe(hexOf(data))
      },
    ),
    { numRuns: 150 },
  )
})

it('multiplies as the polynomial says', () => {
  const slow = (a: number, b: number): number => {
    let sum = 0
    for (let bit = 0; bit < 8; bit++) if ((b >> bit) & 1) sum ^= a << bit
    for (let bit = 15; bit >= 8; bit--) if ((sum >> bit) & 1) sum ^= 0x11d << (bit - 8)
    return sum
  }
  for (let a = 0; a < 256; a++)
    for (let b = 0; b < 256; b++) if (product(a, b) !== slow(a, b)) expect([a, b]).toBe('equal')
})
