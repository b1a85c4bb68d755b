// A meta that comes in parts over a connection, each asked for when the one before is here. Memory is
// taken for what has come, and each part is all that was asked for: no dripping.

import { LIMITS } from '../core/base/limits.js'
import type { Message } from '../core/wire/message.js'

export class MetaParts {
  readonly #bytesMax: number
  readonly #parts: Uint8Array[] = []
  #filled = 0
  #totalBytes: number | undefined

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** What to ask for next. */
  get request(): Message {
    return {
      type: 'meta-request',
      offsetBytes: this.#filled,
      lengthBytes: LIMITS.rangeBytesMax,
    }
  }

  /** All of it, once `take` has said so. */
  get document(): Uint8Array {
    return Buffer.concat(this.#parts)
  }

  take(message: Message & { readonly type: 'meta' }): 'more' | 'all' | 'wrong' {
    const total = (this.#totalBytes ??= message.totalBytes)
    const wanted = Math.min(LIMITS.rangeBytesMax, total - this.#filled)
    const isNext = message.offsetBytes === this.#filled && message.bytes.length === wanted
    if (total > this.#bytesMax || message.totalBytes !== total || !isNext) return 'wrong'
    // Not slice: of a Buffer that is a view, and the next piece is read into the same memory.
    this.#parts.push(new Uint8Array(message.bytes))
    this.#filled += message.bytes.length
    return this.#filled === total ? 'all' : 'more'
  }
}
