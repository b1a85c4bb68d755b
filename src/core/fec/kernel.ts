// Sums of products over GF(2^8): all that takes time in an erasure code. Who has a faster way than
// tables brings a kernel of its own; this one is always there.

import { product } from './field.js'

export interface FecKernel {
  /** What it runs on, for people: `GFNI`, `WebAssembly`, `tables`. */
  readonly name: string
  /**
   * sums[r] += Σ matrix[r × columns + c] · source[c], on each of `bytes` bytes. Vectors lie in their
   * slabs at the offsets given, which also say how many rows and columns there are; none overlaps a
   * sum.
   */
  apply(
    matrix: Uint8Array,
    source: Uint8Array,
    sourceAt: Int32Array,
    sums: Uint8Array,
    sumAt: Int32Array,
    bytes: number,
  ): void
}

/** Row `factor` holds its products with every byte. */
const products = new Uint8Array(256 * 256)
for (let a = 0; a < 256; a++) for (let b = 0; b < 256; b++) products[a * 256 + b] = product(a, b)

export const tableKernel: FecKernel = {
  name: 'tables',
  apply(matrix, source, sourceAt, sums, sumAt, bytes) {
    const columns = sourceAt.length
    for (let r = 0; r < sumAt.length; r++) {
      for (let c = 0; c < columns; c++) {
        const factor = matrix[r * columns + c]
        if (factor !== 0) addProduct(factor * 256, source, sourceAt[c], sums, sumAt[r], bytes)
      }
    }
  },
}

function addProduct(
  row: number,
  source: Uint8Array,
  from: number,
  sum: Uint8Array,
  to: number,
  bytes: number,
): void {
  for (let i = 0; i < bytes; i++) sum[to + i] ^= products[row + source[from + i]]
}
