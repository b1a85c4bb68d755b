// How options are looked at: what each may be, in words, and one that is none of it refused.

import { Mcp2pError } from '../core/base/errors.js'

/** What a value must be, in words, and whether it is. */
export interface Rule {
  readonly what: string
  readonly holds: (value: unknown) => boolean
}

export type Rules<Options> = { readonly [K in keyof Required<Options>]: Rule }

export function whole(min: number, max: number): Rule {
  const holds = (value: unknown) => Number.isInteger(value) && isWithin(value, min, max)
  return { what: `a whole number from ${min} to ${max}`, holds }
}

export function isWithin(value: unknown, min: number, max: number): boolean {
  return typeof value === 'number' && value >= min && value <= max
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Bits per second. */
export const rate = whole(1, Number.MAX_SAFE_INTEGER)

/** Every member of `options` that is not undefined must be known and fit. */
export function check(
  options: unknown,
  rules: Readonly<Record<string, Rule>>,
  of = 'the options',
): void {
  if (!isObject(options)) throw bad(`${of} must be an object, not ${shown(options)}`)
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(rules, name)) throw bad(`there is no option ${shown(name)}`)
    if (value !== undefined) demand(name, value, rules[name])
  }
}

export function demand(name: string, value: unknown, { what, holds }: Rule): void {
  if (!holds(value)) throw bad(`${name} is ${shown(value)}, not ${what}`)
}

/** A value for a message: short, on one line. */
function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 80))
  if (typeof value === 'object' && value !== null)
    return Array.isArray(value) ? 'a list' : 'an object'
  return typeof value === 'function' ? 'a function' : String(value)
}

export function bad(message: string): Mcp2pError {
  const hint = 'See the types of the options, or the help of the command line.'
  return new Mcp2pError('BAD_OPTION', 'usage', message, hint)
}
