// A sender in the simulation: the seed core, its blast and its announcements.

import type { Micros } from '../../src/core/base/machine.js'
import { Batch } from '../../src/core/multicast/batch.js'
import { Seed, type SeedIn, type SeedOut } from '../../src/core/session/seed.js'
import type { Carousel } from '../../src/core/session/seed-options.js'
import { type Announce, encodeAnnounce } from '../../src/core/wire/announce.js'
import { HEADER_BYTES, type SessionId } from '../../src/core/wire/datagram.js'
import type { Host } from './host.js'
import { Run } from './link.js'
import type { Process } from './network.js'
import {
  ANNOUNCE_PORT,
  DATA_PORT,
  GROUP,
  layerOf,
  nodeName,
  PEER_PORT,
  type Setting,
} from './setting.js'
import { Shell } from './shell.js'

/** An announcement or a query on its way. */
export type Said =
  | {
      readonly type: 'announce'
      readonly session: SessionId
      readonly announce: Announce
      readonly bytes: number
    }
  | { readonly type: 'query'; readonly id: string }

export interface SeederOptions {
  readonly waitReceivers: number | undefined
  readonly waitMicros: Micros
  readonly carousel?: Carousel
}

const BATCH_DATAGRAMS = 512

export class Seeder {
  readonly process: Process
  readonly seed: Seed
  readonly notices: string[] = []
  endedAt: Micros | undefined
  firstBlastAt: Micros | undefined
  /** Called while it blasts, for whoever waits for a point of the pass. */
  onProgress: () => void = () => {}
  /** Called when everybody is complete or gone. */
  onEnded: () => void = () => {}
  readonly #setting: Setting
  readonly #shell: Shell<SeedIn, SeedOut>
  /** Filled by the core and not taken by the send buffer yet. */
  #pending: { run: Run; sent: number } | undefined

  constructor(setting: Setting, host: Host, options: SeederOptions) {
    const { network, geometry, metaBytes } = setting
    this.#setting = setting
    this.process = network.start(host)
    const session = {
      high: Number.parseInt(setting.id.slice(0, 8), 16),
      low: network.prng.u32(),
    }
    const now = network.scheduler.now
    this.seed = new Seed(
      {
        id: setting.id,
        name: 'simulated',
        node: nodeName(network),
        session,
        port: PEER_PORT,
        geometry,
        metaBytes,
        metaSha256: setting.id,
        prng: network.prng.fork(),
        rate: setting.makeRate(),
        symbolBytes: setting.symbolBytes,
        longSymbolBytes: setting.longSymbolBytes,
        fec: setting.fec,
        carousel: options.carousel,
        multicast: setting.multicast ? 'auto' : 'never',
        group: GROUP,
        dataPort: DATA_PORT,
        waitReceivers: options.waitReceivers,
        waitMicros: options.waitMicros,
        lingerMicros: 30_000_000,
        forever: false,
      },
      now,
    )
    this.#shell = new Shell<SeedIn, SeedOut>({
      lateMicros: setting.lateMicros,
      network,
      process: this.process,
      core: this.seed,
      port: PEER_PORT,
      act: out => this.#act(out),
      serve: () => false,
      layerOf: chunk => layerOf(geometry, chunk),
      also: { deadline: () => this.#fillAt(), wake: () => this.#fill() },
    })
    this.process.join(GROUP, ANNOUNCE_PORT, run => this.#hear(run.payload as Said))
    this.#shell.drain()
  }

  /** The operator presses Ctrl-C. */
  stop(): void {
    this.#shell.input({ type: 'stop' })
  }

  #hear(said: Said): void {
    if (said.type === 'query') this.#shell.input({ type: 'query', id: said.id })
    else if (said.announce.id === this.#setting.id)
      this.#shell.input({ type: 'announced', session: said.session })
  }

  #fillAt(): Micros {
    return this.#pending ? this.process.sendRoomAt : this.seed.fillDeadline(this.#shell.now)
  }

  #fill(): void {
    if (this.#pending === undefined) {
      const batch = new Batch(BATCH_DATAGRAMS)
      this.seed.fill(batch, this.#shell.now, this.#setting.lateMicros)
      if (batch.count === 0) return
      this.firstBlastAt ??= this.#shell.now
      const sizes = batch.bytes.subarray(0, batch.count).map(bytes => HEADER_BYTES + bytes)
      batch.source.fill(this.process.host.address, 0, batch.count)
      this.#pending = { run: new Run(batch.count, sizes, batch), sent: 0 }
    }
    const pending = this.#pending
    const { run } = pending
    const took = this.process.multicast(GROUP, DATA_PORT, run, pending.sent)
    const batch = run.payload as Batch
    let bytes = 0
    for (let i = pending.sent; i < pending.sent + took; i++) bytes += HEADER_BYTES + batch.bytes[i]
    pending.sent += took
    if (bytes > 0) this.seed.handle({ type: 'left', bytes }, this.#shell.now)
    if (pending.sent === run.count) this.#pending = undefined
    else this.seed.handle({ type: 'blocked' }, this.#shell.now)
    this.onProgress()
  }

  #act(out: SeedOut): void {
    const { geometry } = this.#setting
    if (out.type === 'read') {
      const { chunk } = out
      const bytes = geometry.bytesOfChunk(chunk)
      this.process.host.disk.read(bytes, () => this.#shell.input({ type: 'chunk-read', chunk }))
    } else if (out.type === 'announce') {
      const { sequence, announce, padToBytes } = out
      const { session } = this.seed.sender
      const bytes = encodeAnnounce(session, sequence, announce, padToBytes).length
      const said: Said = { type: 'announce', session, announce, bytes }
      this.process.multicast(GROUP, ANNOUNCE_PORT, new Run(1, bytes, said))
    } else if (out.type === 'notice') this.notices.push(out.message)
    else if (out.type === 'ended') {
      this.endedAt = this.#shell.now
      this.onEnded()
    }
  }
}
