// Settings about how fast a sender multicasts; without any the rate is found by itself.

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
] as const satisfies readonly OptionSpec[]
