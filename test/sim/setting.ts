// What all processes of one simulated transfer share: the network, the files' shape, and the names.

import type { Micros } from '../../src/core/base/machine.js'
import type { Geometry } from '../../src/core/meta/geometry.js'
import type { RateController } from '../../src/core/rate/controller.js'
import type { Fec } from '../../src/core/session/redundancy.js'
import type { Tactics } from '../../src/core/swarm/tactics.js'
import type { Network } from './network.js'

export interface Setting {
  readonly network: Network
  readonly id: string
  readonly geometry: Geometry
  readonly metaBytes: Uint8Array
  readonly symbolBytes: number
  /** What the sender's interface takes, where that is more. */
  readonly longSymbolBytes?: number
  readonly fec: Fec
  /** One controller per sender. */
  readonly makeRate: () => RateController
  /** Processes may use multicast. */
  readonly multicast: boolean
  /** Senders multicast nothing, though receivers may; default false. */
  readonly isQuiet?: boolean
  /** By how much timers are late, as those of an event loop are; it also keeps a blast's batches together. */
  readonly lateMicros: Micros
  /**
   * How long a receiver lets datagrams gather in its socket, and all else that comes meanwhile, before
   * it looks; 0: it wakes for each run.
   */
  readonly restMicros: Micros
  /** How all of them choose; default as in the product. */
  readonly tactics?: Tactics
  /** Of each receiver; default as in the product. */
  readonly poolBytes?: number
}

export const GROUP = '224.0.67.67'
export const ANNOUNCE_PORT = 6767
export const DATA_PORT = 6768
export const PEER_PORT = 9990

/** The leaves of a chunk whose bytes are right: content has no bytes here, so hashes are zero. */
export function layerOf(geometry: Geometry, chunk: number): Uint8Array {
  return layerOfBytes(32 * geometry.blocksOfChunk(chunk))
}

function layerOfBytes(bytes: number): Uint8Array {
  let layer = layers.get(bytes)
  if (layer === undefined) layers.set(bytes, (layer = new Uint8Array(bytes)))
  return layer
}

/** By their length; all who need one share it. */
const layers = new Map<number, Uint8Array>()

export function layerMatches(leaves: Uint8Array): boolean {
  return Buffer.compare(leaves, layerOfBytes(leaves.length)) === 0
}

/** A process' random name, 16 hex digits. */
export function nodeName(network: Network): string {
  const digits = (): string => network.prng.u32().toString(16).padStart(8, '0')
  return digits() + digits()
}
