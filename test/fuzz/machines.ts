// The machines behind the parsers, among hostile company: recorded traffic, broken in every way, at
// the machines of a receiver and of a sender. They must not throw, not verify a wrong byte, not grow,
// and give the honest ones all they want.

import { BLOCK_BYTES, LIMITS } from '../../src/core/base/limits.js'
import { Prng } from '../../src/core/base/prng.js'
import { symbolsInBlock } from '../../src/core/meta/geometry.js'
import { Batch } from '../../src/core/multicast/batch.js'
import { FixedRate } from '../../src/core/rate/fixed.js'
import { Seed, type SeedOut } from '../../src/core/session/seed.js'
import { decodeAnnounce } from '../../src/core/wire/announce.js'
import { DATAGRAM, emptyHeader, HEADER_BYTES, writeHeader } from '../../src/core/wire/datagram.js'
import type { Blast, Hello, Message } from '../../src/core/wire/message.js'
import { encodeMessage } from '../../src/core/wire/peer.js'
import { mutate } from './mutate.js'
import { announces, messages } from './samples.js'
import { Original, PORT, SEEDER, Stand, SYMBOL_BYTES } from './stand.js'
import { recorded } from './traffic.js'
import { Wires } from './wires.js'

const { id } = recorded
const original = new Original(recorded.sizeBytes)
const { geometry } = original
const SESSION = { high: Number.parseInt(id.slice(0, 8), 16), low: 77 }
const STEP_MICROS = 20_000
const HOSTILE = 6

/** The blast of everything, as datagrams with their payloads. */
function blastOf(prng: Prng): Uint8Array[] {
  const all: Uint8Array[] = []
  const add = (type: number, block: number, symbol: number, payload: Uint8Array): void => {
    const bytes = new Uint8Array(HEADER_BYTES + payload.length)
    const header = emptyHeader()
    Object.assign(header, { type, block, symbol, channel: 1, symbolBytes: SYMBOL_BYTES })
    header.sessionHigh = SESSION.high
    header.sessionLow = SESSION.low
    header.sequence = all.length
    header.timestampMicros = 100 * all.length
    writeHeader(bytes, 0, header)
    bytes.set(payload, HEADER_BYTES)
    all.push(bytes)
  }
  for (let chunk = 0; chunk < geometry.chunkCount; chunk++) {
    const first = geometry.firstBlockOfChunk(chunk)
    const layer = original.layer(chunk)
    const each = 32 * Math.floor(SYMBOL_BYTES / 32)
    for (let at = 0; at < layer.length; at += each)
      add(DATAGRAM.layer, first + at / 32, 0, layer.subarray(at, at + each))
    for (let block = first; block < first + geometry.blocksOfChunk(chunk); block++) {
      const bytes = original.block(block)
      for (let s = 0; s < symbolsInBlock(bytes.length, SYMBOL_BYTES); s++)
        add(DATAGRAM.data, block, s, bytes.subarray(s * SYMBOL_BYTES, (s + 1) * SYMBOL_BYTES))
    }
  }
  return all.filter(() => prng.below(50) > 0)
}

function helloOf(peer: number, prng: Prng): Hello {
  const node = (peer * 65_536 + prng.below(65_536)).toString(16).padStart(16, '0')
  const role = prng.below(3) === 0 ? 'seeder' : 'receiver'
  const complete = prng.below(2) === 0
  return { type: 'hello', id, node, port: PORT, role, complete, version: 1, features: [] }
}

const blastSaid = (state: Blast['state'], sequence: number): Blast => ({
  type: 'blast',
  session: SESSION.high.toString(16).padStart(8, '0') + SESSION.low.toString(16).padStart(8, '0'),
  state,
  sequence,
  pass: 1,
  rateBps: 1e8,
  reportMillis: 100,
  group: '224.0.67.67',
  dataPort: 6768,
  symbolBytes: SYMBOL_BYTES,
})

