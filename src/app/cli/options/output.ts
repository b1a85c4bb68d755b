// Settings about what is said: to people, to programs, and where defaults are kept.

import type { OptionSpec } from '../option-spec.js'

/** A timer of Node's holds no more than 24.8 days, and fires at once when told to. */
export const STATS_MILLIS_MAX = 24 * 86_400_000

export const OUTPUT_OPTIONS = [
  {
    name: 'json',
    kind: 'flag',
    otherwise: 'text',
    help: 'one JSON document on stdout at the end',
    topic: 'Output',
  },
  {
    name: 'json-stream',
    kind: 'flag',
    otherwise: 'text',
    help: 'one JSON object per event and line on stdout',
    topic: 'Output',
  },
  {
    name: 'stats',
    kind: 'time',
    value: '<time>',
    min: 1,
    max: STATS_MILLIS_MAX,
    default: '10s',
    help: 'how often a line of progress is printed where there is no terminal',
    topic: 'Output',
  },
  {
    name: 'color',
    kind: 'choice',
    value: '<when>',
    choices: ['auto', 'always', 'never'],
    default: 'auto',
    help: 'colours on stderr: auto, always or never',
    topic: 'Output',
  },
  {
    name: 'quiet',
    short: 'q',
    kind: 'flag',
    otherwise: 'progress',
    help: 'nothing but the answer and errors',
    topic: 'Output',
  },
  {
    name: 'verbose',
    short: 'v',
    kind: 'level',
    otherwise: 'none',
    help: 'log on stderr, codes and causes of errors; -vv logs all and adds stacks',
    topic: 'Output',
  },
  {
    name: 'config',
    kind: 'text',
    value: '<file>',
    otherwise: '~/.config/mcp2p/config.json',
    help: 'config file: an object of these names',
    topic: 'Output',
  },
] as const satisfies readonly OptionSpec[]
