// What a receiver is asked to do: which transfer, what of it is here already, and what it may use.

import type { Bitmap } from '../base/bitmap.js'
import type { Prng } from '../base/prng.js'
import type { Allowance } from '../swarm/allowance.js'
import type { Tactics } from '../swarm/tactics.js'
import type { Tree } from './layers.js'
import type { RelayPolicy } from './site.js'

export interface FetchOptions {
  readonly id: string
  readonly node: string
  readonly port: number
  readonly tree: Tree
  /** What a former run left, verified. */
  readonly verified: Bitmap
  /** Files that already stand under their final names. */
  readonly finishedFiles: ReadonlySet<number>
  readonly metaBytes: Uint8Array
  readonly prng: Prng
  readonly multicast: boolean
  readonly stay: boolean
  /** What it multicasts with where it relays; without, it never does. */
  readonly relay?: RelayPolicy | undefined
  /** There is no way back: nothing is sent, nobody asked; all must come by multicast. */
  readonly oneWay?: boolean
  /** What is written can be read again, and served; default true. */
  readonly keeps?: boolean
  readonly poolBytes?: number
  /** How it chooses; default as the simulator says is best. */
  readonly tactics?: Tactics
  /** What is asked of all peers together, and what they are served; default without limit. */
  readonly download?: Allowance
  readonly upload?: Allowance
}
