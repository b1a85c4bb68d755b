// Systematic Reed–Solomon with a Cauchy matrix (Blömer et al., An XOR-Based Erasure-Resilient Coding
// Scheme, ICSI TR-95-048): any k of the k data and r parity symbols give the data back. Parity row p
// stands for the field's element 255 − p and data column i for i, so that a row depends neither on k
// nor on r, and how many rows are sent may change at any time.
//
// Symbols lie in slabs at offsets, as the receiver's pool has them. All of a group count as equally
// long; what is shorter is coded as if zeros followed it, and nothing is read there.

import { assert } from '../base/assert.js'
import { inverseOf, product } from './field.js'
import type { FecKernel } from './kernel.js'

/** Data symbols of a group at most; leaves elements for as many rows as a group may have. */
export const DATA_MAX = 192
/** Parity rows of a group at most: k + r ≤ 255. */
export const PARITY_MAX = 63

/** Symbols in a slab: one at each offset. */
export interface Symbols {
  readonly slab: Uint8Array
  readonly at: ArrayLike<number>
  /** Bytes of each; without it all are as long as a symbol is. */
  readonly bytes?: ArrayLike<number>
}

/** Makes what is missing of a group from what came of it. */
export interface Erasures {
  /** Data columns that are here, ascending, each with its symbol. */
  readonly columns: readonly number[]
  readonly data: Symbols
  /** Parity rows that are here, as many as columns are missing, each with its symbol. */
  readonly rows: readonly number[]
  readonly parity: Symbols
  /** Missing columns, and where their symbols shall be; what lies there is overwritten. */
  readonly missing: readonly number[]
  readonly restored: Symbols
}

export class ReedSolomon {
  readonly #kernel: FecKernel
  #scratch = new Uint8Array(0)

  constructor(kernel: FecKernel) {
    this.#kernel = kernel
  }

  /**
   * Adds what `columns` contribute to the parity `rows`: parity begins as zeros, and a group may come
   * in as many parts as one likes. `bytes`: length of a symbol.
   */
  encode(
    columns: readonly number[],
    data: Symbols,
    rows: readonly number[],
    parity: Symbols,
    bytes: number,
  ): void {
    assert(
      columns.length === data.at.length && rows.length === parity.at.length,
      'a place for each',
    )
    const sumAt = Int32Array.from(parity.at)
    for (const length of lengthsOf(data, bytes)) {
      const alike = ofLength(length, columns, data, bytes)
      const matrix = matrixOf(rows, alike.columns)
      this.#kernel.apply(matrix, data.slab, alike.at, parity.slab, sumAt, length)
    }
  }

  /** Restores the missing columns. `bytes`: length of a symbol. */
  decode(erasures: Erasures, bytes: number): void {
    const { columns, data, rows, parity, missing, restored } = erasures
    const count = missing.length
    assert(rows.length === count && parity.at.length === count, 'a row for each missing column')
    const scratch = this.#scratchOf(2 * count * bytes)
    const syndromes = { slab: scratch, at: Int32Array.from(missing, (_, i) => i * bytes) }
    const sumAt = syndromes.at.map(at => count * bytes + at)
    // What the data here contribute is taken from the rows: what stays is of the missing alone.
    for (let i = 0; i < count; i++)
      scratch.set(parity.slab.subarray(parity.at[i], parity.at[i] + bytes), syndromes.at[i])
    this.encode(columns, data, rows, syndromes, bytes)
    scratch.fill(0, count * bytes, 2 * count * bytes)
    const inverse = inverseMatrix(rows, missing)
    this.#kernel.apply(inverse, scratch, syndromes.at, scratch, sumAt, bytes)
    for (let i = 0; i < count; i++) {
      const length = restored.bytes?.[i] ?? bytes
      restored.slab.set(scratch.subarray(sumAt[i], sumAt[i] + length), restored.at[i])
    }
  }

  #scratchOf(bytes: number): Uint8Array {
    if (this.#scratch.length < bytes) this.#scratch = new Uint8Array(bytes)
    return this.#scratch
  }
}

function elementOf(row: number): number {
  assert(row >= 0 && row < PARITY_MAX, 'a row of the code')
  return 255 - row
}

function lengthsOf({ at, bytes }: Symbols, symbolBytes: number): Set<number> {
  const lengths = new Set<number>()
  for (let i = 0; i < at.length; i++) lengths.add(bytes?.[i] ?? symbolBytes)
  return lengths
}

/** Those of a length: plain loops, as a hundred and more are gone through for each group. */
function ofLength(
  length: number,
  columns: readonly number[],
  { at, bytes }: Symbols,
  symbolBytes: number,
): { columns: Uint8Array; at: Int32Array } {
  const alike = { columns: new Uint8Array(at.length), at: new Int32Array(at.length) }
  let count = 0
  for (let i = 0; i < at.length; i++) {
    if ((bytes?.[i] ?? symbolBytes) !== length) continue
    alike.columns[count] = columns[i]
    alike.at[count++] = at[i]
  }
  return { columns: alike.columns.subarray(0, count), at: alike.at.subarray(0, count) }
}

function matrixOf(rows: readonly number[], columns: Uint8Array): Uint8Array {
  const matrix = new Uint8Array(rows.length * columns.length)
  let at = 0
  for (const row of rows) {
    const x = elementOf(row)
    for (let i = 0; i < columns.length; i++) matrix[at++] = inverseOf(x ^ columns[i])
  }
  return matrix
}

/**
 * The inverse of a square Cauchy matrix, in closed form (Schechter 1959): with x the elements of the
 * rows and y those of the columns, and signs meaning nothing here,
 * b[j][i] = Π_k (x_i + y_k) · Π_k (x_k + y_j) / ((x_i + y_j) · Π_{k≠i} (x_i + x_k) · Π_{k≠j} (y_j + y_k)).
 */
function inverseMatrix(rows: readonly number[], columns: readonly number[]): Uint8Array {
  const xs = rows.map(elementOf)
  const ofRows = xs.map(x => product(all(x, columns), inverseOf(all(x, xs))))
  const ofColumns = columns.map(y => product(all(y, xs), inverseOf(all(y, columns))))
  const inverse = new Uint8Array(rows.length * columns.length)
  let at = 0
  for (const [j, y] of columns.entries())
    for (const [i, x] of xs.entries())
      inverse[at++] = product(product(ofRows[i], ofColumns[j]), inverseOf(x ^ y))
  return inverse
}

/** Π (a + b) over all b but a itself. */
function all(a: number, others: readonly number[]): number {
  let result = 1
  for (const b of others) if (b !== a) result = product(result, a ^ b)
  return result
}
