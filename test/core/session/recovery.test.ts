// A blast with parity over a path that loses, with real bytes: what the rows suffice for is restored
// and right, nothing else changes, and no place of the pool is lost.

import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Bitmap } from '../../../src/core/base/bitmap.js'
import { BLOCK_BYTES } from '../../../src/core/base/limits.js'
import { Prng } from '../../../src/core/base/prng.js'
import { ReedSolomon } from '../../../src/core/fec/reed-solomon.js'
import { Geometry } from '../../../src/core/meta/geometry.js'
import { Groups } from '../../../src/core/multicast/groups.js'
import { Assembly, type Piece } from '../../../src/core/session/assembly.js'
import { piecesOf } from '../../../src/core/session/partial.js'
import { Restorer } from '../../../src/engine/restorer.js'
import { fecKernel } from '../../../src/io/native/fec.js'

const SYMBOL_BYTES = 1366
const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest()

type Lost = (block: number, symbol: number) => boolean

class Path {
  readonly geometry: Geometry
  readonly groups: Groups
  readonly assembly: Assembly
  readonly disk = new Map<number, Uint8Array>()
  readonly #pool: Uint8Array
  readonly #restorer = new Restorer()
  readonly #prng: Prng
  readonly #writeLate: boolean
  readonly #unwritten: Piece[] = []
  readonly #bytes = new Map<number, Uint8Array>()
  mismatches = 0
  restored = 0

