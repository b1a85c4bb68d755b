// The native part: its C unit under the sanitizers, and its door to JavaScript, which must stand
// whatever is passed through it.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Batch } from '../../../src/core/multicast/batch.js'
import {
  loadNative,
  type NativeBatch,
  type NativeHashAt,
  type NativeHashEach,
  type NativeSocket,
  type NativeUdp,
  UDP_RECORD_WORDS,
} from '../../../src/io/native/load.js'
import { repositoryRoot } from '../../lab/root.js'

const { batch, udp, hash, scheduler, socket, why } = loadNative()
const compiler = process.env.CC ?? 'cc'
const compiles = process.platform === 'linux' && !spawnSync(compiler, ['--version']).error

it.skipIf(!compiles).each(['udp', 'fec', 'sha256', 'sha256-wide', 'blake3', 'batch'])(
  '%s.c does what it says, and nothing outside its slab',
  unit => {
    const folder = mkdtempSync(join(tmpdir(), 'mcp2p-c-'))
    try {
      const program = join(folder, 'check')
      const sources = [`test/io/native/${unit}-check.c`, `src/io/native/${unit}.c`]
      const strict = ['-std=gnu11', '-Wall', '-Wextra', '-Werror', '-g', '-O1']
      const checked = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all']
      const argv = [...strict, ...checked, ...sources, '-o', program]
      const built = spawnSync(compiler, argv, { cwd: repositoryRoot, encoding: 'utf8' })
      expect(built.stderr).toBe('')
      const { stdout, stderr, status } = spawnSync(program, { encoding: 'utf8', timeout: 60_000 })
      expect({ stdout, stderr, status }).toEqual({ stdout: 'ok\n', stderr: '', status: 0 })
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
)

it.skipIf(compiles === false)('is there, where it can be built', () => {
  expect(udp, why).toBeDefined()
})

const anything = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.string({ maxLength: 100 }),
  fc.boolean(),
  fc.constantFrom(undefined, null, {}, [], () => {}, Symbol.iterator, 10n, Number.NaN),
  fc.constantFrom(
    '127.0.0.1',
    '224.0.67.99',
    'lo',
    4,
    6,
    0,
    -1,
    1398,
    2 ** 31,
    2 ** 53,
    -(2 ** 63),
  ),
  fc.nat(3000).map(size => new Uint8Array(size)),
  fc.nat(300).map(size => new Int32Array(size)),
  fc.constant(new Float64Array(9)),
)

it.skipIf(udp === undefined)('refuses wrong arguments instead of falling', () => {
  const native = udp as NativeUdp
  const handle = native.open(4, '127.0.0.1', 0, 0, false)
  expect(typeof handle).toBe('object')
  const names = Object.keys(native).filter(name => name !== 'close') as (keyof NativeUdp)[]
  const call = (name: keyof NativeUdp, argv: unknown[]): unknown =>
    (native[name] as (...argv: unknown[]) => unknown)(...argv)
  fc.assert(
    fc.property(
      fc.constantFrom(...names),
      fc.array(anything, { maxLength: 7 }),
      fc.boolean(),
      (name, argv, withHandle) => {
        const result = call(name, withHandle ? [handle, ...argv] : argv)
        if (typeof result === 'number') return
        expect(name).toBe('open')
        native.close(result as object)
      },
    ),
    { numRuns: 20_000 },
  )
  const slab = new Uint8Array(100)
  for (const [offset, length] of [
    [0, 101],
    [100, 1],
    [-1, 5],
    [2 ** 53, 1],
    [1, 2 ** 53],
  ])
    expect(call('send', [handle, slab, offset, length, 10])).toBeLessThan(0)
  native.close(handle as object)
  native.close(handle as object)
  for (const name of names.filter(name => !['open', 'interfaceIndex', 'drops'].includes(name)))
    expect(call(name, [handle])).toBeLessThan(0)
})

it.skipIf(scheduler === undefined)(
  'asks the scheduler for turns of a length, and for none that is absurd',
  () => {
    for (const absurd of [0, -1, 1e7, Number.NaN, 2 ** 63, 'long', undefined])
      expect(scheduler!.slice(absurd as number)).toBeLessThan(0)
    expect(scheduler!.slice(3000)).toBe(0)
  },
)

it.skipIf(hash?.sha256 === undefined).each([
  ['sha256', hash?.sha256, hash?.sha256At],
  ['blake3', hash?.blake3, hash?.blake3At],
])('%s hashes only what it may read into what it may write', (_, each, at) => {
  const [all, some] = [each as NativeHashEach, at as NativeHashAt]
  const bytes = new Uint8Array(100)
  expect(all(bytes, 64, new Uint8Array(64))).toBe(2)
  expect(all(bytes, 64, bytes)).toBe(2)
  expect(all(bytes, 64, new Uint8Array(63))).toBeLessThan(0)
  for (const [place, right] of [
    [[0, 100], 1],
    [[100, 0], 1],
    [[1, 100], -22],
    [[101, 0], -22],
    [[-1, 1], -22],
    [[0, -1], -22],
  ] as const)
    expect(some(bytes, new Int32Array(place), 1, new Uint8Array(32))).toBe(right)
  expect(some(bytes, new Int32Array(3), 2, new Uint8Array(64))).toBeLessThan(0)
  expect(some(bytes, new Int32Array(4), 2, new Uint8Array(63))).toBeLessThan(0)
  for (const call of [all, some] as ((...argv: unknown[]) => unknown)[])
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 5 }), argv => {
        expect(typeof call(...argv)).toBe('number')
      }),
      { numRuns: 20_000 },
    )
})

