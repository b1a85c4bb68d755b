// Blocks under construction, with real bytes and hashes: what came first does not win, what comes
// twice is kept within bounds, and no place of the pool is ever lost.

import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Bitmap } from '../../../src/core/base/bitmap.js'
import { BLOCK_BYTES, LIMITS } from '../../../src/core/base/limits.js'
import { Geometry } from '../../../src/core/meta/geometry.js'
import { Assembly, type AssemblyOut } from '../../../src/core/session/assembly.js'
import { piecesOf } from '../../../src/core/session/partial.js'
import { NO_ROOM, UNWANTED } from '../../../src/core/session/placing.js'
import type { Range } from '../../../src/core/wire/message.js'

const SYMBOL_BYTES = 1448
const SYMBOLS = 12
const NOTHING = new Uint8Array(BLOCK_BYTES)

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest()

/** An assembly and the shell around it: bytes, hashes and a disk. */
class Bench {
  readonly geometry: Geometry
  readonly assembly: Assembly
  readonly data: Uint8Array
  readonly pool: Uint8Array
  readonly disk: Uint8Array
  readonly outs: AssemblyOut[] = []

  constructor(blocks: number, poolBlocks = 4096, keeps = true) {
    this.geometry = new Geometry([blocks * BLOCK_BYTES - 100], 1 << 20)
    this.data = new Uint8Array(this.geometry.totalBytes).map((_, i) => (i * 31 + (i >> 8)) % 251)
    this.disk = new Uint8Array(this.geometry.totalBytes)
    const { geometry } = this
    const tree = {
      geometry,
      layerMatches: (chunk: number, leaves: Uint8Array) =>
        sha256(leaves).join() === sha256(this.layer(chunk)).join(),
    }
    this.assembly = new Assembly(tree, new Bitmap(blocks), poolBlocks * BLOCK_BYTES, { keeps })
    this.pool = new Uint8Array(this.assembly.poolBytes)
  }

  layer(chunk: number): Uint8Array {
    const first = this.geometry.firstBlockOfChunk(chunk)
    const leaves = new Uint8Array(32 * this.geometry.blocksOfChunk(chunk))
    for (let i = 0; i < leaves.length / 32; i++) leaves.set(sha256(this.bytesOf(first + i)), 32 * i)
    return leaves
  }

  layers(): this {
    for (let chunk = 0; chunk < this.geometry.chunkCount; chunk++)
      this.assembly.leaves(this.geometry.firstBlockOfChunk(chunk), this.layer(chunk))
    return this
  }

  bytesOf(block: number): Uint8Array {
    const from = block * BLOCK_BYTES
    return this.data.subarray(from, from + this.geometry.bytesOfBlock(block))
  }

  /** Hears one symbol; a forged one has zeros and some `mark`. True when it was given a place. */
  hear(block: number, symbol: number, mark = 0): boolean {
    const at = this.assembly.symbols(block, symbol, 1, SYMBOL_BYTES)
    if (at < 0) return false
    const from = symbol * SYMBOL_BYTES
    const right = this.bytesOf(block).subarray(from, from + SYMBOL_BYTES)
    this.pool.set(mark === 0 ? right : new Uint8Array(right.length).fill(mark), at)
    return true
  }

  /** Hears the block's symbols, but for some. */
  hearAll(block: number, except: readonly number[] = []): void {
    for (let symbol = 0; symbol < SYMBOLS; symbol++)
      if (!except.includes(symbol)) this.hear(block, symbol)
  }

  /** A peer sends part of a block. */
  send(block: number, offsetBytes: number, lengthBytes: number, right = true): void {
    const bytes = right ? this.bytesOf(block) : NOTHING
    this.#answer({ block, offsetBytes, lengthBytes }, bytes.subarray(offsetBytes))
  }

