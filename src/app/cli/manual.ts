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
      [
        'mcp2p send ./data --carousel --fec 10% --rate 50Mbit',
        'round and round, for one-way links',
      ],
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
      ['mcp2p recv --one-way -o /srv', 'only listen; the sender has --carousel'],
      ['mcp2p recv --discard', 'verify all, write nothing: how fast is the network?'],
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
    name: 'bench',
    heading: 'Look:',
    arguments: '<send|recv|host>',
    summary: 'measure a network by multicast, as iperf does',
    description:
      'Measures what multicast gets through: rate, loss, jitter and order at every receiver. ' +
      'recv listens until it is stopped, send blasts and prints what every receiver counted; host measures what this machine can do by itself, with the disk under --out. Flags, units and lines are those of iperf 2.',
    examples: [
      ['mcp2p bench recv -i 1', 'on each receiver, a line every second'],
      ['mcp2p bench send -b 200M -n 1G -i 5', 'a gigabyte, as iperf 2 sends it'],
      ['mcp2p bench send -b 0', 'find the highest rate with less than 0.1 % loss'],
      ['mcp2p bench send --serial -n 1G', 'the same bytes by TCP, to one receiver after the other'],
      ['mcp2p bench host -o /srv', 'which part will be the bottleneck: hash, FEC, disk, UDP, TCP'],
      ['mcp2p bench send -b 90m -t 10 --json', "the same figures in iperf3's shape"],
    ],
  },
  {
    name: 'doctor',
    heading: 'Look:',
    arguments: '',
    summary: 'find what keeps transfers from working here, and what repairs it',
    description:
      'Looks at interfaces, routes, firewall, memberships, ports, buffers, disk and clock, sends a few datagrams to the group to see them come back, and calls who is named. ' +
      'One line per check: ok, warning or failed, why, and what to do; exit 4 when one failed.',
    examples: [
      ['mcp2p doctor', 'examine this host'],
      ['mcp2p doctor --interface eth1 --json', 'another interface, for a program'],
      ['mcp2p doctor --peer 10.0.0.1:9990', 'can that sender be reached from here?'],
      ['mcp2p doctor --listen', 'on one host, and on another:'],
      ['mcp2p doctor --with 10.0.0.1', 'test multicast, TCP, MTU and loss both ways'],
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
