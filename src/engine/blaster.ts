// Pulls batches from the sender's machine and puts them on the wire: writes headers, copies
// payloads, feels the socket's back-pressure and keeps the machine's schedule.

import { BLOCK_BYTES } from '../core/base/limits.js'
import type { MetaTree } from '../core/meta/tree.js'
import { Batch } from '../core/multicast/batch.js'
import type { BlastIn, Blasting } from '../core/session/blasting.js'
import { type Announce, encodeAnnounce } from '../core/wire/announce.js'
import { DATAGRAM, emptyHeader, HEADER_BYTES, writeHeader } from '../core/wire/datagram.js'
import type { Outlet } from '../io/net/outlet.js'
import type { Chunks } from './chunks.js'
import { nowMicros, TIMER_MILLIS_MAX } from './drive.js'
import { ParityMaker } from './parity-maker.js'

export interface BlasterOptions {
  readonly seed: Blasting
  readonly tree: MetaTree
  readonly chunks: Chunks
  readonly metaBytes: Uint8Array
  readonly outlet: Outlet
  readonly port: number
  readonly dataPort: number
  readonly feed: (input: BlastIn) => void
  /** Drains the machine after it was pulled from. */
  readonly drain: () => void
}

/** Datagrams pulled at a time. */
const BATCH = 256
/** The kernel refuses for so long before we believe that it will not come right. */
const MUTE_MILLIS = 3000

export class Blaster {
  readonly #options: BlasterOptions
  readonly #header = emptyHeader()
  readonly #batch = new Batch(BATCH)
  #parity: ParityMaker | undefined
  #timer: NodeJS.Timeout | undefined
  #immediate: NodeJS.Immediate | undefined
  /** When the pump should run next, to know how late it does. */
  #dueAt = 0
  #stopped = false
  #waitingForRoom = false
  #refusedAt: number | undefined
  #sentAtRefusal = 0

  constructor(options: BlasterOptions) {
    this.#options = options
    options.outlet.onError = error => this.#refused(error)
  }

  announce(sequence: number, announce: Announce, padToBytes?: number): void {
    const { outlet, seed, port } = this.#options
    if (outlet.room === 0) return
    const bytes = encodeAnnounce(seed.sender.session, sequence, announce, padToBytes)
    outlet.slot().set(bytes)
    if (padToBytes !== undefined) return outlet.sendWhole(bytes.length, port)
    outlet.send(bytes.length, port)
    outlet.flush()
  }

  /** Goes on when the machine may have something to send. */
  wake(): void {
    if (this.#stopped || this.#waitingForRoom || this.#immediate) return
    clearTimeout(this.#timer)
    const now = nowMicros()
    const at = this.#options.seed.fillDeadline(now)
    if (at === Number.POSITIVE_INFINITY) return
    this.#dueAt = at
    const wait = at - now
    if (wait <= 0) {
      this.#immediate = setImmediate(() => {
        this.#immediate = undefined
        this.#pump()
      })
    } else {
      const millis = Math.min(TIMER_MILLIS_MAX, Math.max(1, Math.round(wait / 1000)))
      this.#timer = setTimeout(() => this.#pump(), millis)
    }
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    clearImmediate(this.#immediate)
  }

  #pump(): void {
    if (this.#stopped) return
    const { seed, outlet, feed, drain } = this.#options
    if (outlet.room < BATCH) {
      // The line, not the schedule, holds the batch.
      this.#waitingForRoom = true
      outlet.whenRoom(() => {
        this.#waitingForRoom = false
        this.wake()
      })
      return feed({ type: 'blocked' })
    }
    const batch = this.#batch
    batch.clear()
    const now = nowMicros()
    seed.fill(batch, now, Math.max(0, now - this.#dueAt))
    let bytes = 0
    for (let i = 0; i < batch.count; i++) bytes += this.#send(batch, i)
    outlet.flush()
    if (bytes > 0) feed({ type: 'left', bytes })
    else drain()
    this.wake()
  }

  #send(batch: Batch, i: number): number {
    const { outlet, dataPort } = this.#options
    const slot = outlet.slot()
    const header = this.#header
    batch.headerOf(i, header)
    writeHeader(slot, 0, header)
    const bytes = HEADER_BYTES + batch.bytes[i]
    this.#payload(batch, i, slot.subarray(HEADER_BYTES, bytes))
    outlet.send(bytes, dataPort)
    return bytes
  }

  #payload(batch: Batch, i: number, into: Uint8Array): void {
    const { tree, chunks, metaBytes } = this.#options
    const symbolBytes = batch.symbolBytes[i]
    const block = batch.block[i]
    if (batch.type[i] === DATAGRAM.parity) {
      into.set(this.#rows(symbolBytes).row(block, batch.symbol[i]))
      return
    }
    if (batch.type[i] === DATAGRAM.meta) {
      into.set(metaBytes.subarray(block * symbolBytes, block * symbolBytes + into.length))
      return
    }
    const { geometry } = tree
    const chunk = geometry.chunkOfBlock(block)
    const held = chunks.get(chunk)!
    const inChunk = block - geometry.firstBlockOfChunk(chunk)
    if (batch.type[i] === DATAGRAM.layer) {
      into.set(held.leaves.subarray(32 * inChunk, 32 * inChunk + into.length))
      return
    }
    const at = inChunk * BLOCK_BYTES + batch.symbol[i] * symbolBytes
    const end = Math.min(inChunk * BLOCK_BYTES + geometry.bytesOfBlock(block), at + into.length)
    into.set(held.bytes.subarray(at, end))
    // The last symbol of a full block is padded, so that all segments of a batch are equal.
    if (end - at < into.length) into.fill(0, end - at)
  }

  /** Rows of parity are as long as the symbols of the session. */
  #rows(symbolBytes: number): ParityMaker {
    const { tree, chunks } = this.#options
    if (this.#parity?.symbolBytes !== symbolBytes)
      this.#parity = new ParityMaker(tree, chunks, symbolBytes)
    return this.#parity
  }

  /** One refusal says little (a cable, a full queue); refusals only, for seconds, say it all. */
  #refused(error: NodeJS.ErrnoException): void {
    if (error.code === 'ENOBUFS' || error.code === 'EAGAIN')
      return this.#options.feed({ type: 'blocked' })
    const { outlet, feed } = this.#options
    const now = performance.now()
    if (this.#refusedAt === undefined || outlet.sent > this.#sentAtRefusal) {
      this.#refusedAt = now
      this.#sentAtRefusal = outlet.sent
      if (outlet.sent > 0) return
    }
    const patience = outlet.sent === 0 ? 0 : MUTE_MILLIS
    if (now - this.#refusedAt >= patience)
      feed({ type: 'mute', reason: error.code ?? error.message })
  }
}
