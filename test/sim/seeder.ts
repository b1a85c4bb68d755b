// A sender in the simulation: the seed core, its blast and its announcements.

import type { Micros } from '../../src/core/base/machine.js'
import { Seed, type SeedIn, type SeedOut } from '../../src/core/session/seed.js'
import type { Carousel } from '../../src/core/session/seed-options.js'
import { Blaster, type Said } from './blaster.js'
import type { Host } from './host.js'
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

export interface SeederOptions {
  readonly waitReceivers: number | undefined
  readonly waitMicros: Micros
  readonly carousel?: Carousel
}

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
  readonly #blaster: Blaster

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
        multicast: setting.multicast && !setting.isQuiet ? 'auto' : 'never',
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
      also: { deadline: () => this.#blaster.due(), wake: () => this.#blaster.fill() },
    })
    this.#blaster = new Blaster(setting, this.process, this.seed, input => {
      if (input.type === 'left') this.firstBlastAt ??= network.scheduler.now
      this.seed.handle(input, network.scheduler.now)
    })
    this.#blaster.onSent = () => this.onProgress()
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

  #act(out: SeedOut): void {
    const { geometry } = this.#setting
    if (out.type === 'read') {
      const { chunk } = out
      const bytes = geometry.bytesOfChunk(chunk)
      this.process.host.disk.read(bytes, () => this.#shell.input({ type: 'chunk-read', chunk }))
    } else if (out.type === 'announce' && !this.#setting.isQuiet) this.#blaster.announce(out)
    else if (out.type === 'notice') this.notices.push(out.message)
    else if (out.type === 'ended') {
      this.endedAt = this.#shell.now
      this.onEnded()
    }
  }
}
