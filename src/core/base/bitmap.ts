// A fixed-size set of small integers, one bit each, that knows how many it holds.

export class Bitmap {
  readonly size: number
  readonly bytes: Uint8Array
  #count = 0

  constructor(size: number) {
    this.size = size
    this.bytes = new Uint8Array(Math.ceil(size / 8))
  }

  /** A bitmap over a copy of `bytes`; bits beyond `size` are cleared. */
  static from(size: number, bytes: Uint8Array): Bitmap {
    const bitmap = new Bitmap(size)
    bitmap.bytes.set(bytes.subarray(0, bitmap.bytes.length))
    if (size % 8 !== 0 && bitmap.bytes.length > 0)
      bitmap.bytes[bitmap.bytes.length - 1] &= (1 << (size % 8)) - 1
    for (const byte of bitmap.bytes) bitmap.#count += ONES[byte]
    return bitmap
  }

  get count(): number {
    return this.#count
  }

  get full(): boolean {
    return this.#count === this.size
  }

  has(index: number): boolean {
    return (this.bytes[index >>> 3] & (1 << (index & 7))) !== 0
  }

  /** Sets a bit; true when it was clear. */
  add(index: number): boolean {
    const mask = 1 << (index & 7)
    if (index < 0 || index >= this.size || (this.bytes[index >>> 3] & mask) !== 0) return false
    this.bytes[index >>> 3] |= mask
    this.#count++
    return true
  }

  /** Clears a bit; true when it was set. */
  delete(index: number): boolean {
    const mask = 1 << (index & 7)
    if (index < 0 || index >= this.size || (this.bytes[index >>> 3] & mask) === 0) return false
    this.bytes[index >>> 3] &= ~mask
    this.#count--
    return true
  }

  addRange(first: number, count: number): void {
    const end = Math.min(this.size, first + count)
    for (let i = Math.max(0, first); i < end; ) {
      if ((i & 7) === 0 && i + 8 <= end) {
        this.#count += 8 - ONES[this.bytes[i >>> 3]]
        this.bytes[i >>> 3] = 255
        i += 8
      } else this.add(i++)
    }
  }

  /** Sets all bits of another bitmap of the same size. */
  addAll(other: Bitmap): void {
    for (let i = 0; i < this.bytes.length; i++) {
      const before = this.bytes[i]
      this.bytes[i] = before | other.bytes[i]
      this.#count += ONES[this.bytes[i]] - ONES[before]
    }
  }

  /** How many bits of [first, first + count) are set. */
  countIn(first: number, count: number): number {
    let ones = 0
    for (let i = first; i < first + count; ) {
      if ((i & 7) === 0 && i + 8 <= first + count) {
        ones += ONES[this.bytes[i >>> 3]]
        i += 8
      } else {
        if (this.has(i)) ones++
        i++
      }
    }
    return ones
  }

  /** The first clear bit in [from, to), or -1. */
  nextClear(from: number, to: number = this.size): number {
    for (let i = from; i < to; ) {
      if ((i & 7) === 0 && this.bytes[i >>> 3] === 255) i += 8
      else if (this.has(i)) i++
      else return i
    }
    return -1
  }

  /** The first set bit in [from, to), or -1. */
  nextSet(from: number, to: number = this.size): number {
    for (let i = from; i < to; ) {
      if ((i & 7) === 0 && this.bytes[i >>> 3] === 0) i += 8
      else if (!this.has(i)) i++
      else return i
    }
    return -1
  }
}

const ONES = new Uint8Array(256)
for (let i = 1; i < 256; i++) ONES[i] = ONES[i >> 1] + (i & 1)