  /** A peer sends whole blocks, of which some are wrong. */
  sendAll(first: number, count: number, wrong: readonly number[] = [], peer = 1): void {
    const blocks = Array.from({ length: count }, (_, i) => first + i)
    const bytes = Buffer.concat(
      blocks.map(block => {
        const right = this.bytesOf(block)
        return wrong.includes(block) ? NOTHING.subarray(0, right.length) : right
      }),
    )
    this.#answer({ block: first, offsetBytes: 0, lengthBytes: bytes.length }, bytes, peer)
  }

  #answer(range: Range, bytes: Uint8Array, peer = 1): void {
    this.assembly.range(range, { origin: 'peer', peer }, (at, from, count) =>
      this.pool.set(bytes.subarray(from, from + count), at),
    )
  }

  /** Ends a turn: carries out all that the assembly wants. */
  run(...blocks: number[]): void {
    this.assembly.settleBlocks()
    for (const block of blocks) this.assembly.settle(block)
    for (let out = this.assembly.poll(); out !== undefined; out = this.assembly.poll()) {
      this.outs.push(out)
      this.#act(out)
    }
  }

  get isRight(): boolean {
    return Buffer.compare(this.disk, this.data) === 0
  }

  /** How many blocks it wanted that for. */
  count(type: AssemblyOut['type']): number {
    const blocks = this.outs
      .filter(out => out.type === type)
      .map(out =>
        'pieces' in out
          ? out.pieces.flatMap(piecesOf).length
          : 'blocks' in out
            ? out.blocks.length
            : 1,
      )
    return blocks.reduce((sum, each) => sum + each, 0)
  }

  #act(out: AssemblyOut): void {
    const { pool, disk, assembly } = this
    switch (out.type) {
      case 'fill': {
        for (const { offsetBytes, lengthBytes } of out.spilled) {
          const from = out.block * BLOCK_BYTES + offsetBytes
          pool.set(disk.subarray(from, from + lengthBytes), out.at + offsetBytes)
        }
        return assembly.filled(out.block)
      }
      case 'verify': {
        const digests = out.pieces
          .flatMap(piecesOf)
          .map(({ at, bytes }) => sha256(pool.subarray(at, at + bytes)))
        return assembly.hashed(out.pieces, Buffer.concat(digests))
      }
      case 'swap': {
        const held = pool.slice(out.at, out.at + out.bytes)
        pool.copyWithin(out.at, out.spare, out.spare + out.bytes).set(held, out.spare)
        return
      }
      case 'write':
        for (const { block, at, bytes } of out.pieces)
          disk.set(pool.subarray(at, at + bytes), block * BLOCK_BYTES)
        return assembly.written(out.pieces)
      case 'spill': {
        for (const { offsetBytes, lengthBytes } of out.parts) {
          const from = out.at + offsetBytes
          disk.set(pool.subarray(from, from + lengthBytes), out.block * BLOCK_BYTES + offsetBytes)
        }
        return assembly.spilled(out.block)
      }
    }
  }
}

