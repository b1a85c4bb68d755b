// What a sender is asked to do: which transfer, how it multicasts, and when it begins and ends.

import type { Micros } from '../base/machine.js'
import type { Prng } from '../base/prng.js'
import type { Geometry } from '../meta/geometry.js'
import type { RateController } from '../rate/controller.js'
import type { Allowance } from '../swarm/allowance.js'
import type { SessionId } from '../wire/datagram.js'
import type { Fec } from './redundancy.js'

export interface SeedOptions {
  readonly id: string
  readonly name: string
  readonly node: string
  readonly session: SessionId
  readonly port: number
  readonly geometry: Geometry
  readonly metaBytes: Uint8Array
  readonly metaSha256: string
  readonly prng: Prng
  readonly rate: RateController
  readonly symbolBytes: number
  /** What would fit our own interface, where that is more. */
  readonly longSymbolBytes?: number
  /** Parity in passes over everything. */
  readonly fec: Fec
  /** The whole transfer again and again, whoever is there. */
  readonly carousel?: Carousel
  readonly multicast: 'auto' | 'always' | 'never'
  readonly group: string
  readonly dataPort: number
  readonly waitReceivers: number | undefined
  /** Infinity: wait for `waitReceivers` for ever. */
  readonly waitMicros: Micros
  readonly lingerMicros: Micros
  readonly forever: boolean
  /** What peers are served; default without limit. */
  readonly upload?: Allowance
}

/** For receivers that have no way back: how many passes at most, and for how long; both may be Infinity. */
export interface Carousel {
  readonly passes: number
  readonly micros: Micros
}
