// What happened, as one number: FNV-1a (Fowler, Noll, Vo) over the words of every event, in two
// lanes. Two runs of one seed must end in the same hash; the first difference is a nondeterminism.

const PRIME = 0x0100_0193

export class Trace {
  #a = 0x811c_9dc5
  #b = 0x1234_5679

  note(time: number, kind: number, x: number, y: number): void {
    const word = (time ^ (time / 2 ** 32)) | 0
    this.#a = Math.imul(this.#a ^ word, PRIME)
    this.#a = Math.imul(this.#a ^ (kind + (x << 8)), PRIME)
    this.#a = Math.imul(this.#a ^ y, PRIME)
    this.#b = Math.imul((this.#b << 5) ^ (this.#b >>> 27) ^ this.#a, PRIME)
  }

  /** 16 hex digits. */
  get hash(): string {
    return [this.#a, this.#b].map(lane => (lane >>> 0).toString(16).padStart(8, '0')).join('')
  }
}
