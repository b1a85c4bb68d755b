// Pulls batches from the sender's machine and puts them on the wire: writes headers, copies
// payloads, feels the socket's back-pressure and keeps the machine's schedule.

import { assert } from '../core/base/assert.js'
import { BLOCK_BYTES } from '../core/base/limits.js'
import { DIGEST_BYTES } from '../core/base/merkle.js'
import type { MetaTree } from '../core/meta/tree.js'
import { Batch } from '../core/multicast/batch.js'
import type { BlastIn, Blasting } from '../core/session/blasting.js'
import type { Allowance } from '../core/swarm/allowance.js'
import { type Announce, encodeAnnounce } from '../core/wire/announce.js'
import { DATAGRAM, emptyHeader, HEADER_BYTES, writeHeader } from '../core/wire/datagram.js'
import { loadNative } from '../io/native/load.js'
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
  readonly upload: Allowance
  readonly feed: (input: BlastIn) => void
  /** Drains the machine after it was pulled from. */
  readonly drain: () => void
}

/** Datagrams pulled at a time: more than 2 ms of 5 Gbit/s, as a timer wakes no more often. */
const BATCH = 1024
/** Of UDP, IP and Ethernet. */
const UDP_HEADER_BYTES = 42
/** Of what may be sent, UDP payload of a blast: the line carries 3 % more, and peers have the rest. */
const BLAST_SHARE = 0.98
/** Datagrams that may wait for the kernel. */
export const OUTLET_SLOTS = 2 * BATCH
/** The kernel refuses for so long before we believe that it will not come right. */
const MUTE_MILLIS = 3000

export class Blaster {
  readonly #options: BlasterOptions
  readonly #header = emptyHeader()
  readonly #batch = new Batch(BATCH)
  #parity: ParityMaker | undefined
  #timer: NodeJS.Timeout | undefined
  #immediate: NodeJS.Immediate | undefined
  /** When the pump was to run, at the earliest: how late it does is no matter of what woke it. */
  #dueAt = Number.POSITIVE_INFINITY
  #stopped = false
  #waitingForRoom = false
  #refusedAt: number | undefined
  #sentAtRefusal = 0

  constructor(options: BlasterOptions) {
    this.#options = options
    options.outlet.onError = error => this.#refused(error)
  }

  announce(sequence: number, announce: Announce, padToBytes?: number): void {
    const { outlet, seed, port, upload } = this.#options
    if (outlet.room === 0) return
    const bytes = encodeAnnounce(seed.sender.session, sequence, announce, padToBytes)
    outlet.slot().set(bytes)
    if (padToBytes !== undefined) return outlet.sendWhole(bytes.length, port)
    outlet.send(bytes.length, port)
    outlet.flush()
    upload.carried(bytes.length + UDP_HEADER_BYTES)
  }

  /** Goes on when the machine may have something to send. */
  wake(): void {
    if (this.#stopped || this.#waitingForRoom || this.#immediate) return
    clearTimeout(this.#timer)
    const now = nowMicros()
    const { seed, upload } = this.#options
    const wanted = seed.fillDeadline(now)
    if (wanted === Number.POSITIVE_INFINITY) return
    const { dueAt } = upload
    const at = dueAt < Number.POSITIVE_INFINITY ? Math.max(wanted, dueAt) : wanted
    this.#dueAt = Math.min(this.#dueAt, at)
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
    const { seed, outlet, upload, feed, drain } = this.#options
    if (!upload.affords(nowMicros())) return this.wake()
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
    const lateMicros = Math.max(0, now - this.#dueAt)
    this.#dueAt = Number.POSITIVE_INFINITY
    seed.fill(batch, now, lateMicros)
    let bytes = 0
    for (let i = 0; i < batch.count; ) {
      const end = batch.runEnd(i, batch.count)
      bytes += end > i + 1 ? this.#sendRun(batch, i, end) : this.#send(batch, i)
      i = end
    }
    outlet.flush()
    upload.spend(bytes)
    upload.carried(batch.count * UDP_HEADER_BYTES)
    if (bytes > 0) feed({ type: 'left', bytes })
    else drain()
    this.wake()
  }

  /** Datagrams [from, to), a run. */
  #sendRun(batch: Batch, from: number, to: number): number {
    const { outlet, dataPort } = this.#options
    const native = loadNative().batch
    const count = to - from
    const bytes = HEADER_BYTES + batch.bytes[from]
    if (outlet.sendAll === undefined || native === undefined) {
      for (let i = from; i < to; i++) this.#send(batch, i)
      return count * bytes
    }
    for (let i = from; i < to; ) {
      const end = this.#chunkEnd(batch, i, to)
      const payload = this.#content(batch, i, batch.contentBetween(i, end - 1) + batch.bytes[from])
      outlet.sendAll(end - i, bytes, dataPort, into => {
        const written = native.write(batch.memory, batch.capacity, i, end - i, payload, into)
        assert(written === into.length, 'a run has room')
      })
      i = end
    }
    return count * bytes
  }

  /** Where the rows of one chunk end that begin with row `from`. */
  #chunkEnd(batch: Batch, from: number, to: number): number {
    const { geometry } = this.#options.tree
    const chunk = geometry.chunkOfBlock(batch.block[from])
    if (geometry.chunkOfBlock(batch.block[to - 1]) === chunk) return to
    const next = geometry.firstBlockOfChunk(chunk) + geometry.blocksOfChunk(chunk)
    let end = from + 1
    while (batch.block[end] < next) end++
    return end
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
    if (batch.type[i] === DATAGRAM.layer) {
      const { geometry } = tree
      const chunk = geometry.chunkOfBlock(block)
      const from = DIGEST_BYTES * (block - geometry.firstBlockOfChunk(chunk))
      into.set(chunks.get(chunk)!.leaves.subarray(from, from + into.length))
      return
    }
    const left = tree.geometry.bytesOfBlock(block) - batch.symbol[i] * symbolBytes
    // The last symbol of a full block is padded, so that all segments of a batch are equal.
    const content = this.#content(batch, i, Math.min(left, into.length))
    into.set(content)
    into.fill(0, content.length)
  }

  /** `bytes` of a chunk from where datagram `i` begins, or less at its end. */
  #content(batch: Batch, i: number, bytes: number): Uint8Array {
    const { tree, chunks } = this.#options
    const { geometry } = tree
    const block = batch.block[i]
    const chunk = geometry.chunkOfBlock(block)
    const from = (block - geometry.firstBlockOfChunk(chunk)) * BLOCK_BYTES
    const at = from + batch.symbol[i] * batch.symbolBytes[i]
    const end = Math.min(geometry.bytesOfChunk(chunk), at + bytes)
    return chunks.get(chunk)!.bytes.subarray(at, end)
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

/** How fast a blast may be at most where so much may be sent in all. */
export function blastBps(upload: Allowance): number {
  return BLAST_SHARE * upload.rateBps
}
