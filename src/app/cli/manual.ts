// What each command is, in the words of its help: arguments, a sentence or two, examples that can be
// copied as they stand.

import type { CommandName } from './option-spec.js'

export interface Manual {
  readonly name: CommandName
  readonly alias?: string
  /** Under which heading the main help lists it. */
  readonly heading: string
  /** In commander's notation. */
  readonly arguments: string
  /** One line in the list of commands. */
  readonly summary: string
  readonly description: string
  readonly examples: readonly (readonly [command: string, effect: string])[]
}

export const MANUALS: readonly Manual[] = [
  {
    name: 'send',
    heading: 'Transfer:',
    arguments: '<path...>',
    summary: 'offer a .p2pmeta or paths until every receiver is complete',
    description:
      'Announces a transfer, multicasts it once to everybody who listens, repairs, and serves until every receiver that it has heard of is complete or gone. ' +
      'One .p2pmeta, or paths, whose .p2pmeta it then makes by itself. ' +
      'Prints the link and the line that receives it, and at the end a table of the receivers.',
    examples: [
      ['mcp2p send ./photos', 'offer a folder to whoever runs mcp2p recv'],
      ['mcp2p send image.iso --wait-receivers 8', 'start when eight receivers are there'],
      ['mcp2p send disk.p2pmeta --root /srv/images', 'the files are elsewhere'],
      ['mcp2p send ./data --max-rate 300Mbit --forever', 'leave room for others, keep serving'],
    ],
  },
  {
    name: 'recv',
    alias: 'receive',
    heading: 'Transfer:',
    arguments: '[source]',
    summary: 'fetch a transfer; without an argument, the first one announced',
    description:
      'Fetches a transfer by multicast and from peers, verified block by block, and resumes by itself what an earlier run began. ' +
      'The source is a .p2pmeta, an mcp2p: link, or an id (8 digits of it are enough); without one the first session announced is taken.',
    examples: [
      ['mcp2p recv', 'take what is announced on this network'],
      ['mcp2p recv photos.p2pmeta -o /srv/photos', 'know in advance what comes'],
      ["mcp2p recv 'mcp2p:<id>?m=10.0.0.1:9990'", 'where multicast does not reach'],
      ['mcp2p recv --json-stream | jq .type', 'watch it from a program'],
    ],
  },
  {
    name: 'meta',
    heading: 'Files:',
    arguments: '<path...>',
    summary: 'hash files and folders into a .p2pmeta',
    description:
      'Hashes files and folders in parallel and writes the .p2pmeta that describes them. ' +
      'Prints its path and its link. No network is used.',
    examples: [
      ['mcp2p meta ./photos', 'writes photos.p2pmeta'],
      ['mcp2p meta disk.img -o /srv/disk.p2pmeta', 'writes it elsewhere'],
      ['mcp2p meta ./data --manager 10.0.0.1:8889', 'names a swarm manager in it'],
    ],
  },
  {
    name: 'verify',
    heading: 'Files:',
    arguments: '<meta> <dir>',
    summary: 'compare a folder with its .p2pmeta',
    description:
      'Reads everything in the folder and prints what is missing, wrong or extra; exit 7 when something is.',
    examples: [
      ['mcp2p verify photos.p2pmeta /srv/photos', 'silent answer: all is right'],
      ['mcp2p verify photos.p2pmeta . --json', 'lists for a program'],
    ],
  },
  {
    name: 'manager',
    heading: 'Serve:',
    arguments: '',
    summary: 'keep a register of who has and wants what, so that hosts find each other',
    description:
      'Introduces the hosts of a transfer to each other where multicast does not reach, and keeps the .p2pmeta files that they publish. ' +
      'Speaks JSON lines on TCP 8889, so `nc` is a client. What it knows outlives a restart; while it is away, transfers go on.',
    examples: [
      ['mcp2p manager', 'that is all it needs'],
      ['mcp2p meta ./data --manager 10.0.0.1:8889', 'a .p2pmeta that names it'],
      ["mcp2p recv 'mcp2p:<id>?m=10.0.0.1:8889'", 'needs nothing else'],
      ['echo \'{"cmd":"list"}\' | nc 10.0.0.1 8889', 'ask it by hand'],
    ],
  },
  {
    name: 'config',
    heading: 'Look:',
    arguments: '',
    summary: 'show every setting and where it came from',
    description:
      'Shows every setting, its value and where it came from: flag, environment, config file or default. ' +
      'Any flag of the other commands can be given, to see what would win.',
    examples: [
      ['mcp2p config', 'what a run would go by'],
      ['MCP2P_RATE=900Mbit mcp2p config --json', 'the same for a program'],
    ],
  },
]

/** The examples as a paragraph of the help. */
export function examplesText(manual: Manual): string {
  const widest = Math.max(...manual.examples.map(([command]) => command.length))
  const lines = manual.examples.map(
    ([command, effect]) => `  ${command.padEnd(widest)}  # ${effect}`,
  )
  return `\nExamples:\n${lines.join('\n')}\n`
}
