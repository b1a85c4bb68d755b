// Runs inputs by number: input i of a seed is always the same, so a run can be cut in pieces, goes
// on from where it stopped, and a failure is told as two numbers that bring it back.

import { Prng } from '../../src/core/base/prng.js'
import { hostileReception, hostileSending } from './machines.js'
import { mutate } from './mutate.js'
import { PARSERS, type Parser } from './parsers.js'

export interface Failure {
  readonly where: string
  readonly index: number
  readonly input: string
  readonly error: unknown
}

const SHARES = PARSERS.reduce((sum, { share }) => sum + share, 0)
/** Inputs of one hostile session with a machine. */
export const SESSION_INPUTS = 2000

/** The parser that input `index` of `seed` is for, and that input. */
export function inputOf(seed: number, index: number): { parser: Parser; bytes: Uint8Array } {
  const prng = prngOf(seed, index)
  const parser = pick(prng)
  return { parser, bytes: mutate(parser.samples, prng) }
}

/** Gives inputs [from, to) to the parsers; the first failure, if any. */
export function fuzzParsers(seed: number, from: number, to: number): Failure | undefined {
  for (let index = from; index < to; index++) {
    const prng = prngOf(seed, index)
    const parser = pick(prng)
    const bytes = mutate(parser.samples, prng)
    try {
      parser.read(bytes, prng)
    } catch (error) {
      // The parser may have changed its input: made again, it is what was given.
      const input = Buffer.from(inputOf(seed, index).bytes)
      return { where: parser.name, index, input: input.toString('hex'), error }
    }
  }
  return undefined
}

/** One session of hostile inputs with a machine, by its number; what went wrong. */
export function fuzzMachine(seed: number, index: number): Failure | undefined {
  const session = prngOf(seed, index).u32()
  const where = index % 2 === 0 ? 'receiver' : 'sender'
  try {
    const run = index % 2 === 0 ? hostileReception : hostileSending
    const problems = run(session, SESSION_INPUTS)
    if (problems.length === 0) return undefined
    return { where, index, input: `session ${session}`, error: problems.join('; ') }
  } catch (error) {
    return { where, index, input: `session ${session}`, error }
  }
}

function prngOf(seed: number, index: number): Prng {
  return new Prng((Math.imul(seed, 0x9e3779b1) ^ index) >>> 0)
}

function pick(prng: Prng): Parser {
  let at = prng.below(SHARES)
  for (const parser of PARSERS) if ((at -= parser.share) < 0) return parser
  return PARSERS[0]
}
