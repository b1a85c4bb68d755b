// The blast: goes through what a pass has to send, chunk by chunk in order, and hands out batches of
// datagrams when the pacer has credit. It is pulled (`fill`), so a socket that pushes back slows it
// for free. Each chunk is read and hashed before it is sent: that yields the layer that precedes it
// and catches a file that changed.

import { assert } from '../base/assert.js'
import { BLOCK_BYTES, LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'
import { RangeSet } from '../base/ranges.js'
import { type Geometry, symbolsInBlock } from '../meta/geometry.js'
import type { RateController } from '../rate/controller.js'
import { Pacer } from '../rate/pacer.js'
import { DATAGRAM, FEC_CODE, HEADER_BYTES, type SessionId } from '../wire/datagram.js'
import type { Batch } from './batch.js'
import { Groups } from './groups.js'
import { Parity } from './parity.js'
import { SEQUENCES } from './sequence.js'

export type SenderOut =
  /** Read and hash the chunk, then call `chunkReady`. */
  | { readonly type: 'read'; readonly chunk: number }
  /** The chunk's bytes are no longer needed. */
  | { readonly type: 'release'; readonly chunk: number }
  | { readonly type: 'pass-ended'; readonly pass: number }

export interface SenderOptions {
  readonly geometry: Geometry
  readonly session: SessionId
  readonly symbolBytes: number
  readonly rate: RateController
  readonly metaBytes: number
  /** How many rows of parity the next group gets; asked once a group. */
  readonly parityRows?: (columns: number) => number
  /** Some listen who can ask for nothing: the meta leads every pass, and comes more often. */
  readonly carousel?: boolean
}

/** A chunk of the pass that is being read or waits to be sent. */
interface Ahead {
  readonly chunk: number
  readonly bytes: number
  ready: boolean
}

export class Sender {
  session: SessionId
  symbolBytes: number
  readonly #geometry: Geometry
  readonly #rate: RateController
  #pacer: Pacer
  #filledAt: Micros = Number.NEGATIVE_INFINITY
  #metaSymbols: number
  readonly #metaBytes: number
  readonly #carousel: boolean
  readonly #parityRows: (columns: number) => number
  #parity: Parity
  readonly #out: SenderOut[] = []
  /** Blocks that this pass still has to send. */
  #todo = new RangeSet()
  /** Those of them whose chunks were not asked for yet, and where to go on asking. */
  #unread = new RangeSet()
  #readFrom = 0
  #ahead: Ahead[] = []
  #aheadBytes = 0
  #running = false
  #paused = false
  pass = 0
  sequence = 0
  /** Bytes of UDP payload handed out, by all passes. */
  sentBytes = 0
  #passBlocks = 0
  #sentBlocks = 0
  #metaNext: number
  #metaAt: Micros = Number.NEGATIVE_INFINITY
  #bytesSinceMeta = 0
  // Where the pass is inside its first chunk.
  #leaf = 0
  #block = -1
  #symbol = 0

  constructor(options: SenderOptions) {
    this.session = options.session
    this.#geometry = options.geometry
    this.symbolBytes = options.symbolBytes
    this.#rate = options.rate
    this.#pacer = new Pacer(options.rate.rateBps, 0)
    this.#metaBytes = options.metaBytes
    this.#carousel = options.carousel ?? false
    this.#parityRows = options.parityRows ?? (() => 0)
    this.#parity = this.#newParity()
    this.#metaSymbols = Math.ceil(options.metaBytes / options.symbolBytes)
    this.#metaNext = 0
  }

  get running(): boolean {
    return this.#running
  }

  /** How much of the present pass is sent, 0…1. */
  get passFraction(): number {
    if (this.#passBlocks === 0) return this.pass === 0 ? 0 : 1
    return this.#sentBlocks / this.#passBlocks
  }

  /**
   * Starts a pass over `blocks` (global block numbers): from the chunk of `first` on to the end, and
   * then the rest from the beginning.
   */
  startPass(blocks: RangeSet, now: Micros, first = 0): void {
    this.#todo = blocks
    this.#passBlocks = blocks.total
    this.#sentBlocks = 0
    this.#unread = RangeSet.from(blocks.runs())
    this.#readFrom = first
    this.pass++
    this.#running = true
    this.#leaf = 0
    this.#block = -1
    if (this.#carousel && this.#metaNext >= this.#metaSymbols) this.#metaNext = 0
    this.#release(this.#parity.leave())
    this.#pacer = new Pacer(this.#rate.rateBps, now)
    this.#readAhead()
    if (blocks.total === 0) this.#end()
  }

  /** Between passes: goes on as another session, in datagrams of another length. */
  reform(session: SessionId, symbolBytes: number): void {
    assert(!this.#running, 'between passes')
    this.session = session
    this.symbolBytes = symbolBytes
    this.sequence = 0
    this.#parity = this.#newParity()
    this.#metaSymbols = Math.ceil(this.#metaBytes / symbolBytes)
    this.#metaNext = 0
  }

  #newParity(): Parity {
    return new Parity(new Groups(this.#geometry, this.symbolBytes), this.#parityRows)
  }

  /** Stops: what was read ahead is released. */
  stop(): void {
    this.#release(this.#parity.leave())
    this.#release(this.#ahead.map(({ chunk }) => chunk))
    this.#ahead = []
    this.#aheadBytes = 0
    this.#running = false
  }

  /** The shell has read and hashed the chunk and it is what the meta says. */
  chunkReady(chunk: number): void {
    const ahead = this.#ahead.find(candidate => candidate.chunk === chunk)
    if (ahead) ahead.ready = true
  }

  /** What the present pass has still to send. */
  get rest(): RangeSet {
    return RangeSet.from(this.#todo.runs())
  }

  /** True when `block` will still be sent in the present pass. */
  willSend(block: number): boolean {
    return this.#running && this.#todo.has(block)
  }

  pause(paused: boolean): void {
    this.#paused = paused
  }

  /** When `fill` has something to do; `Infinity` while it waits for a read or has no pass. */
  deadline(now: Micros): Micros {
    if (!this.#running || this.#paused) return Number.POSITIVE_INFINITY
    if (!this.#parity.pending && this.#ahead[0]?.ready !== true) return Number.POSITIVE_INFINITY
    // While it catches up, bursts come at twice the rate at most: small switch buffers keep them.
    const credit = this.#pacer.deadline(now, HEADER_BYTES + this.symbolBytes)
    return Math.max(credit, this.#filledAt + LIMITS.burstMicros / 2)
  }

  poll(): SenderOut | undefined {
    return this.#out.shift()
  }

  /**
   * Fills the batch with what the pacer allows now; the shell sends it and reports `onSent`.
   * `lateMicros`: by how much the shell's timer missed the deadline.
   */
  fill(batch: Batch, now: Micros, lateMicros = 0): void {
    if (this.#paused) return
    this.#pacer.setRate(this.#rate.rateBps, now)
    const size = HEADER_BYTES + this.symbolBytes
    let credit = this.#pacer.batchBytes(now, size, lateMicros)
    this.#filledAt = now
    const timestamp = now % 2 ** 32
    while (this.#running && !batch.full) {
      if (credit < size) break
      const most = Math.min(Math.floor(credit / size), batch.capacity - batch.count)
      const count = this.#next(batch, now, most)
      if (count === 0) break
      const i = batch.count
      batch.sequence[i] = this.sequence % SEQUENCES
      batch.sessionHigh[i] = this.session.high
      batch.sessionLow[i] = this.session.low
      batch.symbolBytes[i] = this.symbolBytes
      batch.timestampMicros[i] = timestamp
      batch.add()
      if (count > 1) batch.extend(count - 1)
      const sent = count * (HEADER_BYTES + batch.bytes[i])
      this.sequence += count
      credit -= sent
      this.sentBytes += sent
      this.#bytesSinceMeta += sent
      this.#pacer.spend(sent)
    }
  }

  /**
   * Describes the next datagram in column `batch.count`, and says how many there are with those that
   * only continue it, `most` at most; 0 when there is none to send now.
   */
  #next(batch: Batch, now: Micros, most: number): number {
    if (this.#parity.pending) {
      const { firstBlock } = this.#parity
      describe(batch, DATAGRAM.parity, firstBlock, this.#parity.next(), this.symbolBytes)
      if (!this.#parity.pending) this.#groupSent()
      return 1
    }
    const head = this.#ahead[0]
    if (head === undefined || !head.ready) return 0
    if (this.#metaDue(now)) {
      const index = this.#metaNext++
      const bytes = Math.min(this.symbolBytes, this.#metaBytes - index * this.symbolBytes)
      describe(batch, DATAGRAM.meta, index, 0, bytes)
      return 1
    }
    const first = this.#geometry.firstBlockOfChunk(head.chunk)
    const blocks = this.#geometry.blocksOfChunk(head.chunk)
    const leaves = this.#hasLayer(head.chunk) ? blocks : 0
    if (this.#leaf < leaves) {
      const count = Math.min(Math.floor(this.symbolBytes / 32), leaves - this.#leaf)
      describe(batch, DATAGRAM.layer, first + this.#leaf, 0, 32 * count)
      this.#leaf += count
      return 1
    }
    if (this.#block < 0) this.#block = this.#todo.nextFrom(first)
    const block = this.#block
    if (this.#symbol === 0) this.#release(this.#parity.enter(block))
    const blockBytes = this.#geometry.bytesOfBlock(block)
    const symbols = symbolsInBlock(blockBytes, this.symbolBytes)
    const isFull = blockBytes === BLOCK_BYTES
    const left = blockBytes - this.#symbol * this.symbolBytes
    const bytes = isFull ? this.symbolBytes : Math.min(left, this.symbolBytes)
    describe(batch, DATAGRAM.data, block, this.#symbol, bytes)
    const count = isFull ? Math.min(most, symbols - this.#symbol) : 1
    this.#symbol += count
    if (this.#symbol === symbols) this.#blockSent(head, first + blocks)
    return count
  }

  #blockSent(head: Ahead, chunkEnd: number): void {
    this.#todo.delete(this.#block, 1)
    this.#sentBlocks++
    this.#parity.sent()
    this.#symbol = 0
    const next = this.#todo.nextFrom(this.#block)
    this.#block = -1
    if (next >= 0 && next < chunkEnd) return
    this.#leaf = 0
    this.#ahead.shift()
    this.#aheadBytes -= head.bytes
    this.#release(this.#parity.spend(head.chunk))
    this.#readAhead()
    if (!this.#parity.pending) this.#groupSent()
  }

  /** Nothing of a group is left to send; it may have been the last. */
  #groupSent(): void {
    if (this.#todo.total > 0) return
    this.#release(this.#parity.leave())
    this.#end()
  }

  #release(chunks: readonly number[]): void {
    for (const chunk of chunks) this.#out.push({ type: 'release', chunk })
  }

  #end(): void {
    this.#running = false
    this.#out.push({ type: 'pass-ended', pass: this.pass })
  }

  /** Where a chunk's only leaf is its root, no layer is needed. */
  #hasLayer(chunk: number): boolean {
    if (this.#geometry.blocksPerChunk === 1) return false
    return this.#geometry.blocksOfFile(this.#geometry.fileOfChunk(chunk)) > 1
  }

  #readAhead(): void {
    while (this.#aheadBytes < LIMITS.readAheadBytes || this.#ahead.length < 2) {
      let block = this.#unread.nextFrom(this.#readFrom)
      if (block < 0) block = this.#unread.first
      if (block < 0) return
      const chunk = this.#geometry.chunkOfBlock(block)
      const bytes = this.#geometry.bytesOfChunk(chunk)
      const first = this.#geometry.firstBlockOfChunk(chunk)
      this.#readFrom = first + this.#geometry.blocksOfChunk(chunk)
      this.#unread.delete(first, this.#readFrom - first)
      this.#ahead.push({ chunk, bytes, ready: false })
      this.#aheadBytes += bytes
      this.#out.push({ type: 'read', chunk })
    }
  }

  /** The meta goes first, and again while it costs little, for those who join late. */
  #metaDue(now: Micros): boolean {
    const [everyMicros, share] = this.#carousel
      ? [LIMITS.carouselMetaEveryMicros, LIMITS.carouselMetaShare]
      : [LIMITS.metaAgainEveryMicros, LIMITS.metaRateShare]
    const again =
      now - this.#metaAt >= everyMicros && this.#metaBytes <= share * this.#bytesSinceMeta
    if (this.#metaNext >= this.#metaSymbols && again) this.#metaNext = 0
    if (this.#metaNext >= this.#metaSymbols) return false
    this.#metaAt = now
    this.#bytesSinceMeta = 0
    return true
  }
}

function describe(batch: Batch, type: number, block: number, symbol: number, bytes: number): void {
  const i = batch.count
  batch.type[i] = type
  batch.fecCode[i] = type === DATAGRAM.parity ? FEC_CODE : 0
  batch.block[i] = block
  batch.symbol[i] = symbol
  batch.bytes[i] = bytes
}
