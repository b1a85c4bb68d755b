// Answers requests for layers, of which a peer may send a thousand in one small frame, each of them
// worth the reading of a chunk. One is read at a time, for each peer in turn, and the desk rests for
// as long as it works, so that whoever asks for many does not hold up what else is to be done. Of a limited
// line layers take no more than half.

import { LIMITS } from '../core/base/limits.js'

export interface LayerDeskOptions {
  /** The chunk's layer; empty when it is not here. */
  readonly layer: (chunk: number) => Promise<Uint8Array>
  /** Sends it; false when that peer takes no more. */
  readonly send: (peer: number, chunk: number, leaves: Uint8Array) => boolean
  readonly onFailure: (error: unknown) => void
  /** What goes out at most, bits per second. */
  readonly rateBps: number
}

export class LayerDesk {
  readonly #options: LayerDeskOptions
  readonly #waiting = new Map<number, Set<number>>()
  #busy = false

  constructor(options: LayerDeskOptions) {
    this.#options = options
  }

  ask(peer: number, chunk: number): void {
    const chunks = this.#waiting.get(peer) ?? new Set()
    if (chunks.size < LIMITS.requestRangesMax) this.#waiting.set(peer, chunks.add(chunk))
    if (!this.#busy) void this.#work()
  }

  drop(peer: number): void {
    this.#waiting.delete(peer)
  }

  async #work(): Promise<void> {
    this.#busy = true
    try {
      for (let next = this.#next(); next !== undefined; next = this.#next()) {
        const from = performance.now()
        const leaves = await this.#options.layer(next.chunk)
        if (!this.#options.send(next.peer, next.chunk, leaves)) this.drop(next.peer)
        if (this.#waiting.size === 0) continue
        const worked = performance.now() - from
        const rest = Math.max(worked, (2 * 8000 * leaves.length) / this.#options.rateBps)
        await new Promise(done => (rest < 1 ? setImmediate(done) : setTimeout(done, rest)))
      }
    } catch (error) {
      this.#options.onFailure(error)
    } finally {
      this.#busy = false
    }
  }

  #next(): { peer: number; chunk: number } | undefined {
    const [first] = this.#waiting
    if (first === undefined) return undefined
    const [peer, chunks] = first
    const [chunk] = chunks
    chunks.delete(chunk)
    this.#waiting.delete(peer)
    if (chunks.size > 0) this.#waiting.set(peer, chunks)
    return { peer, chunk }
  }
}
