// Which sequence numbers of a stream have come: a sliding bitmap, as RFC 4303 §3.4.3 keeps one
// against replays. It tells duplicates from reordered datagrams in constant memory.

/** How many numbers there are on the wire: they have 48 bits and begin anew. */
export const SEQUENCES = 2 ** 48
const WINDOW = 65_536

/** The number that `wire` stands for, as near to `around` as there is one. */
export function unwrapped(wire: number, around: number): number {
  const ahead = (((wire - around) % SEQUENCES) + SEQUENCES) % SEQUENCES
  return around + (ahead < SEQUENCES / 2 ? ahead : ahead - SEQUENCES)
}

export class SequenceWindow {
  readonly #bits = new Uint8Array(WINDOW / 8)
  /** Highest sequence seen, or -1. */
  highest = -1

  /** Notes a sequence; false when it was there before or is too old to tell. */
  add(sequence: number): boolean {
    if (this.addAbove(sequence, 1)) return true
    if (this.highest - sequence >= WINDOW || this.#has(sequence)) return false
    this.#set(sequence, true)
    return true
  }

  /** Notes `count` sequences in a row; false, and nothing noted, unless they are the highest ever. */
  addAbove(first: number, count: number): boolean {
    if (first <= this.highest) return false
    if (this.highest < 0 || first + count - this.highest > WINDOW) this.#bits.fill(0)
    else for (let gap = this.highest + 1; gap < first; gap++) this.#set(gap, false)
    this.highest = first + count - 1
    for (let sequence = first; sequence <= this.highest; ) {
      const at = sequence % WINDOW
      const isByte = (at & 7) === 0 && this.highest - sequence >= 7
      if (isByte) this.#bits[at >> 3] = 0xff
      else this.#set(sequence, true)
      sequence += isByte ? 8 : 1
    }
    return true
  }

  #has(sequence: number): boolean {
    const at = sequence % WINDOW
    return (this.#bits[at >> 3] & (1 << (at & 7))) !== 0
  }

  #set(sequence: number, on: boolean): void {
    const at = sequence % WINDOW
    if (on) this.#bits[at >> 3] |= 1 << (at & 7)
    else this.#bits[at >> 3] &= ~(1 << (at & 7))
  }
}
