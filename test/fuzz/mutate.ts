// What a broken or hostile sender makes of bytes that were right: flipped, cut, repeated, spliced
// with others, and with numbers where it hurts. All luck is the generator's, so a seed replays it.

import { utf8 } from '../../src/core/base/bytes.js'
import type { Prng } from '../../src/core/base/prng.js'

type Samples = readonly Uint8Array[]
type Step = (bytes: Uint8Array, prng: Prng, samples: Samples) => Uint8Array

const BYTES = [0, 1, 2, 0x0a, 0x20, 0x22, 0x2d, 0x39, 0x5b, 0x7b, 0x7f, 0x80, 0xc3, 0xff]
const WORDS = [0, 1, 31, 32, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff]
const TOKENS = [
  '0',
  '-1',
  '0.5',
  '1e308',
  '1e999',
  '9007199254740993',
  '4294967296',
  'null',
  'true',
  '""',
  '[]',
  '{}',
  '[[[[[[[[',
  '\\u0000',
  '\\ud800',
  '__proto__',
  '../',
].map(utf8)
const GROWN_MAX = 4096

const STEPS: readonly Step[] = [
  (bytes, prng) => poke(bytes, prng.below(bytes.length), [1 << prng.below(8)], true),
  (bytes, prng) => poke(bytes, prng.below(bytes.length), [BYTES[prng.below(BYTES.length)]]),
  (bytes, prng) => poke(bytes, prng.below(bytes.length), [prng.below(256)]),
  (bytes, prng) => {
    const word = WORDS[prng.below(WORDS.length)]
    return poke(bytes, prng.below(bytes.length), [word >>> 24, word >>> 16, word >>> 8, word])
  },
  (bytes, prng) => bytes.subarray(0, prng.below(bytes.length + 1)),
  (bytes, prng) => bytes.subarray(prng.below(Math.min(bytes.length, 8) + 1)),
  (bytes, prng) => {
    const from = prng.below(bytes.length)
    return join(bytes.subarray(0, from), bytes.subarray(from + prng.below(16)))
  },
  (bytes, prng) => {
    const from = prng.below(bytes.length)
    const to = from + prng.below(Math.min(64, bytes.length - from) + 1)
    return join(bytes.subarray(0, to), bytes.subarray(from))
  },
  (bytes, prng, samples) => {
    const other = samples[prng.below(samples.length)]
    return join(
      bytes.subarray(0, prng.below(bytes.length + 1)),
      other.subarray(prng.below(other.length + 1)),
    )
  },
  token,
  token,
]

/** One of the samples, rarely as it is and rarely nothing but noise. */
export function mutate(samples: Samples, prng: Prng): Uint8Array {
  const luck = prng.below(64)
  if (luck === 0) return Uint8Array.from({ length: prng.below(100) }, () => prng.below(256))
  let bytes: Uint8Array = samples[prng.below(samples.length)].slice()
  for (let steps = luck === 1 ? 0 : 1 + prng.below(4); steps > 0 && bytes.length > 0; steps--)
    bytes = STEPS[prng.below(STEPS.length)](bytes, prng, samples)
  return bytes
}

function poke(bytes: Uint8Array, at: number, by: readonly number[], flip = false): Uint8Array {
  for (let i = 0; i < by.length && at + i < bytes.length; i++)
    bytes[at + i] = flip ? bytes[at + i] ^ by[i] : by[i]
  return bytes
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length + b.length > GROWN_MAX && b.length > 0) return a.slice()
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}

/** A number of a text, or some place of it, becomes another token. */
function token(bytes: Uint8Array, prng: Prng): Uint8Array {
  let from = prng.below(bytes.length)
  for (let i = 0; i < 64 && !isDigit(bytes[from]); i++) from = (from + 1) % bytes.length
  let to = from
  while (to < bytes.length && isDigit(bytes[to])) to++
  return join(join(bytes.subarray(0, from), TOKENS[prng.below(TOKENS.length)]), bytes.subarray(to))
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}
