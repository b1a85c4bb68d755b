// Every setting of the command line, declared once. The flags, their help, the environment
// variables, the config file, `mcp2p config` and the README's table all follow from this file, so
// that none of them can know a flag that the others do not.

import type { CommandName, OptionSpec } from './option-spec.js'

const PORT = { kind: 'integer', value: '<port>', min: 1, max: 65_535 } as const
/** A timer of Node's holds no more than 24.8 days, and fires at once when told to. */
const STATS_MILLIS_MAX = 24 * 86_400_000
const MAKES_META = ['meta', 'send'] as const
const TRANSFERS = ['send', 'recv'] as const

export const OPTIONS = [
  {
    name: 'output',
    short: 'o',
    kind: 'text',
    value: '<file>',
    otherwise: '<name>.p2pmeta',
    help: 'where the .p2pmeta is written',
    topic: 'Files',
    commands: ['meta'],
  },
  {
    name: 'out',
    short: 'o',
    kind: 'text',
    value: '<dir>',
    default: '.',
    help: 'where the files are written; nothing is ever written outside',
    topic: 'Files',
    commands: ['recv'],
  },
  {
    name: 'root',
    kind: 'text',
    value: '<dir>',
    otherwise: 'beside the .p2pmeta',
    help: 'where the files of the .p2pmeta are',
    topic: 'Files',
    commands: ['send'],
  },
  {
    name: 'state',
    kind: 'text',
    value: '<dir>',
    otherwise: '~/.local/state/mcp2p/manager',
    help: 'where the manager keeps peers and .p2pmeta files',
    topic: 'Files',
    commands: ['manager'],
  },
  {
    name: 'overwrite',
    kind: 'flag',
    otherwise: 'refuse',
    help: 'replace existing files that differ',
    topic: 'Files',
    commands: ['meta', 'recv'],
  },
  {
    name: 'name',
    kind: 'text',
    value: '<name>',
    otherwise: 'the first path',
    help: 'how the transfer is called',
    topic: 'Files',
    commands: MAKES_META,
  },
  {
    name: 'chunk-size',
    kind: 'size',
    value: '<size>',
    otherwise: 'by total size',
    help: 'unit of scheduling, a power of two from 16KiB to 16MiB',
    topic: 'Files',
    commands: MAKES_META,
  },
  {
    name: 'hash',
    kind: 'choice',
    value: '<hash>',
    choices: ['sha256', 'blake3'],
    default: 'sha256',
    help: 'hash of the tree: sha256 or blake3',
    topic: 'Files',
    commands: MAKES_META,
  },
  {
    name: 'manager',
    kind: 'endpoints',
    value: '<host:port>',
    otherwise: 'none',
    help: 'swarm manager to register with, and to name in a new .p2pmeta (repeatable)',
    topic: 'Network',
    commands: ['meta', 'send', 'recv'],
  },
  {
    name: 'peer',
    kind: 'endpoints',
    value: '<host:port>',
    otherwise: 'found by themselves',
    help: 'peer or manager to dial (repeatable)',
    topic: 'Network',
    commands: ['recv'],
  },
  {
    name: 'location',
    kind: 'location',
    value: '<dc/rack>',
    otherwise: 'by subnet',
    help: 'where this host is, for managers that introduce near peers first',
    topic: 'Network',
    commands: TRANSFERS,
  },
  {
    name: 'manager-port',
    ...PORT,
    default: '8889',
    help: 'TCP port of the manager',
    topic: 'Network',
    commands: ['manager'],
  },
  {
    name: 'store',
    kind: 'redis',
    value: '<url>',
    otherwise: 'this manager alone',
    help: 'Redis 7 or later that several managers share, for example redis://10.0.0.1:6379',
    topic: 'Network',
    commands: ['manager'],
  },
  {
    name: 'bind',
    kind: 'address',
    value: '<address>',
    otherwise: 'all',
    help: 'the one address that the manager accepts peers on',
    topic: 'Network',
    commands: ['manager'],
  },
  {
    name: 'http-host',
    kind: 'address',
    value: '<address>',
    default: '127.0.0.1',
    help: "address of the manager's HTTP port; another one needs --http-token-file",
    topic: 'Network',
    commands: ['manager'],
  },
  {
    name: 'http-port',
    ...PORT,
    otherwise: '--manager-port + 1',
    help: "the manager's HTTP port: /healthz, /readyz, /metrics, /api/v1",
    topic: 'Network',
    commands: ['manager'],
  },
  {
    name: 'http-token-file',
    kind: 'text',
    value: '<file>',
    otherwise: 'none',
    help: 'file with the token that HTTP clients have to send',
    topic: 'Network',
    commands: ['manager'],
  },
  {
    name: 'group',
    kind: 'group',
    value: '<address>',
    default: '224.0.67.67',
    help: 'multicast group',
    topic: 'Network',
    commands: TRANSFERS,
  },
  {
    name: 'port',
    ...PORT,
    default: '6767',
    help: 'UDP port of announcements',
    topic: 'Network',
    commands: TRANSFERS,
  },
  {
    name: 'data-port',
    ...PORT,
    otherwise: '--port + 1',
    help: 'UDP port of the data',
    topic: 'Network',
    commands: ['send'],
  },
  {
    name: 'peer-port',
    ...PORT,
    default: '9990',
    help: 'TCP port for peers; a taken one gives the next free one',
    topic: 'Network',
    commands: TRANSFERS,
  },
  {
    name: 'interface',
    kind: 'text',
    value: '<name|address>',
    otherwise: 'all that are up',
    help: 'the one network interface to use',
    topic: 'Network',
    commands: TRANSFERS,
  },
  {
    name: 'ttl',
    kind: 'integer',
    value: '<hops>',
    min: 0,
    max: 255,
    default: '1',
    help: 'how many routers multicast may pass, plus one',
    topic: 'Network',
    commands: ['send'],
  },
  {
    name: 'multicast',
    kind: 'choice',
    value: '<mode>',
    choices: ['auto', 'always', 'never'],
    default: 'auto',
    help: 'auto falls back to the swarm by itself, always never gives up, never is a pure swarm',
    topic: 'Network',
    commands: TRANSFERS,
  },
  {
    name: 'no-multicast',
    kind: 'flag',
    means: { name: 'multicast', value: 'never' },
    help: 'short for --multicast never',
    topic: 'Network',
    commands: TRANSFERS,
  },
  {
    name: 'fec',
    kind: 'fec',
    value: '<auto|off|N%>',
    max: 30,
    default: 'auto',
    help: 'parity beside the data, against loss: auto sends as much as the receivers lose',
    topic: 'Rate',
    commands: ['send'],
  },
  {
    name: 'rate',
    kind: 'rate',
    value: '<rate>',
    otherwise: 'found by itself',
    help: 'fixed rate of multicast, for example 900Mbit',
    topic: 'Rate',
    commands: ['send'],
  },
  {
    name: 'min-rate',
    kind: 'rate',
    value: '<rate>',
    otherwise: 'none',
    help: 'multicast stops rather than going slower',
    topic: 'Rate',
    commands: ['send'],
  },
  {
    name: 'max-rate',
    kind: 'rate',
    value: '<rate>',
    otherwise: 'none',
    help: 'multicast never goes faster',
    topic: 'Rate',
    commands: ['send'],
  },
  {
    name: 'wait-receivers',
    kind: 'integer',
    value: '<count>',
    min: 1,
    max: 1_000_000,
    otherwise: 'do not wait for a count',
    help: 'start when so many receivers are connected',
    topic: 'When',
    commands: ['send'],
  },
  {
    name: 'wait',
    kind: 'time',
    value: '<time>',
    otherwise: '5s, or for ever with --wait-receivers',
    help: 'start at the latest after so long',
    topic: 'When',
    commands: ['send'],
  },
  {
    name: 'linger',
    kind: 'time',
    value: '<time>',
    default: '30s',
    help: 'how long an incomplete receiver is waited for after its last sign of life',
    topic: 'When',
    commands: ['send'],
  },
  {
    name: 'forever',
    kind: 'flag',
    otherwise: 'end when all are complete',
    help: 'go on serving until stopped',
    topic: 'When',
    commands: ['send'],
  },
  {
    name: 'stay',
    kind: 'flag',
    otherwise: 'end when nobody asks any more',
    help: 'go on serving others until stopped',
    topic: 'When',
    commands: ['recv'],
  },
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

/** Pairs that contradict each other: an error where they come from the same source. */
export const EXCLUSIVE: readonly (readonly [OptionName, OptionName])[] = [
  ['rate', 'min-rate'],
  ['rate', 'max-rate'],
  ['forever', 'linger'],
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
