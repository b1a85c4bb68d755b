// Settings of `mcp2p bench`, named and read as iperf 2 names and reads them, short forms included.

import type { OptionSpec } from '../option-spec.js'
import { STATS_MILLIS_MAX } from './output.js'

/** A bench's datagram holds its header, and no UDP datagram is longer. */
const BENCH_BYTES = { min: 26, max: 65_507 } as const

export const BENCH_OPTIONS = [
  {
    name: 'bandwidth',
    short: 'b',
    kind: 'bandwidth',
    value: '<rate>',
    default: '1M',
    help: 'bits per second as iperf 2 reads them: 200M, or 200m for powers of ten; 0 finds the limit',
    topic: 'Bench',
    commands: ['bench'],
  },
  {
    name: 'num',
    short: 'n',
    kind: 'amount',
    value: '<bytes>',
    otherwise: 'by --time',
    help: 'send so many bytes, for example 1G',
    topic: 'Bench',
    commands: ['bench'],
  },
  {
    name: 'time',
    short: 't',
    kind: 'seconds',
    value: '<seconds>',
    min: 100,
    max: STATS_MILLIS_MAX,
    default: '10',
    help: 'send for so long; recv: listen for so long, for ever unless given',
    topic: 'Bench',
    commands: ['bench'],
  },
  {
    name: 'len',
    short: 'l',
    kind: 'amount',
    value: '<bytes>',
    ...BENCH_BYTES,
    default: '1470',
    help: 'payload of a datagram',
    topic: 'Bench',
    commands: ['bench'],
  },
  {
    name: 'interval',
    short: 'i',
    kind: 'seconds',
    value: '<seconds>',
    min: 100,
    max: STATS_MILLIS_MAX,
    otherwise: 'the end only',
    help: 'a line every so often',
    topic: 'Bench',
    commands: ['bench'],
  },
  {
    name: 'serial',
    kind: 'flag',
    otherwise: 'multicast',
    help: 'send by TCP instead, to one receiver after the other',
    topic: 'Bench',
    commands: ['bench'],
  },
  {
    name: 'parallel',
    kind: 'flag',
    otherwise: 'multicast',
    help: 'send by TCP instead, to all receivers at once',
    topic: 'Bench',
    commands: ['bench'],
  },
  {
    name: 'tcp',
    kind: 'flag',
    otherwise: 'multicast',
    help: 'send by TCP instead, to all receivers at once unless --serial',
    topic: 'Bench',
    commands: ['bench'],
  },
  {
    name: 'one-off',
    short: '1',
    kind: 'flag',
    otherwise: 'go on',
    help: 'recv: end after the first sender',
    topic: 'Bench',
    commands: ['bench'],
  },
] as const satisfies readonly OptionSpec[]