/** How a hostile peer answers what it is asked, if at all. */
function answerOf(message: Message, prng: Prng): Message | undefined {
  if (message.type === 'layer-request' && prng.below(2) === 0) {
    const [chunk] = message.chunks
    const layer = original.layer(chunk)
    const leaves = new Uint8Array(layer.length + 32 * Math.max(-1, prng.below(6) - 4))
    leaves.set(layer.subarray(0, leaves.length))
    leaves[prng.below(leaves.length)] ^= prng.below(2)
    return { type: 'layer', chunk, leaves }
  }
  if (message.type !== 'request') return undefined
  const range = message.ranges[prng.below(message.ranges.length)]
  if (prng.below(4) === 0) return { type: 'reject', reason: 'later', ranges: [range] }
  if (prng.below(8) === 0) return { type: 'reject', reason: 'gone', ranges: [range] }
  const bytes = original.range(range).slice()
  if (prng.below(2) === 0) bytes[prng.below(bytes.length)] ^= 1 << prng.below(8)
  return { type: 'data', range, bytes }
}

/**
 * A receiver among hostile peers and in a blast of which a part is broken; what went wrong.
 * `onEnd` is called while it still lives.
 */
export function hostileReception(seed: number, inputs: number, onEnd = () => {}): string[] {
  const prng = new Prng(seed)
  const stand = new Stand(original, id, seed)
  const blast = blastOf(prng)
  const answers: [number, Message][] = []
  stand.onSend = (peer, message) => {
    const answer = answerOf(message, prng)
    if (answer !== undefined) answers.push([peer, answer])
  }
  const announce = {
    ...decodeAnnounce(announces[0])!,
    symbolBytes: SYMBOL_BYTES,
    port: PORT,
  }
  stand.fetch.handle({ type: 'announce', source: SEEDER, session: SESSION, announce }, 0)
  stand.seederSays(blastSaid('blasting', 0))
  let peer = 1
  let heard = 0
  for (let done = 0; done < inputs; ) {
    stand.pass(prng.below(STEP_MICROS))
    const some = blast.slice(heard, (heard += 1 + prng.below(120)))
    const broken = some.map(bytes => {
      const isLayer = (bytes[2] & 15) === DATAGRAM.layer
      return prng.below(isLayer ? 2 : 6) === 0 ? mutate([bytes], prng) : bytes
    })
    stand.hear(broken, SEEDER)
    for (const [to, answer] of answers.splice(0)) stand.stream(to, encodeMessage(answer))
    for (let i = 0; i < 20; i++, done++) {
      const who = Math.max(2, peer - prng.below(HOSTILE))
      if (!stand.isConnected(who)) {
        stand.connect(++peer, `10.0.0.${2 + prng.below(9)}`)
        stand.stream(peer, encodeMessage(helloOf(peer, prng)))
      } else stand.stream(who, mutate(messages, prng))
    }
  }
  stand.hear(blast.slice(heard), SEEDER)
  stand.seederSays(blastSaid('ended', blast.length))
  const problems: string[] = []
  for (let i = 0; i < 6000 && !stand.complete; i++) {
    for (const [to, answer] of answers.splice(0)) stand.stream(to, encodeMessage(answer))
    stand.pass(STEP_MICROS)
  }
  if (!stand.complete) problems.push(`${stand.verified.size - stand.verified.count} blocks missing`)
  if (stand.wrong.length > 0) problems.push(`verified wrong: blocks ${stand.wrong.join(' ')}`)
  if (stand.fetch.swarm.connectionCount > LIMITS.connectionsMax) problems.push('connections')
  if (stand.fetch.swarm.book.size > LIMITS.peersKnownMax + 1) problems.push('addresses')
  onEnd()
  return problems
}