  constructor(
    sizes: readonly number[],
    poolBlocks: number,
    seed: number,
    oneWay = false,
    withoutLayer = -1,
  ) {
    this.geometry = new Geometry(sizes, 1 << 18)
    this.groups = new Groups(this.geometry, SYMBOL_BYTES)
    const tree = {
      geometry: this.geometry,
      layerMatches: (chunk: number, leaves: Uint8Array) =>
        Buffer.compare(leaves, this.#layer(chunk)) === 0,
    }
    const { blockCount, chunkCount } = this.geometry
    const poolBytes = poolBlocks * BLOCK_BYTES
    this.assembly = new Assembly(tree, new Bitmap(blockCount), poolBytes, { oneWay })
    this.#pool = new Uint8Array(this.assembly.poolBytes)
    this.#prng = new Prng(seed)
    this.#writeLate = seed % 2 === 1
    for (let chunk = 0; chunk < chunkCount; chunk++) if (chunk !== withoutLayer) this.layer(chunk)
  }

  /** The layer of a chunk comes: in the middle of a batch, so nothing is acted on. */
  layer(chunk: number): void {
    this.assembly.leaves(this.geometry.firstBlockOfChunk(chunk), this.#layer(chunk))
  }

  /** A batch brings whole blocks: all of it has its place before anything is moved there. */
  batch(first: number, count: number): void {
    const moves: [Uint8Array, number][] = []
    for (let block = first; block < first + count; block++) {
      const bytes = this.bytesOf(block)
      for (let offset = 0; offset < bytes.length; offset += SYMBOL_BYTES) {
        const at = this.assembly.symbols(block, offset / SYMBOL_BYTES, 1, SYMBOL_BYTES)
        if (at >= 0) moves.push([bytes.subarray(offset, offset + SYMBOL_BYTES), at])
      }
    }
    for (const [bytes, at] of moves) this.#pool.set(bytes, at)
    for (let block = first; block < first + count; block++) this.assembly.settle(block)
    this.#act()
  }

  bytesOf(block: number): Uint8Array {
    const known = this.#bytes.get(block)
    if (known) return known
    const bytes = new Uint8Array(this.geometry.bytesOfBlock(block))
    for (let i = 0; i < bytes.length; i++) bytes[i] = i * 7 + block * 31 + (i >> 8)
    this.#bytes.set(block, bytes)
    return bytes
  }

  /**
   * Sends a group and its rows; returns how many of its symbols, and of its rows, were lost. What is
   * before the block `from` was sent before anybody listened.
   */
  send(
    group: number,
    rows: number,
    loss: number | Lost,
    from = 0,
  ): { lost: number; lostRows: number } {
    const { groups, assembly } = this
    const parity = new Uint8Array(rows * SYMBOL_BYTES)
    const rowsAt = Array.from({ length: rows }, (_, row) => row * SYMBOL_BYTES)
    const every = rowsAt.map((_, row) => row)
    const code = new ReedSolomon(fecKernel())
    let lost = 0
    groups.symbols(group, (column, block, symbol, length) => {
      const offset = symbol * SYMBOL_BYTES
      const slab = this.bytesOf(block).slice(offset, offset + length)
      const data = { slab, at: [0], bytes: [length] }
      code.encode([column], data, every, { slab: parity, at: rowsAt }, SYMBOL_BYTES)
      const isLost = typeof loss === 'number' ? this.#prng.unit() < loss : loss(block, symbol)
      if (block < from || isLost) {
        lost++
        return
      }
      const at = assembly.symbols(block, symbol, 1, SYMBOL_BYTES)
      if (at >= 0) this.#pool.set(slab, at)
      assembly.settle(block)
      this.#act()
    })
    let lostRows = 0
    for (const [row, rowAt] of rowsAt.entries()) {
      if (typeof loss === 'number' && this.#prng.unit() < loss) {
        lostRows++
        continue
      }
      const at = assembly.parity(groups.first(group), row, SYMBOL_BYTES)
      if (at >= 0) this.#pool.set(parity.subarray(rowAt, rowAt + SYMBOL_BYTES), at)
      assembly.settleParity(groups.first(group))
      this.#act()
    }
    return { lost, lostRows }
  }

  /** A peer brings what is missing of a block, or lies; returns how many symbols that are. */
  fetch(block: number, lies = false): number {
    let symbols = 0
    for (const range of this.assembly.missingOf(block)) {
      const { offsetBytes, lengthBytes } = range
      symbols += Math.ceil(lengthBytes / SYMBOL_BYTES)
      this.assembly.range(range, { origin: 'peer', peer: 1 }, (at, from, bytes) => {
        const start = offsetBytes + from
        const brought = this.bytesOf(block).slice(start, start + bytes)
        if (lies) brought[0] ^= 1
        this.#pool.set(brought, at)
      })
    }
    this.#act()
    return symbols
  }

  /** What was hashed stands on disk at once, or a while later. */
  write(): void {
    this.assembly.written(this.#unwritten.splice(0))
    this.#act()
  }

  #layer(chunk: number): Uint8Array {
    const first = this.geometry.firstBlockOfChunk(chunk)
    const count = this.geometry.blocksOfChunk(chunk)
    return Buffer.concat(Array.from({ length: count }, (_, i) => sha256(this.bytesOf(first + i))))
  }

  #hash({ at, bytes }: Piece): Uint8Array {
    return sha256(this.#pool.subarray(at, at + bytes))
  }

  #act(): void {
    for (let out = this.assembly.poll(); out !== undefined; out = this.assembly.poll()) {
      if (out.type === 'recover') {
        this.restored += out.missing.columns.length
        this.#restorer.restore(out, this.#pool)
      } else if (out.type === 'verify')
        this.assembly.hashed(
          out.pieces,
          Buffer.concat(out.pieces.flatMap(piecesOf).map(each => this.#hash(each))),
        )
      else if (out.type === 'write') {
        for (const { block, at, bytes } of out.pieces)
          this.disk.set(block, this.#pool.slice(at, at + bytes))
        if (this.#writeLate) this.#unwritten.push(...out.pieces)
        else this.assembly.written(out.pieces)
      } else if (out.type === 'mismatch') this.mismatches++
    }
  }
}

const sizes = fc.array(
  fc.oneof(fc.integer({ min: 1, max: 40_000 }), fc.integer({ min: 1, max: 500_000 })),
  { minLength: 1, maxLength: 6 },
)

it('restores what the rows suffice for, and keeps the rest as it is', () => {
  let restored = 0
  fc.assert(
    fc.property(
      sizes,
      fc.integer({ min: 0, max: 24 }),
      fc.nat(12),
      fc.nat(1e6),
      (all, rows, percent, seed) => {
        const path = new Path(all, 256, seed)
        const { assembly, geometry, groups } = path
        const count = groups.of(geometry.blockCount - 1) + 1
        let isCoded = false
        for (let group = 0; group < count; group++) {
          const { lost, lostRows } = path.send(group, rows, percent / 100)
          path.write()
          // Blocks are kept only once a row has come: before it nobody knows that parity comes.
          const suffices = lost <= rows - lostRows && (isCoded || lost === 0)
          isCoded ||= rows > lostRows
          for (let block = groups.first(group); suffices && block < groups.end(group); block++)
            expect([block, assembly.verified.has(block)]).toEqual([block, true])
        }
        expect(path.mismatches).toBe(0)
        for (const [block, bytes] of path.disk)
          expect(Buffer.compare(bytes, path.bytesOf(block))).toBe(0)
        // What stays in the pool: blocks that miss something, the last groups with their rows, and
        // groups that wait, for which there is a quarter of it.
        const open = Array.from({ length: geometry.blockCount }, (_, i) => i).filter(block =>
          assembly.isMissing(block),
        )
        expect(assembly.busyBytes / BLOCK_BYTES).toBeLessThanOrEqual(open.length + 5 * (16 + 6))
        restored += path.restored
      },
    ),
    // The only row of the first group is lost: the second is heard as if it were the first.
    { numRuns: 25, examples: [[[34135, 4099, 256689], 1, 2, 926214]] },
  )
  expect(restored).toBeGreaterThan(8)
})

it('without a way back restores the first group, and with what is on disk when it comes again', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 31 }), fc.nat(1e6), (from, seed) => {
      const path = new Path([3_000_000], 256, seed, true)
      const { assembly, groups } = path
      const blocksOf = (group: number): number => groups.end(group) - groups.first(group)
      const verified = (group: number): number =>
        assembly.verified.countIn(groups.first(group), blocksOf(group))
      // The first pass is heard from the middle of a group on, the second from its beginning.
      const [first, last] = [groups.of(from), groups.count - 1]
      for (let group = first; group <= last; group++) {
        const { lost, lostRows } = path.send(group, 14, 0.03, from)
        path.write()
        if (lost <= 14 - lostRows) expect(verified(group)).toBe(blocksOf(group))
      }
      for (let group = 0; group <= first; group++) {
        const { lost, lostRows } = path.send(group, 14, 0.03)
        path.write()
        if (lost <= 14 - lostRows) expect(verified(group)).toBe(blocksOf(group))
      }
      expect(path.mismatches).toBe(0)
      for (const [block, bytes] of path.disk)
        expect(Buffer.compare(bytes, path.bytesOf(block))).toBe(0)
      const missing = assembly.verified.size - assembly.verified.count
      expect(assembly.busyBytes / BLOCK_BYTES).toBeLessThanOrEqual(missing + 2 * (16 + 6))
    }),
    { numRuns: 25 },
  )
})

