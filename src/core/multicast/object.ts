// A small object that is multicast as numbered symbols, beside the data: object 0 is the `.p2pmeta`
// itself, so that a host can join with nothing but its ears. The announcement says how long it is and
// what its hash must be; until that is right nothing of it is believed.

import { Bitmap } from '../base/bitmap.js'

export class ObjectSymbols {
  readonly #bytes: Uint8Array
  readonly #symbolBytes: number
  readonly #have: Bitmap

  /** `sizeBytes` and `symbolBytes` as announced, within the limits of the announcement's schema. */
  constructor(sizeBytes: number, symbolBytes: number) {
    this.#bytes = new Uint8Array(sizeBytes)
    this.#symbolBytes = symbolBytes
    this.#have = new Bitmap(Math.ceil(sizeBytes / symbolBytes))
  }

  /** Takes symbol `index`; the whole object once the last one is here. */
  add(index: number, payload: Uint8Array): Uint8Array | undefined {
    if (index >= this.#have.size || this.#have.full) return undefined
    const at = index * this.#symbolBytes
    if (payload.length !== Math.min(this.#symbolBytes, this.#bytes.length - at)) return undefined
    if (!this.#have.add(index)) return undefined
    this.#bytes.set(payload, at)
    return this.#have.full ? this.#bytes : undefined
  }

  /** The hash was wrong: somebody forged a symbol, and nobody knows which. */
  clear(): void {
    for (let i = 0; i < this.#have.size; i++) this.#have.delete(i)
  }
}
