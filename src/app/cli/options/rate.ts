// Settings about how fast a sender multicasts, which is found by itself without any, and how fast peers
// give and take.

import type { OptionSpec } from '../option-spec.js'

export const RATE_OPTIONS = [
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
    commands: ['send', 'doctor'],
  },
  {
    name: 'upload',
    kind: 'rate',
    value: '<rate>',
    otherwise: 'none',
    help: 'what is sent at most, by multicast and to peers, all together',
    topic: 'Rate',
    commands: ['send', 'recv'],
  },
  {
    name: 'download',
    kind: 'rate',
    value: '<rate>',
    otherwise: 'none',
    help: 'what is taken from peers at most, all together; multicast comes as it is sent',
    topic: 'Rate',
    commands: ['recv'],
  },
] as const satisfies readonly OptionSpec[]
