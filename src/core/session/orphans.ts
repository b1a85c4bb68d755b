// What is missing and nobody who is connected has: whether the swarm can finish without its sender.
// When it cannot, the people at the receivers are told what they wait for, once, after the peers have
// had time to say what they hold.

import { Bitmap } from '../base/bitmap.js'
import type { Micros } from '../base/machine.js'
import type { Geometry } from '../meta/geometry.js'
import type { Link } from '../swarm/link.js'

export interface Lack {
  readonly blocks: number
  readonly bytes: number
  /** How many files it touches, and the first of them. */
  readonly files: number
  readonly firstFile: number
}

const LOOK_MICROS = 1_000_000
/** It is so for as long before it is said. */
const PATIENCE_MICROS = 3_000_000

export class Orphans {
  readonly #geometry: Geometry
  readonly #verified: Bitmap
  #lookAt: Micros = Number.NEGATIVE_INFINITY
  #since: Micros | undefined
  #toldBlocks = 0
  /** Who is still alone waits for everything, and knows it. */
  #met = false

  constructor(geometry: Geometry, verified: Bitmap) {
    this.#geometry = geometry
    this.#verified = verified
  }

  /**
   * What is to be said now, if anything. `expected`: a blast is heard or will be, all may still come.
   */
  look(links: readonly Link[], expected: boolean, now: Micros): Lack | undefined {
    this.#met ||= links.length > 0
    if (expected || !this.#met || links.some(link => link.complete)) {
      this.#since = undefined
      this.#toldBlocks = 0
      return undefined
    }
    if (now < this.#lookAt) return undefined
    this.#lookAt = now + LOOK_MICROS
    this.#since ??= now
    if (now - this.#since < PATIENCE_MICROS) return undefined
    const lack = this.#lack(links)
    if (lack.blocks === 0 || lack.blocks === this.#toldBlocks) return undefined
    // Peers come and go: no more than a line in a while.
    this.#since = now
    this.#toldBlocks = lack.blocks
    return lack
  }

  #lack(links: readonly Link[]): Lack {
    const held = Bitmap.from(this.#verified.size, this.#verified.bytes)
    for (const link of links) if (link.held) held.addAll(link.held)
    let blocks = 0
    let bytes = 0
    let files = 0
    let firstFile = -1
    let lastFile = -1
    for (let block = held.nextClear(0); block >= 0; block = held.nextClear(block + 1)) {
      const file = this.#geometry.fileOfBlock(block)
      if (file !== lastFile) files++
      if (firstFile < 0) firstFile = file
      lastFile = file
      blocks++
      bytes += this.#geometry.bytesOfBlock(block)
    }
    return { blocks, bytes, files, firstFile }
  }
}