it.skipIf(batch === undefined)('reads and moves nothing outside its slabs', () => {
  const { hear, place, write } = batch as NativeBatch
  const columns = new Batch(4)
  const { memory } = columns
  const records = new Int32Array(2 * UDP_RECORD_WORDS)
  expect(hear(memory, 4, new Uint8Array(64), 64, records, 2, 0)).toBe(0)
  expect(hear(memory, 5, new Uint8Array(64), 64, records, 2, 0)).toBeLessThan(0)
  expect(hear(memory.subarray(1), 3, new Uint8Array(64), 64, records, 2, 0)).toBeLessThan(0)
  expect(hear(memory, 4, new Uint8Array(64), 64, records, 3, 0)).toBeLessThan(0)
  for (const [at, payloadAt, bytes, right] of [
    [0, 0, 10, 2],
    [40, 90, 10, 2],
    [41, 0, 10, -22],
    [0, 91, 10, -22],
    [0, 0, 51, -22],
    [2 ** 53, 0, 1, -22],
    [Number.POSITIVE_INFINITY, 0, 1, -22],
    [-1, 0, 1000, 1],
    [Number.NaN, 0, 1000, 1],
  ]) {
    columns.place.set([0, at])
    columns.placeBytes.set([1, bytes])
    columns.symbolBytes.set([1, bytes])
    columns.payloadAt.set([0, payloadAt])
    const pool = new Uint8Array(50)
    expect(place(memory, 4, 2, new Uint8Array(100).fill(7), pool)).toBe(right)
    if (right < 0) expect(pool.every(byte => byte === 0)).toBe(true)
  }
  expect(place(memory, 4, 5, new Uint8Array(100), new Uint8Array(50))).toBeLessThan(0)
  for (const call of [hear, place, write] as ((...argv: unknown[]) => unknown)[])
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 7 }), argv => {
        expect(typeof call(...argv)).toBe('number')
      }),
      { numRuns: 20_000 },
    )
})

it.skipIf(socket === undefined)(
  'marks, paces and asks no descriptor that is none, and says so',
  () => {
    const { mark, pace, segments } = socket as NativeSocket
    for (const set of [mark, pace, segments] as ((...argv: unknown[]) => number)[])
      fc.assert(
        fc.property(fc.array(anything.filter(isNoDescriptor), { maxLength: 3 }), argv => {
          expect(set(...argv)).toBeLessThan(0)
        }),
        { numRuns: 2000 },
      )
    expect(mark(2 ** 31 - 1, 46)).toBeLessThan(0)
    expect(mark(0, 64)).toBeLessThan(0)
    expect(segments(0, new Int32Array(3))).toBeLessThan(0)
    expect(segments(0, new Int32Array(2))).toBeLessThan(0)
  },
)

/** What is cut to a whole number of 0 or more would be one of this process. */
function isNoDescriptor(value: unknown): boolean {
  return typeof value !== 'number' || value <= -1 || (value > 2 ** 31 && Number.isFinite(value))
}
