// What of the files is verified, and by which way it came: a block at a time, or several in a row that
// came together.

import type { Bitmap } from '../base/bitmap.js'
import type { Geometry } from '../meta/geometry.js'
import { blocksIn, type Origin, type Partial } from './partial.js'
import type { Stretch } from './stretches.js'

export class Ledger {
  readonly verified: Bitmap
  readonly bytesBy: Record<Origin, number> = { multicast: 0, peer: 0, seeder: 0 }
  bytes = 0

  constructor(geometry: Geometry, verified: Bitmap) {
    this.verified = verified
    for (let block = verified.nextSet(0); block >= 0; block = verified.nextSet(block + 1))
      this.bytes += geometry.bytesOfBlock(block)
  }

  block({ block, bytes, peerBytes, seederBytes }: Partial): void {
    this.verified.add(block)
    this.bytes += bytes
    this.bytesBy.multicast += bytes - peerBytes - seederBytes
    this.bytesBy.peer += peerBytes
    this.bytesBy.seeder += seederBytes
  }

  stretch(stretch: Stretch): void {
    this.verified.addRange(stretch.block, blocksIn(stretch))
    this.bytes += stretch.bytes
    this.bytesBy[stretch.giver?.origin ?? 'multicast'] += stretch.bytes
  }
}
