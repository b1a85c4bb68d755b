// What a swarm is told of its host: which transfer, who it is, and what it may serve.

import type { Bitmap } from '../base/bitmap.js'
import type { Prng } from '../base/prng.js'
import type { Geometry } from '../meta/geometry.js'

export interface SwarmOptions {
  readonly id: string
  /** Random name of this process, 16 hex digits. */
  readonly node: string
  readonly role: 'seeder' | 'receiver'
  readonly port: number
  readonly geometry: Geometry
  /** What may be served; shared with the owner, who adds to it. */
  readonly verified: Bitmap
  readonly metaBytes: Uint8Array
  readonly prng: Prng
  /** Outbound connections are made while there are fewer than this. */
  readonly connectionsWanted: number
  /** What was verified is still here and may be served; default true. */
  readonly keeps?: boolean
  /** It wants no multicast of this transfer, not even by others; default false. */
  readonly isQuiet?: boolean
  /** What it takes at most, bits per second; default Infinity. */
  readonly downloadBps?: number | undefined
}
