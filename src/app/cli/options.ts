// Every setting of the command line, declared once. The flags, their help, the environment
// variables, the config file, `mcp2p config` and the README's table all follow from this file, so
// that none of them can know a flag that the others do not.

import type { CommandName, OptionSpec } from './option-spec.js'
import { BENCH_OPTIONS } from './options/bench.js'
import { FILES_OPTIONS } from './options/files.js'
import { NETWORK_OPTIONS } from './options/network.js'
import { OUTPUT_OPTIONS } from './options/output.js'
import { RATE_OPTIONS } from './options/rate.js'
import { WHEN_OPTIONS } from './options/when.js'

export const OPTIONS = [
  ...FILES_OPTIONS,
  ...NETWORK_OPTIONS,
  ...RATE_OPTIONS,
  ...WHEN_OPTIONS,
  ...BENCH_OPTIONS,
  ...OUTPUT_OPTIONS,
] as const

/** Pairs that contradict each other: an error where they come from the same source. */
export const EXCLUSIVE: readonly (readonly [OptionName, OptionName])[] = [
  ['rate', 'min-rate'],
  ['rate', 'max-rate'],
  ['forever', 'linger'],
  ['one-way', 'peer'],
  ['one-way', 'stay'],
  ['no-relay', 'relay-only'],
  ['one-way', 'relay-only'],
  ['discard', 'relay-only'],
  ['discard', 'out'],
  ['discard', 'overwrite'],
  ['discard', 'stay'],
  ['num', 'time'],
  ['serial', 'parallel'],
  ['with', 'listen'],
  ['json', 'json-stream'],
  ['quiet', 'verbose'],
]

type AnyOption = (typeof OPTIONS)[number]
export type OptionName = AnyOption['name']

type ValueOf<O> = O extends { choices: readonly (infer C)[] }
  ? C
  : O extends { kind: 'flag' }
    ? boolean
    : O extends { kind: 'endpoints' }
      ? readonly string[]
      : O extends { kind: 'text' | 'group' | 'address' | 'location' | 'redis' }
        ? string
        : number

/** The settings of one run by name: rates in bits per second, sizes in bytes, times in ms. */
export type Settings = { readonly [O in AnyOption as O['name']]?: ValueOf<O> }

/** All options of a command, in the order of this file; `config` shows every one, so it has them. */
export function optionsOf(command: CommandName): readonly OptionSpec[] {
  const all: readonly OptionSpec[] = OPTIONS
  if (command === 'config') return all
  return all.filter(option => option.commands === undefined || option.commands.includes(command))
}