describe('assembly', () => {
  it('verifies a block whose forged symbol was heard first', () => {
    for (const symbol of [0, 5, SYMBOLS - 1]) {
      const bench = new Bench(2).layers()
      for (const block of [0, 1]) {
        bench.hear(block, symbol, 1)
        expect(bench.hear(block, symbol)).toBe(true)
        bench.hearAll(block, [symbol])
        bench.run(block)
        expect(bench.assembly.verified.has(block)).toBe(true)
      }
      expect(bench.isRight).toBe(true)
      expect(bench.count('verify')).toBe(4)
      expect(bench.count('mismatch')).toBe(0)
      expect(bench.assembly.ledger.bytesBy.multicast).toBe(bench.data.length)
      expect(bench.assembly.busyBytes).toBe(0)
    }
  })

  it('finds the right ones of two symbols with two copies each in four tries', () => {
    for (const forged of [0b00, 0b01, 0b10, 0b11]) {
      const bench = new Bench(1).layers()
      bench.hear(0, 3, forged & 1)
      bench.hear(0, 7, (forged >> 1) & 1)
      bench.hear(0, 3, 1 - (forged & 1))
      bench.hear(0, 7, 1 - ((forged >> 1) & 1))
      bench.hearAll(0, [3, 7])
      bench.run(0)
      expect(bench.assembly.verified.has(0)).toBe(true)
      expect(bench.isRight).toBe(true)
      expect(bench.count('verify')).toBe([1, 2, 4, 3][forged])
      expect(bench.assembly.busyBytes).toBe(0)
    }
  })

  it('finds the right one of three copies of one symbol, and tries none twice', () => {
    for (const marks of [
      [1, 2, 0],
      [1, 2, 3],
    ]) {
      const bench = new Bench(1).layers()
      for (const mark of marks) bench.hear(0, 4, mark)
      bench.hearAll(0, [4])
      bench.run(0)
      expect(bench.assembly.verified.has(0)).toBe(marks[2] === 0)
      expect(bench.count('verify')).toBe(3)
      expect(bench.assembly.busyBytes).toBe(0)
    }
  })

  it('wants a block whole from one peer when no combination is right', () => {
    const bench = new Bench(1).layers()
    for (const mark of [1, 2]) for (const symbol of [0, 1]) bench.hear(0, symbol, mark)
    bench.hearAll(0, [0, 1])
    bench.run(0)
    expect(bench.count('verify')).toBe(4)
    expect(bench.outs.at(-1)).toEqual({ type: 'mismatch', block: 0, origins: ['multicast'] })
    expect(bench.assembly.busyBytes).toBe(0)
    const bytes = bench.data.length
    expect(bench.assembly.missingOf(0)).toEqual([{ block: 0, offsetBytes: 0, lengthBytes: bytes }])
    expect(bench.hear(0, 0)).toBe(false)
    bench.send(0, 0, bytes)
    bench.run()
    expect(bench.assembly.verified.has(0)).toBe(true)
    expect(bench.assembly.busyBytes).toBe(0)
  })

  it('tries nothing beside what a peer sent', () => {
    const bench = new Bench(2).layers()
    bench.hear(0, 0)
    bench.hear(0, 0)
    bench.send(0, 0, BLOCK_BYTES, false)
    bench.run()
    expect(bench.count('verify')).toBe(1)
    expect(bench.outs.at(-1)).toEqual({ type: 'mismatch', block: 0, origins: ['peer'], giver: 1 })
    bench.hear(1, 0)
    bench.send(1, SYMBOL_BYTES, SYMBOL_BYTES, false)
    expect(bench.hear(1, 1)).toBe(false)
    bench.hearAll(1)
    bench.run(1)
    expect(bench.outs.at(-1)).toMatchObject({ type: 'mismatch', block: 1 })
    expect(bench.assembly.busyBytes).toBe(0)
  })

  it('waits for the layer when there are copies to choose from', () => {
    const bench = new Bench(2)
    bench.hear(0, 0, 1)
    bench.hear(0, 0)
    bench.hearAll(0, [0])
    bench.hearAll(1)
    bench.run(0, 1)
    expect(bench.count('write')).toBe(1)
    expect([...bench.assembly.chunksWithoutLayer()]).toEqual([0])
    expect(bench.assembly.isMissing(0)).toBe(false)
    bench.layers().run()
    expect(bench.count('mismatch')).toBe(0)
    expect(bench.isRight).toBe(true)
    expect([...bench.assembly.chunksWithoutLayer()]).toEqual([])
    expect(bench.assembly.busyBytes).toBe(0)
  })

  it('needs no layer when the right copies came first', () => {
    const bench = new Bench(2)
    bench.hear(0, 0)
    bench.hear(0, 0, 1)
    bench.hearAll(0, [0])
    bench.hearAll(1)
    bench.run(0, 1)
    expect(bench.assembly.verified.full).toBe(true)
    expect(bench.assembly.busyBytes).toBe(0)
  })

  it('waits for no layer when the pool runs low, and then knows no remedy', () => {
    const bench = new Bench(64, 16)
    bench.hear(0, 0, 1)
    bench.hear(0, 0)
    bench.hearAll(0, [0])
    bench.run(0)
    for (let block = 1; bench.count('write') === 0; block++) {
      bench.hear(block, 0)
      bench.run()
    }
    bench.layers().run()
    expect(bench.outs.at(-1)).toMatchObject({ type: 'mismatch', block: 0 })
    expect(bench.assembly.isMissing(0)).toBe(true)
    expect(bench.assembly.isAwaited(0)).toBe(false)
  })

  it('takes copies of what was spilled, however low the pool', () => {
    const bench = new Bench(40, 16).layers()
    for (let block = 0; block < 40; block++) {
      bench.hear(block, 3, 1)
      bench.run(block)
    }
    expect(bench.count('spill')).toBeGreaterThan(20)
    bench.hearAll(0)
    bench.run(0)
    expect(bench.count('mismatch')).toBe(0)
    expect(bench.assembly.verified.has(0)).toBe(true)
  })

  it('still knows the copies of a block that was spilled', () => {
    const bench = new Bench(20, 16).layers()
    bench.hear(0, 0, 1)
    expect(bench.hear(0, 0)).toBe(true)
    bench.run(0)
    for (let block = 1; bench.count('spill') === 0; block++) {
      bench.hear(block, 0)
      bench.run(block)
    }
    expect(bench.outs[0]).toMatchObject({ type: 'spill', block: 0 })
    bench.hearAll(0)
    bench.run(0)
    expect(bench.count('verify')).toBe(2)
    expect(bench.assembly.verified.has(0)).toBe(true)
  })

  it('keeps no more copies than it may', () => {
    const bench = new Bench(LIMITS.alternateBlocksMax + 10).layers()
    let kept = 0
    for (let block = 0; block < bench.geometry.blockCount; block++)
      for (let copy = 0; copy < 10; copy++)
        if (bench.hear(block, copy % 3, copy + 1) && copy > 2) kept++
    expect(kept).toBe(LIMITS.alternateBlocksMax * LIMITS.alternatesPerBlock)
    const places = bench.geometry.blockCount + LIMITS.alternateBlocksMax
    expect(bench.assembly.busyBytes).toBe(places * BLOCK_BYTES)
    for (let block = 0; block < bench.geometry.blockCount; block++) {
      bench.send(block, 0, bench.geometry.bytesOfBlock(block))
      bench.run()
    }
    expect(bench.assembly.verified.full).toBe(true)
    expect(bench.assembly.busyBytes).toBe(0)
  })

  it('ends right and with an empty pool, whatever comes in which order', () => {
    const blocks = 40
    const heard = fc.record({
      block: fc.nat(blocks - 1),
      symbol: fc.nat(SYMBOLS - 1),
      mark: fc.constantFrom(0, 0, 0, 0, 1, 2),
      what: fc.constantFrom('symbol', 'symbol', 'symbol', 'all', 'part', 'blocks', 'run'),
    })
    const steps = fc.array(heard, { minLength: 50, maxLength: 400 })
    const property = fc.property(steps, fc.boolean(), (steps, layersFirst) => {
      // A pool of 32 for 40 blocks: some must be spilled.
      const bench = new Bench(blocks, 32)
      if (layersFirst) bench.layers()
      for (const { block, symbol, mark, what } of steps) {
        const bytes = bench.geometry.bytesOfBlock(block)
        const from = symbol * SYMBOL_BYTES
        if (what === 'symbol') bench.hear(block, symbol, mark)
        else if (what === 'all') bench.hearAll(block, mark === 0 ? [] : [symbol])
        else if (what === 'part')
          bench.send(block, from, Math.min(SYMBOL_BYTES, bytes - from), mark === 0)
        else if (what === 'blocks')
          bench.sendAll(
            block,
            Math.min(symbol + 1, blocks - block),
            mark === 0 ? [] : [block + mark],
          )
        if (what === 'run' || what === 'all') bench.run(block)
      }
      bench.layers()
      for (let block = 0; block < blocks; block++) {
        bench.run(block)
        bench.send(block, 0, bench.geometry.bytesOfBlock(block))
        bench.run()
      }
      expect(bench.isRight).toBe(true)
      expect(bench.assembly.busyBytes).toBe(0)
    })
    fc.assert(property, { numRuns: 50 })
  })

  it('takes neighbours that a peer sent together as one, with the layer or without it', () => {
    for (const layersFirst of [true, false]) {
      const bench = new Bench(64)
      if (layersFirst) bench.layers()
      // The second of these answers begins in the middle of the first.
      for (const first of [0, 8, 16, 32, 48]) bench.sendAll(first, 16)
      bench.run()
      expect(bench.isRight).toBe(true)
      expect(bench.count('verify')).toBe(64)
      const written = bench.outs.flatMap(out => (out.type === 'write' ? out.pieces : []))
      expect(written.length).toBeLessThan(16)
      // Without it the hashes of all blocks are the layer.
      expect(bench.assembly.verified.count).toBe(64)
      expect(bench.assembly.ledger.bytesBy.peer).toBe(bench.data.length)
      expect([...bench.assembly.chunksWithoutLayer()]).toEqual([])
      expect(bench.assembly.busyBytes).toBe(0)
    }
  })

  it('finds the one wrong block of many, and whose it was, also when the layer comes last', () => {
    for (const layersFirst of [true, false]) {
      const bench = new Bench(64)
      if (layersFirst) bench.layers()
      bench.sendAll(0, 16, [], 1)
      bench.sendAll(16, 16, [21], 2)
      bench.run()
      expect(bench.assembly.isMissing(3)).toBe(false)
      bench.layers().run()
      const blame = { type: 'mismatch', block: 21, origins: ['peer'], giver: 2 }
      expect(bench.outs.filter(out => out.type === 'mismatch')).toEqual([blame])
      expect(bench.assembly.verified.count).toBe(31)
      expect(bench.assembly.isMissing(21)).toBe(true)
      // Nobody's word counts for it any more but a whole block's.
      expect(bench.hear(21, 0)).toBe(false)
      bench.sendAll(20, 44, [], 1)
      bench.run(21, 63)
      expect(bench.isRight).toBe(true)
      expect(bench.count('mismatch')).toBe(1)
      expect(bench.assembly.busyBytes).toBe(0)
    }
  })

  it('forgets the copies of a block with it, where nothing can be spilled', () => {
    const bench = new Bench(128, 32, false).layers()
    for (const mark of [0, 5, 6]) bench.hear(0, 0, mark)
    bench.run(0)
    // The pool runs low: the oldest of those that are begun is forgotten.
    for (let block = 64; block < 100; block++) {
      bench.hear(block, 3)
      bench.run(block)
    }
    expect(bench.assembly.missingOf(0)).toEqual([
      { block: 0, offsetBytes: 0, lengthBytes: BLOCK_BYTES },
    ])
    for (let block = 64; block < 128; block++) {
      bench.sendAll(block, 1)
      bench.run()
    }
    expect(bench.assembly.busyBytes).toBe(0)
    bench.sendAll(0, 4, [0], 3)
    bench.run()
    expect(bench.count('swap')).toBe(0)
    expect(bench.outs.filter(out => out.type === 'mismatch')).toMatchObject([
      { block: 0, giver: 3 },
    ])
    bench.sendAll(0, 1)
    bench.run()
    expect(bench.assembly.verified.has(0)).toBe(true)
    expect(bench.assembly.busyBytes).toBe(0)
  })

  it('tells a symbol for which there is no room from one that nobody needs', () => {
    const bench = new Bench(64, 16)
    // Whole blocks that wait to be hashed and written: nothing of them can be moved out.
    let taken = 0
    while (taken < 64 && bench.hear(taken, 0)) {
      for (let symbol = 1; symbol < SYMBOLS; symbol++) bench.hear(taken, symbol)
      bench.assembly.settle(taken++)
    }
    expect(taken).toBeGreaterThan(8)
    expect(bench.assembly.symbols(taken, 0, 1, SYMBOL_BYTES)).toBe(NO_ROOM)
    expect(bench.assembly.symbols(0, 0, 1, SYMBOL_BYTES)).toBe(UNWANTED)
  })
})
