// The fastest kernel that this machine has for sums of products over GF(2^8): the native part's, else
// WebAssembly, which wants nothing but its prebuilt file, else tables.

import { readFileSync } from 'node:fs'
import { assert } from '../../core/base/assert.js'
import { type FecKernel, tableKernel } from '../../core/fec/kernel.js'
import { loadNative, type NativeFec, prebuilt } from './load.js'

let chosen: FecKernel | undefined

export function fecKernel(): FecKernel {
  chosen ??= nativeKernels(loadNative().fec).at(-1) ?? wasmKernels().at(-1) ?? tableKernel
  return chosen
}

/** All that this processor has, the fastest last. */
export function nativeKernels(fec: NativeFec | undefined): readonly FecKernel[] {
  if (fec === undefined) return []
  return Object.entries(fec.kernels()).map(([index, name]) => {
    const kernel = Number(index)
    return {
      name,
      apply(matrix, source, sourceAt, sums, sumAt, bytes) {
        if (matrix.length === 0 || bytes === 0) return
        const result = fec.apply(kernel, matrix, source, sourceAt, sums, sumAt, bytes)
        assert(result === 0, 'vectors lie in their slabs')
      },
    }
  })
}

/** Rows that the code takes at a time, and bytes. */
const ROWS = 4
const BYTES = 16

const NIBBLES_AT = 0
const MATRIX_AT = 256 * 2 * BYTES
const VECTORS_AT = MATRIX_AT + 256 * 256

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number }
  apply(matrix: number, columns: number, vectors: number, sums: number, bytes: number): void
}

/** Node's types leave WebAssembly to those of browsers; this is all that is used of it. */
declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

/** Those that were built and that this Node understands, the fastest last. */
export function wasmKernels(): readonly FecKernel[] {
  const kernels: FecKernel[] = []
  for (const name of ['fec', 'fec-relaxed']) {
    const path = prebuilt(`wasm/${name}.wasm`)
    const bytes = path && readFileSync(path)
    if (bytes && WebAssembly.validate(bytes)) kernels.push(wasmKernel(bytes))
  }
  return kernels
}

function wasmKernel(code: Uint8Array): FecKernel {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(code))
  const { memory, apply } = instance.exports as Exports
  let bytes = new Uint8Array(memory.buffer)
  writeNibbles(bytes)
  return {
    name: 'WebAssembly',
    apply(matrix, source, sourceAt, sums, sumAt, length) {
      const columns = sourceAt.length
      const rows = Math.ceil(sumAt.length / ROWS) * ROWS
      const stride = Math.ceil(length / BYTES) * BYTES
      if (columns === 0 || stride === 0) return
      const sumsAt = VECTORS_AT + columns * stride
      const missing = sumsAt + rows * stride - bytes.length
      if (missing > 0) {
        memory.grow(Math.ceil(missing / 65_536))
        bytes = new Uint8Array(memory.buffer)
      }
      bytes.set(matrix, MATRIX_AT)
      bytes.fill(0, MATRIX_AT + matrix.length, MATRIX_AT + rows * columns)
      for (const [i, at] of sourceAt.entries())
        bytes.set(source.subarray(at, at + length), VECTORS_AT + i * stride)
      for (const [i, at] of sumAt.entries())
        bytes.set(sums.subarray(at, at + length), sumsAt + i * stride)
      for (let row = 0; row < rows; row += ROWS)
        apply(MATRIX_AT + row * columns, columns, VECTORS_AT, sumsAt + row * stride, stride)
      for (const [i, at] of sumAt.entries()) {
        const sum = sumsAt + i * stride
        sums.set(bytes.subarray(sum, sum + length), at)
      }
    },
  }
}

/** Of each factor its products with the low half of a byte, then with the high one. */
function writeNibbles(memory: Uint8Array): void {
  const every = Uint8Array.from({ length: 2 * BYTES }, (_, i) => (i < BYTES ? i : (i - BYTES) << 4))
  for (let factor = 0; factor < 256; factor++) {
    const at = new Int32Array([NIBBLES_AT + factor * every.length])
    tableKernel.apply(Uint8Array.of(factor), every, new Int32Array(1), memory, at, every.length)
  }
}