/** A sender among hostile peers, and one honest receiver, which is served and ends it. */
export function hostileSending(seed: number, inputs: number, onEnd = () => {}): string[] {
  const prng = new Prng(seed)
  const seeding = new Seeding(prng)
  const honest = 1
  seeding.connect(honest, '10.0.0.1')
  seeding.stream(
    honest,
    encodeMessage({ ...helloOf(honest, prng), role: 'receiver', complete: false }),
  )
  let peer = 1
  for (let done = 0; done < inputs; done++) {
    const who = Math.max(2, peer - prng.below(HOSTILE))
    if (!seeding.isConnected(who)) {
      seeding.connect(++peer, `10.0.0.${2 + prng.below(9)}`)
      seeding.stream(peer, encodeMessage(helloOf(peer, prng)))
    } else seeding.stream(who, mutate(messages, prng))
    if (done % 20 === 0) seeding.pass(prng.below(STEP_MICROS))
    if (done % 100 === 0) seeding.stream(honest, encodeMessage({ type: 'keep-alive' }))
  }
  const wanted = { block: 3, offsetBytes: 0, lengthBytes: 16_384 }
  for (let i = 0; i < 3000 && !seeding.served(honest); i++) {
    seeding.stream(honest, encodeMessage({ type: 'request', ranges: [wanted] }))
    seeding.pass(STEP_MICROS)
  }
  const { problems } = seeding
  if (!seeding.served(honest)) problems.push('the honest one is not served')
  const progress = {
    verifiedBytes: geometry.totalBytes,
    resumedBytes: 0,
    multicastBytes: 0,
    peerBytes: 0,
    seederBytes: 0,
  }
  seeding.stream(honest, encodeMessage({ type: 'complete', progress }))
  for (let i = 0; i < 6000 && !seeding.ended; i++) seeding.pass(STEP_MICROS)
  if (!seeding.ended) problems.push('it does not end')
  if (seeding.seed.receivers.size > LIMITS.receiversMax) problems.push('receivers')
  onEnd()
  return problems
}

/** A sender's machine whose outputs are only looked at. */
class Seeding {
  readonly seed: Seed
  readonly problems: string[] = []
  ended = false
  now = 0
  readonly #wires = new Wires(input => {
    this.seed.handle(input, this.now)
    this.#drain()
  })
  readonly #served = new Set<number>()
  readonly #batch = new Batch(256)

  constructor(prng: Prng) {
    this.seed = new Seed(
      {
        id,
        fec: 0.1,
        name: 'x',
        node: 'e'.repeat(16),
        session: SESSION,
        port: PORT,
        geometry,
        metaBytes: new Uint8Array(1000),
        metaSha256: id,
        prng: prng.fork(),
        rate: new FixedRate(1e9),
        symbolBytes: SYMBOL_BYTES,
        multicast: 'auto',
        group: '224.0.67.67',
        dataPort: 6768,
        waitReceivers: 1,
        waitMicros: 1e6,
        lingerMicros: 30e6,
        forever: false,
      },
      0,
    )
  }

  connect(peer: number, host: string): void {
    this.#wires.connect(peer, host, PORT, false)
  }

  isConnected(peer: number): boolean {
    return this.#wires.has(peer)
  }

  served(peer: number): boolean {
    return this.#served.has(peer)
  }

  stream(peer: number, bytes: Uint8Array): void {
    this.#wires.push(peer, bytes)
  }

  pass(micros: number): void {
    this.now += micros
    this.#batch.clear()
    if (this.seed.fillDeadline(this.now) <= this.now) this.seed.fill(this.#batch, this.now)
    this.#drain()
  }

  #drain(): void {
    for (let out = this.seed.poll(this.now); out; out = this.seed.poll(this.now)) this.#act(out)
  }

  #act(out: SeedOut): void {
    if (out.type === 'close') this.#wires.close(out.peer)
    else if (out.type === 'read')
      this.seed.handle({ type: 'chunk-read', chunk: out.chunk }, this.now)
    else if (out.type === 'ended') this.ended = true
    else if (out.type === 'send') encodeMessage(out.message)
    else if (out.type === 'serve-layer') {
      if (out.chunk >= geometry.chunkCount) this.problems.push(`layer of chunk ${out.chunk}`)
    } else if (out.type === 'serve') {
      const { peer, range } = out
      const bytes = range.lengthBytes
      const last = range.block + Math.ceil((range.offsetBytes + bytes) / BLOCK_BYTES) - 1
      if (original.range(range).length !== bytes) this.problems.push('served beyond the end')
      else if (geometry.chunkOfBlock(range.block) !== geometry.chunkOfBlock(last))
        this.problems.push('served beyond the chunk')
      this.#served.add(peer)
      // Only the honest one reads.
      if (peer === 1) this.seed.handle({ type: 'sent', peer, bytes }, this.now)
    }
  }
}
