// Runs of datagrams are a shortcut: what they lead to is what one datagram at a time leads to.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Bitmap } from '../../../src/core/base/bitmap.js'
import { BLOCK_BYTES } from '../../../src/core/base/limits.js'
import { Geometry } from '../../../src/core/meta/geometry.js'
import { Batch } from '../../../src/core/multicast/batch.js'
import { Assembly } from '../../../src/core/session/assembly.js'
import { Intake } from '../../../src/core/session/intake.js'
import { blocksIn, type Piece, piecesOf } from '../../../src/core/session/partial.js'
import { Transmitters } from '../../../src/core/session/transmitters.js'
import { DATAGRAM, emptyHeader } from '../../../src/core/wire/datagram.js'

const SYMBOL_BYTES = 1366
const SYMBOLS = 12
const BLOCKS = 20
const SHORT_BYTES = 5000
const CAPACITY = 64
const session = { high: 7, low: 9 }
const source = '10.0.0.1'
const channel = { group: '224.0.67.67', port: 6768 }

interface Heard {
  readonly sequence: number
  readonly block: number
  readonly symbol: number
  readonly bytes: number
  readonly low: number
}

class Stand {
  readonly geometry = new Geometry([(BLOCKS - 1) * BLOCK_BYTES + SHORT_BYTES], 1 << 20)
  readonly assembly: Assembly
  readonly transmitters = new Transmitters(BLOCKS)
  readonly intake: Intake
  /** By position in the pool, the datagram whose payload lies there, as `block:symbol`. */
  readonly pool = new Map<number, string>()

  constructor(poolBlocks: number) {
    const tree = { geometry: this.geometry, layerMatches: () => false }
    this.assembly = new Assembly(tree, new Bitmap(BLOCKS), poolBlocks * BLOCK_BYTES)
    this.transmitters.learn(session, source, channel, SYMBOL_BYTES, 0)
    this.intake = new Intake(this.geometry, this.assembly, this.transmitters)
  }

  /** Hears the datagrams, `together` at a time; blocks that are whole go to be hashed in between. */
  hear(datagrams: readonly Heard[], together: number): this {
    const batch = new Batch(CAPACITY)
    for (let at = 0; at < datagrams.length; at += CAPACITY) {
      batch.clear()
      for (const { low, bytes, ...told } of datagrams.slice(at, at + CAPACITY)) {
        const { high } = session
        const rest = { type: DATAGRAM.data, symbolBytes: SYMBOL_BYTES, sessionHigh: high }
        const header = { ...emptyHeader(), ...rest, sessionLow: low, ...told }
        batch.hear(header, new Uint8Array(0), 0, 32 + bytes, source, 1000 + at)
      }
      for (let i = 0; i < batch.count; i += together)
        this.intake.take(batch, i, Math.min(batch.count, i + together), 1000 + at)
      this.#move(batch)
      this.intake.settle()
    }
    return this
  }

  get outcome() {
    const [stream] = this.transmitters.streams()
    const { received, receivedBytes, duplicates, refused } = stream.takeHearing(1e6)
    const { assembly, transmitters } = this
    const whole: number[] = []
    for (let out = assembly.poll(); out !== undefined; out = assembly.poll())
      if (out.type === 'verify')
        whole.push(...out.pieces.flatMap(piecesOf).map(each => this.#whole(each)))
    const missing = [...Array(BLOCKS).keys()]
      .filter(block => assembly.isMissing(block))
      .map(block => assembly.missingOf(block))
    const { foreignDatagrams } = transmitters
    const counts = { received, receivedBytes, duplicates, refused, foreignDatagrams }
    return { whole: whole.sort((a, b) => a - b), missing, counts }
  }

  /** Each payload goes to its place, also of those that follow the first of a run to one place. */
  #move(batch: Batch): void {
    for (let i = 0; i < batch.count; i++)
      for (let at = 0; batch.place[i] >= 0 && at < batch.placeBytes[i]; at += SYMBOL_BYTES) {
        const row = i + at / SYMBOL_BYTES
        this.pool.set(batch.place[i] + at, `${batch.block[row]}:${batch.symbol[row]}`)
      }
  }

  /** The number of a block that goes to be hashed: its symbols lie where it says. */
  #whole({ block, at, bytes }: Piece): number {
    for (let symbol = 0; symbol * SYMBOL_BYTES < bytes; symbol++)
      expect(this.pool.get(at + symbol * SYMBOL_BYTES)).toBe(`${block}:${symbol}`)
    return block
  }
}

/** The whole blast in order. */
function blast(): Heard[] {
  const all: Heard[] = []
  for (let block = 0; block < BLOCKS; block++) {
    const bytes = block === BLOCKS - 1 ? SHORT_BYTES : BLOCK_BYTES
    for (let symbol = 0; symbol * SYMBOL_BYTES < bytes; symbol++) {
      const left = bytes === BLOCK_BYTES ? SYMBOL_BYTES : bytes - symbol * SYMBOL_BYTES
      const rest = { bytes: Math.min(SYMBOL_BYTES, left), low: session.low }
      all.push({ sequence: all.length, block, symbol, ...rest })
    }
  }
  return all
}

const mischief = fc.array(
  fc.record({
    at: fc.nat(BLOCKS * SYMBOLS),
    what: fc.constantFrom('lose', 'twice', 'short', 'foreign', 'beyond', 'swap'),
  }),
  { maxLength: 30 },
)

function wreak(all: Heard[], deeds: readonly { at: number; what: string }[]): void {
  for (const { at, what } of deeds) {
    const i = at % all.length
    if (what === 'lose' && all.length > 1) all.splice(i, 1)
    else if (what === 'twice') all.splice(i, 0, all[i])
    else if (what === 'short') all[i] = { ...all[i], bytes: 7 }
    else if (what === 'foreign') all[i] = { ...all[i], low: 1 }
    else if (what === 'beyond') all[i] = { ...all[i], symbol: 40 }
    else if (what === 'swap') all.push(...all.splice(i, 2))
  }
}

describe('the intake', () => {
  it('gives every symbol of a blast its place in a few runs', () => {
    const { whole, counts } = new Stand(64).hear(blast(), CAPACITY).outcome
    expect(whole).toEqual([...Array(BLOCKS).keys()])
    expect(counts.received).toBe(blast().length)
  })

  it('hands neighbouring blocks on together, as far as a batch has them whole', () => {
    const stand = new Stand(64).hear(blast(), CAPACITY)
    const out = stand.assembly.poll()
    const pieces = out?.type === 'verify' ? out.pieces : []
    const lengths = pieces.map(blocksIn)
    expect(lengths.reduce((sum, each) => sum + each, 0)).toBe(BLOCKS)
    expect(pieces.length).toBeLessThan(BLOCKS / 2)
    expect(Math.max(...lengths)).toBe(Math.floor(CAPACITY / SYMBOLS))
  })

  it('does with runs what it does with one datagram at a time', () => {
    fc.assert(
      fc.property(mischief, deeds => {
        const all = blast()
        wreak(all, deeds)
        const byRun = new Stand(64).hear(all, CAPACITY)
        const singly = new Stand(64).hear(all, 1)
        expect(byRun.outcome).toEqual(singly.outcome)
      }),
      { numRuns: 300 },
    )
  })
})