it('takes the rows for as many symbols as they are, and asks peers for the others alone', () => {
  let spared = 0
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.nat(1e6), (rows, seed) => {
      const path = new Path([5_000_000, 700_000], 1024, seed)
      const { assembly, geometry, groups } = path
      const waits = new Map<number, number>()
      for (let group = 0; group < groups.count; group++) {
        const { lost, lostRows } = path.send(group, rows, 0.05)
        path.write()
        if (group > 0 && lost > rows - lostRows && rows > lostRows)
          waits.set(group, lost - (rows - lostRows))
      }
      // They are passed some groups later, as the look at the stream has it.
      for (const [group, wanted] of waits) {
        const first = groups.first(group)
        const left = new Set(assembly.recovery.spare(first, groups.end(group) - first))
        spared += left.size
        let asked = 0
        for (let block = first; block < groups.end(group); block++)
          if (assembly.isMissing(block) && !left.has(block)) asked += path.fetch(block)
        expect(asked).toBeGreaterThanOrEqual(wanted)
        expect(asked).toBeLessThan(wanted + 12)
        path.write()
        path.write() // and what was restored from it
        for (let block = first; block < groups.end(group); block++)
          expect([block, assembly.verified.has(block)]).toEqual([block, true])
      }
      expect(path.mismatches).toBe(0)
      for (const [block, bytes] of path.disk)
        expect(Buffer.compare(bytes, path.bytesOf(block))).toBe(0)
      const open = geometry.blockCount - assembly.verified.count
      expect(assembly.busyBytes / BLOCK_BYTES).toBeLessThanOrEqual(open + 2 * (16 + 6))
    }),
    { numRuns: 25 },
  )
  expect(spared).toBeGreaterThan(100)
})

it('spares nothing of a group that cannot be restored', () => {
  const path = new Path([2_000_000], 256, 2)
  const { assembly, groups } = path
  path.send(0, 1, 0.05) // nobody knows yet that parity comes: what is written is not kept
  path.write()
  expect(assembly.recovery.spare(0, 16)).toEqual([])
  const first = groups.first(3)
  path.send(3, 0, 0.2) // no row
  expect(assembly.recovery.spare(first, 16)).toEqual([])
})

it('restores before the places that it gives back are filled again', () => {
  const path = new Path([16 * 8 * BLOCK_BYTES], 256, 2, false, 1)
  const { assembly } = path
  path.send(0, 2, () => false)
  path.send(1, 2, (block, symbol) => (block === 16 ? symbol < 2 : block < 19 && symbol === 3))
  path.send(2, 2, () => false)
  path.send(3, 2, () => false)
  expect(assembly.recovery.spare(16, 16)).toEqual([17, 18])
  path.fetch(16) // its layer is not here: it waits for that on disk
  path.layer(1)
  path.batch(64, 8)
  expect(path.mismatches).toBe(0)
  expect(path.restored).toBe(2)
  expect(assembly.verified.countIn(0, 72)).toBe(72)
})

it.each([16, 17])('spreads no lie of a peer about block %i', liar => {
  const path = new Path([16 * 8 * BLOCK_BYTES], 256, 2, false, 1)
  const { assembly } = path
  path.send(0, 6, () => false)
  path.send(1, 6, (block, symbol) =>
    block < 18 ? symbol < 3 : block < 24 && symbol === block - 18,
  )
  path.send(2, 6, () => false)
  expect(assembly.recovery.spare(16, 16)).toEqual([18, 19, 20, 21, 22, 23])
  path.fetch(16, liar === 16)
  path.fetch(17, liar === 17)
  path.layer(1)
  path.batch(64, 8)
  expect(path.mismatches).toBe(1)
  path.fetch(liar) // it comes whole, from somebody else
  expect(path.mismatches).toBe(1)
  expect(assembly.verified.countIn(0, 48)).toBe(48)
})

it('gives way when the pool runs low', () => {
  const path = new Path([2_000_000], 20, 4)
  for (let group = 0; group < 7; group++) {
    path.send(group, 12, 0.04)
    path.write()
  }
  expect(path.mismatches).toBe(0)
  for (const [block, bytes] of path.disk) expect(Buffer.compare(bytes, path.bytesOf(block))).toBe(0)
})
