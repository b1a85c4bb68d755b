// What a receiver needs to multicast at home what it has fetched from outside: a session, and once it
// is elected a socket of its own. Each chunk is read and hashed again before anything of it leaves, so
// what the disk has spoilt since it was verified goes nowhere.

import { randomBytes } from 'node:crypto'
import { hexOf } from '../core/base/bytes.js'
import { symbolBytesOf, symbolsPerBlock } from '../core/meta/geometry.js'
import type { P2pMeta } from '../core/meta/p2pmeta.js'
import type { MetaTree } from '../core/meta/tree.js'
import { QuantileRate } from '../core/rate/quantile.js'
import type { BlastIn, Blasting, BlastOut } from '../core/session/blasting.js'
import type { RelayPolicy } from '../core/session/site.js'
import type { Allowance } from '../core/swarm/allowance.js'
import { sha256 } from '../io/disk/hasher.js'
import { openOutlet } from '../io/net/sockets.js'
import type { ChunkStore, Hasher } from '../ports.js'
import { Blaster, blastBps, OUTLET_SLOTS } from './blaster.js'
import { Chunks } from './chunks.js'
import type { Place } from './place.js'

export interface RelayingOptions {
  readonly meta: P2pMeta
  readonly metaBytes: Uint8Array
  readonly tree: MetaTree
  readonly hash: Hasher
  readonly store: ChunkStore
  readonly place: Place
  readonly peerPort: number
  readonly only: boolean
  readonly upload: Allowance
  /** The machine whose blast this is, once there is one. */
  readonly core: () => Blasting | undefined
  readonly feed: (input: BlastIn) => void
  readonly drain: () => void
  readonly onSpoilt: (error: Error) => void
}

export class Relaying {
  readonly policy: RelayPolicy
  readonly #options: RelayingOptions
  readonly #chunks: Chunks
  #opening: Promise<void> | undefined
  #blaster: Blaster | undefined
  #close: () => Promise<void> = async () => {}
  #isClosed = false

  constructor(options: RelayingOptions) {
    const { meta, metaBytes, tree, place, peerPort, only, store, hash, upload } = options
    this.#options = options
    // Whatever was verified here is looked at each time: there is no stamp to tell that it changed.
    let reads = 0
    const stamp = async (): Promise<string> => String(reads++)
    const read = store.read.bind(store)
    const nothing = async (): Promise<void> => {}
    this.#chunks = new Chunks(tree, hash, { read, stamp, reopen: nothing, close: nothing })
    this.policy = {
      only,
      id: meta.id,
      name: meta.name,
      port: peerPort,
      geometry: tree.geometry,
      metaBytes,
      metaSha256: hexOf(sha256(metaBytes)),
      group: place.group,
      dataPort: place.port + 1,
      rate: new QuantileRate({ isFed: true, startBps: 50e6, maxBps: blastBps(upload) }),
      session: {
        high: Number.parseInt(meta.id.slice(0, 8), 16),
        low: randomBytes(4).readUInt32BE(0),
      },
      symbolBytes: symbolBytesOf(symbolsPerBlock(place.mtuBytes)),
    }
  }

  act(out: BlastOut): void {
    if (out.type === 'release') return this.#chunks.release(out.chunk)
    if (out.type === 'announce') {
      this.#opening ??= this.#open()
      return this.#blaster?.announce(out.sequence, out.announce)
    }
    this.#chunks.hold(out.chunk).then(
      () => {
        this.#options.feed({ type: 'chunk-read', chunk: out.chunk })
        this.#blaster?.wake()
      },
      error => {
        this.#options.feed({ type: 'mute', reason: error.message })
        this.#options.onSpoilt(error)
      },
    )
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#blaster?.stop()
    await this.#opening
    await this.#close()
  }

  async #open(): Promise<void> {
    const { place, tree, metaBytes, feed, drain, upload } = this.#options
    const { group, port, chosen, dscp } = place
    const route = { group, ttl: 1, dscp, address: chosen?.address, interfaceName: chosen?.name }
    try {
      const outlet = await openOutlet({ ...route, datagramBytes: 1500, slots: OUTLET_SLOTS })
      this.#close = () => outlet.close()
      const seed = this.#options.core()
      if (this.#isClosed || seed === undefined) return
      const dataPort = this.policy.dataPort
      const chunks = this.#chunks
      const both = { seed, tree, chunks, metaBytes, outlet, port, dataPort, feed, drain, upload }
      this.#blaster = new Blaster(both)
      this.#blaster.wake()
    } catch (error) {
      feed({ type: 'mute', reason: error instanceof Error ? error.message : String(error) })
    }
  }
}
