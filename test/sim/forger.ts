// A host that forges datagrams: it hears the blast and sends, for a share of what it hears, datagrams
// of the same session whose payload is wrong. No bytes travel here, so a batch of its own says that
// all of its payloads are.

import type { Prng } from '../../src/core/base/prng.js'
import { Batch } from '../../src/core/multicast/batch.js'
import { DATAGRAM, emptyHeader, HEADER_BYTES } from '../../src/core/wire/datagram.js'
import type { Forge, Lie } from './lies.js'
import { type Pieces, Run } from './link.js'
import type { Network, Process } from './network.js'
import { DATA_PORT, GROUP } from './setting.js'

const forged = new WeakSet<Batch>()

/** All payloads of this batch are wrong. */
export function isForged(batch: Batch): boolean {
  return forged.has(batch)
}

export interface ForgerOptions {
  readonly network: Network
  /** Its own address, and the one that its datagrams claim to come from. */
  readonly address: string
  readonly claims: string
  readonly forge: Forge
  /** Forged datagrams for each true one. */
  readonly share: number
  readonly blockCount: number
}

export class Forger {
  readonly #options: ForgerOptions
  readonly #process: Process
  readonly #header = emptyHeader()
  readonly #prng: Prng
  sent = 0

  constructor(options: ForgerOptions) {
    const { network, address } = options
    this.#options = options
    this.#prng = network.prng.fork()
    this.#process = network.start(network.addHost({ address, upBps: 100e6, downBps: 1e9 }))
    this.#process.join(GROUP, DATA_PORT, (run, pieces) => this.#hear(run.payload as Batch, pieces))
  }

  #hear(heard: Batch, pieces: Pieces): void {
    const batch = new Batch(heard.count * Math.ceil(this.#options.share))
    for (let i = 0; i < pieces.length; i += 2)
      for (let at = pieces[i]; at < pieces[i + 1]; at++)
        if (heard.type[at] === DATAGRAM.data) this.#forge(heard, at, batch)
    if (batch.count === 0) return
    forged.add(batch)
    this.sent += batch.count
    const sizes = batch.bytes.subarray(0, batch.count).map(bytes => HEADER_BYTES + bytes)
    this.#process.multicast(GROUP, DATA_PORT, new Run(batch.count, sizes, batch))
  }

  #forge(heard: Batch, at: number, into: Batch): void {
    const { share, forge, blockCount, claims } = this.#options
    for (let left = share; left > 0; left--) {
      if (left < 1 && this.#prng.unit() >= left) return
      const lie: Lie = {
        type: DATAGRAM.data,
        block: heard.block[at],
        symbol: heard.symbol[at],
        sequence: heard.sequence[at],
        timestampMicros: heard.timestampMicros[at],
        bytes: heard.symbolBytes[at],
      }
      forge(lie, blockCount, this.#prng)
      heard.headerOf(at, this.#header)
      const length = HEADER_BYTES + lie.bytes
      const bytes = lie.type === DATAGRAM.layer ? new Uint8Array(length).fill(1) : undefined
      into.hear({ ...this.#header, ...lie }, bytes, 0, length, claims, 0)
    }
  }
}
