// A receiver's machine on a stand, with real bytes: everything reaches it as bytes on the wire would,
// and what it wants is done in memory as the engine does it on disk. So it shows whether a byte that
// is wrong is ever verified. The seeder at 10.0.0.1 is honest; whoever else connects is the test's.

import { createHash } from 'node:crypto'
import { Bitmap } from '../../src/core/base/bitmap.js'
import { bytesEqual } from '../../src/core/base/bytes.js'
import { BLOCK_BYTES } from '../../src/core/base/limits.js'
import { levelFor, Merkle } from '../../src/core/base/merkle.js'
import { Prng } from '../../src/core/base/prng.js'
import { Geometry } from '../../src/core/meta/geometry.js'
import { Batch } from '../../src/core/multicast/batch.js'
import { Fetch, type FetchOut } from '../../src/core/session/fetch.js'
import { piecesOf } from '../../src/core/session/partial.js'
import { emptyHeader, readHeader } from '../../src/core/wire/datagram.js'
import type { Message, Range } from '../../src/core/wire/message.js'
import { encodeMessage } from '../../src/core/wire/peer.js'
import { Wires } from './wires.js'

export const SEEDER = '10.0.0.1'
export const PORT = 9990
export const SYMBOL_BYTES = 1366
export const CHUNK_BYTES = 2 ** 20
const SEEDER_PEER = 1

/** What is sent: made once, for all stands. */
export class Original {
  readonly geometry: Geometry
  readonly bytes: Uint8Array
  readonly #leaves: Uint8Array
  readonly #roots: Uint8Array[] = []
  readonly #merkle = new Merkle(hash)

  constructor(sizeBytes: number) {
    const prng = new Prng(99)
    this.geometry = new Geometry([sizeBytes], CHUNK_BYTES)
    this.bytes = Uint8Array.from({ length: sizeBytes }, () => prng.u32())
    this.#leaves = new Uint8Array(32 * this.geometry.blockCount)
    for (let block = 0; block < this.geometry.blockCount; block++)
      this.#leaves.set(hash(this.block(block)), 32 * block)
    for (let chunk = 0; chunk < this.geometry.chunkCount; chunk++)
      this.#roots.push(this.#root(this.layer(chunk)))
  }

  block(block: number): Uint8Array {
    return this.bytes.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES)
  }

  range({ block, offsetBytes, lengthBytes }: Range): Uint8Array {
    const from = block * BLOCK_BYTES + offsetBytes
    return this.bytes.subarray(from, from + lengthBytes)
  }

  layer(chunk: number): Uint8Array {
    const first = this.geometry.firstBlockOfChunk(chunk)
    return this.#leaves.subarray(32 * first, 32 * (first + this.geometry.blocksOfChunk(chunk)))
  }

  layerMatches(chunk: number, leaves: Uint8Array): boolean {
    const whole = leaves.length === 32 * this.geometry.blocksOfChunk(chunk)
    return whole && bytesEqual(this.#root(leaves), this.#roots[chunk])
  }

  #root(leaves: Uint8Array): Uint8Array {
    return this.#merkle.root(leaves, 0, levelFor(CHUNK_BYTES / BLOCK_BYTES))
  }
}

