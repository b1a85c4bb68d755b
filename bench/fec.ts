// How fast this machine codes: every kernel, k data symbols and r parity ones, in gigabytes of data a
// second; encoding all r rows, and restoring r data symbols from them.

import { type FecKernel, tableKernel } from '../src/core/fec/kernel.js'
import { ReedSolomon, type Symbols } from '../src/core/fec/reed-solomon.js'
import { nativeKernels, wasmKernels } from '../src/io/native/fec.js'
import { loadNative } from '../src/io/native/load.js'

const DATA = 64
const PARITY = 16
const SYMBOL_BYTES = 1400
const RUN_MILLIS = 300
const RUNS = 5

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

function symbols(count: number): Symbols {
  const slab = new Uint8Array(count * SYMBOL_BYTES)
  for (let i = 0; i < slab.length; i++) slab[i] = (i * 2_654_435_761) >>> 24
  return { slab, at: Int32Array.from(range(0, count), i => i * SYMBOL_BYTES) }
}

function select(from: Symbols, indices: readonly number[]): Symbols {
  return { slab: from.slab, at: Int32Array.from(indices, i => from.at[i]) }
}

/** Median of the runs, in gigabytes of data a second. */
function speedOf(code: () => void): number {
  const speeds = range(0, RUNS).map(() => {
    const begin = performance.now()
    let times = 0
    while (performance.now() - begin < RUN_MILLIS) {
      code()
      times++
    }
    return (times * DATA * SYMBOL_BYTES) / (performance.now() - begin) / 1e6
  })
  return speeds.sort((a, b) => a - b)[RUNS >> 1]
}

function row(kernel: FecKernel): string {
  const code = new ReedSolomon(kernel)
  const [data, parity] = [symbols(DATA), symbols(PARITY)]
  const [columns, rows, missing] = [range(0, DATA), range(0, PARITY), range(0, PARITY)]
  const here = range(PARITY, DATA)
  const erasures = {
    columns: here,
    data: select(data, here),
    rows,
    parity,
    missing,
    restored: select(data, missing),
  }
  const encode = speedOf(() => code.encode(columns, data, rows, parity, SYMBOL_BYTES))
  const decode = speedOf(() => code.decode(erasures, SYMBOL_BYTES))
  return `| ${kernel.name} | ${encode.toFixed(2)} | ${decode.toFixed(2)} |\n`
}

export async function main(): Promise<number> {
  const kernels = [tableKernel, ...wasmKernels(), ...nativeKernels(loadNative().fec)]
  process.stdout.write(
    `| k = ${DATA}, r = ${PARITY}, ${SYMBOL_BYTES} bytes | encode, GB/s | decode, GB/s |\n`,
  )
  process.stdout.write('| --- | --- | --- |\n')
  for (const kernel of kernels) process.stdout.write(row(kernel))
  return 0
}
