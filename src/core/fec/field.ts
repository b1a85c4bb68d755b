// GF(2^8) as RFC 5510 §8.1 has it: x^8 + x^4 + x^3 + x^2 + 1 (0x11D), of which 2 is a generator. A sum
// is ^.

const FIELD = 0x11d
const ORDER = 255

const exponents = new Uint8Array(2 * ORDER)
const logarithms = new Uint8Array(256)
for (let power = 0, value = 1; power < ORDER; power++) {
  exponents[power] = value
  exponents[power + ORDER] = value
  logarithms[value] = power
  value = (value << 1) ^ (value & 0x80 ? FIELD : 0)
}

export function product(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : exponents[logarithms[a] + logarithms[b]]
}

/** 1 / `a`, which is not 0. */
export function inverseOf(a: number): number {
  return exponents[ORDER - logarithms[a]]
}