export class Stand {
  readonly id: string
  readonly fetch: Fetch
  readonly disk: Uint8Array
  readonly verified: Bitmap
  now = 0
  complete = false
  /** What a peer of the test is sent; the honest seeder answers by itself. */
  onSend: (peer: number, message: Message) => void = () => {}
  readonly #original: Original
  readonly #pool: Uint8Array
  readonly #wires = new Wires(input => {
    this.fetch.handle(input, this.now)
    this.#drain()
  })
  readonly #header = emptyHeader()
  readonly #batch = new Batch(64)
  readonly #replies: Message[] = []

  constructor(original: Original, id: string, seed: number) {
    const { geometry } = original
    this.id = id
    this.#original = original
    this.disk = new Uint8Array(original.bytes.length)
    this.verified = new Bitmap(geometry.blockCount)
    const layerMatches = original.layerMatches.bind(original)
    this.fetch = new Fetch(
      {
        id,
        node: 'f'.repeat(16),
        port: PORT,
        tree: { geometry, layerMatches },
        verified: this.verified,
        finishedFiles: new Set(),
        metaBytes: new Uint8Array(100),
        prng: new Prng(seed),
        multicast: true,
        stay: false,
        poolBytes: 4 << 20,
      },
      0,
    )
    this.#pool = new Uint8Array(this.fetch.assembly.poolBytes)
  }

  /** Datagrams that come to the data's port. */
  hear(datagrams: readonly Uint8Array[], source: string): void {
    for (const bytes of datagrams) {
      const header = this.#header
      if (!readHeader(bytes, 0, bytes.length, header)) continue
      if (header.keyEpoch !== 0 || header.channel !== 1) continue
      const batch = this.#batch
      batch.hear(header, bytes, 0, bytes.length, source, 0)
      if (batch.full) this.#take()
    }
    this.#take()
  }

  connect(peer: number, host: string, outbound = false): void {
    this.#wires.connect(peer, host, PORT, outbound)
  }

  /** Bytes of a peer's stream, as its connection reads them. */
  stream(peer: number, bytes: Uint8Array): void {
    this.#wires.push(peer, bytes)
  }

  isConnected(peer: number): boolean {
    return this.#wires.has(peer)
  }

  /** Time passes; the seeder answers what it was asked. */
  pass(micros: number): void {
    this.now += micros
    for (const message of this.#replies.splice(0)) this.stream(SEEDER_PEER, encodeMessage(message))
    this.#drain()
  }

  /** Blocks that are verified and not what was sent. */
  get wrong(): number[] {
    const blocks: number[] = []
    for (
      let block = this.verified.nextSet(0);
      block >= 0;
      block = this.verified.nextSet(block + 1)
    ) {
      const right = this.#original.block(block)
      const from = block * BLOCK_BYTES
      if (!bytesEqual(this.disk.subarray(from, from + right.length), right)) blocks.push(block)
    }
    return blocks
  }

  #take(): void {
    const batch = this.#batch
    this.fetch.take(batch, 0, batch.count, this.now)
    batch.move((at, payload) => this.#pool.set(payload, at))
    batch.clear()
    this.#drain()
  }

  #drain(): void {
    for (let out = this.fetch.poll(this.now); out; out = this.fetch.poll(this.now)) this.#act(out)
  }

  #act(out: FetchOut): void {
    const pool = this.#pool
    const { fetch, now } = this
    if (out.type === 'copy')
      pool.set(out.bytes!.subarray(out.from, out.from + out.lengthBytes), out.at)
    else if (out.type === 'fill') {
      for (const { block, offsetBytes, lengthBytes } of out.spilled) {
        const from = block * BLOCK_BYTES + offsetBytes
        pool.set(this.disk.subarray(from, from + lengthBytes), out.at + offsetBytes)
      }
      fetch.handle({ type: 'filled', block: out.block }, now)
    } else if (out.type === 'verify') {
      const { pieces } = out
      const digests = Buffer.concat(
        pieces.flatMap(piecesOf).map(({ at, bytes }) => hash(pool.subarray(at, at + bytes))),
      )
      fetch.handle({ type: 'hashed', pieces, digests }, now)
    } else if (out.type === 'swap') {
      const held = pool.slice(out.at, out.at + out.bytes)
      pool.copyWithin(out.at, out.spare, out.spare + out.bytes).set(held, out.spare)
    } else if (out.type === 'write') {
      for (const { block, at, bytes } of out.pieces)
        this.disk.set(pool.subarray(at, at + bytes), block * BLOCK_BYTES)
      fetch.handle({ type: 'written', pieces: out.pieces }, now)
    } else if (out.type === 'spill') {
      for (const { offsetBytes, lengthBytes } of out.parts) {
        const from = out.at + offsetBytes
        const to = out.block * BLOCK_BYTES + offsetBytes
        this.disk.set(pool.subarray(from, from + lengthBytes), to)
      }
      fetch.handle({ type: 'spilled', block: out.block }, now)
    } else this.#actRarely(out)
  }

  #actRarely(out: FetchOut): void {
    const { fetch, now } = this
    if (out.type === 'dial') {
      const { address } = out
      if (address.host === SEEDER && address.port === PORT && !this.isConnected(SEEDER_PEER))
        this.connect(SEEDER_PEER, SEEDER, true)
      else fetch.handle({ type: 'dial-failed', address }, now)
    } else if (out.type === 'close') this.#wires.close(out.peer)
    else if (out.type === 'finish') fetch.handle({ type: 'finished', file: out.file }, now)
    else if (out.type === 'store') {
      this.complete = true
      fetch.handle({ type: 'stored' }, now)
    } else if (out.type === 'send') {
      // What it says must be what can be said.
      const bytes = encodeMessage(out.message)
      if (bytes.length > 2 ** 20) throw new Error(`a ${out.message.type} of ${bytes.length} bytes`)
      if (out.peer === SEEDER_PEER) this.#answer(out.message)
      else this.onSend(out.peer, out.message)
    }
  }

  #answer(message: Message): void {
    const { id } = this
    const say = (...said: Message[]): unknown => this.#replies.push(...said)
    if (message.type === 'hello') {
      const node = '1'.repeat(16)
      const hello = { type: 'hello', id, node, port: PORT, role: 'seeder' } as const
      say({ ...hello, complete: true, version: 1, features: [] })
    } else if (message.type === 'request')
      for (const range of message.ranges)
        say({ type: 'data', range, bytes: this.#original.range(range) })
    else if (message.type === 'cancel') return
    else if (message.type === 'layer-request')
      for (const chunk of message.chunks)
        say({ type: 'layer', chunk, leaves: this.#original.layer(chunk) })
  }

  /** What the seeder says by itself. */
  seederSays(message: Message): void {
    this.#replies.push(message)
  }
}

function hash(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest()
}
