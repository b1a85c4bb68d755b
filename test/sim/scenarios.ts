// What can happen to a transfer, as data. A point in time is a share of the first pass, so that a
// scenario means the same at any size and rate. Acts concern the last receiver, unless they say
// otherwise; the others must not suffer by it.

import type { Fec } from '../../src/core/session/redundancy.js'
import type { Congestion } from './host.js'
import type { Lying } from './liar.js'
import type { Churn, Kind, Tree } from './topology.js'

export type Act =
  /** The last receiver only starts now. */
  | { readonly at: number; readonly do: 'join-late' }
  /** The last receiver hears no datagram for so long. */
  | { readonly at: number; readonly do: 'go-deaf'; readonly seconds: number }
  /** The last receiver's cable is out for so long. */
  | { readonly at: number; readonly do: 'pull-cable'; readonly seconds: number }
  /** kill -9 and start with what its journal says. */
  | { readonly at: number; readonly do: 'restart-receiver'; readonly seconds: number }
  | { readonly at: number; readonly do: 'restart-sender'; readonly seconds: number }
  /** A process is stopped (SIGSTOP) for so long. */
  | { readonly at: number; readonly do: 'pause-receiver'; readonly seconds: number }
  | { readonly at: number; readonly do: 'pause-sender'; readonly seconds: number }
  /** From now on nothing longer than 1500 bytes comes through to anybody. */
  | { readonly at: number; readonly do: 'shorten' }
  /** From now on datagrams keep the processors of all receivers busy. */
  | { readonly at: number; readonly do: 'overwork' }

export interface Scenario {
  readonly about: string
  /** Sites and racks with shared lines (topology.ts); default: all on one switch. */
  readonly tree?: Tree
  /** Some receivers are of another kind: their cable, disk, CPU. */
  readonly kinds?: readonly Kind[]
  /** Random faults of random receivers. */
  readonly churn?: Churn
  /** How many datagrams are lost in a row on average, where `loss` is; default 1. */
  readonly lossBurst?: number
  /** Fraction of everything that is lost on its way into each receiver. */
  readonly loss?: number
  readonly congestion?: Congestion
  /**
   * Who has multicast: everybody (default), nobody, all but the last receiver; or it is switched off,
   * by all or by the sender alone.
   */
  readonly multicast?: 'all' | 'none' | 'not-last' | 'off' | 'receivers'
  readonly senders?: number
  /** Receivers wait for the sender so long: its host refuses them meanwhile. */
  readonly lateSeconds?: number
  /** Interfaces take frames of 9000 bytes, and so does the way to all, or to all but the last. */
  readonly longFrames?: 'all' | 'not-last'
  /** The sender goes round and round with parity; receivers, or only the last, send nothing. */
  readonly carousel?: 'one-way' | 'last-one-way'
  readonly fec?: Fec
  /** What the disks of all receivers, or of the last one, write at most. */
  readonly diskBps?: { readonly all?: number; readonly last?: number }
  /** Share of the data served by the last receiver that is wrong. */
  readonly liesShare?: number
  /** What the last receiver says to others is changed so. */
  readonly lie?: Lying
  readonly acts?: readonly Act[]
  /** The sender's bytes over the file's, at most. */
  readonly overheadMax?: number
  /** All are complete after so many times the first pass, plus `slackSeconds`; default 1.5 and 3. */
  readonly timesMax?: number
  readonly slackSeconds?: number
}

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  clean: { about: 'nothing is lost', overheadMax: 1.1, timesMax: 1.1, slackSeconds: 1 },
  'loss-1': { about: '1 % of everything is lost', loss: 0.01, overheadMax: 1.15, timesMax: 1.15 },
  'loss-5': { about: '5 % is lost, TCP has cubic', loss: 0.05, congestion: 'cubic', timesMax: 2 },
  'loss-5-bbr': { about: '5 % is lost, TCP has bbr', loss: 0.05, congestion: 'bbr' },
  'loss-20': {
    about: '20 % is lost, TCP has cubic',
    loss: 0.2,
    congestion: 'cubic',
    timesMax: 6,
    slackSeconds: 15,
  },
  'loss-20-bbr': { about: '20 % is lost, TCP has bbr', loss: 0.2, congestion: 'bbr', timesMax: 4 },
  late: { about: 'one joins at 50 %', acts: [{ at: 0.5, do: 'join-late' }], timesMax: 2 },
  burst: {
    about: 'one hears nothing for 2 s',
    acts: [{ at: 0.3, do: 'go-deaf', seconds: 2 }],
    timesMax: 2,
  },
  'deaf-one': { about: 'one has no multicast', multicast: 'not-last', timesMax: 2.5 },
  'no-multicast': {
    about: 'nobody has multicast',
    multicast: 'none',
    timesMax: 6,
    slackSeconds: 10,
  },
  swarm: {
    about: 'multicast is switched off: the swarm on its own',
    multicast: 'off',
    overheadMax: 1.25,
    timesMax: 1.2,
    slackSeconds: 1,
  },
  'two-senders': {
    about: 'two send the same, each at half the rate: each a half of it',
    senders: 2,
    overheadMax: 0.6,
    timesMax: 0.6,
    slackSeconds: 0.5,
  },
  'restart-sender': {
    about: 'the sender is killed and started again',
    acts: [{ at: 0.5, do: 'restart-sender', seconds: 1 }],
    overheadMax: 1.1,
    timesMax: 1.1,
  },
  'restart-receiver': {
    about: 'a receiver is killed and resumes',
    acts: [{ at: 0.5, do: 'restart-receiver', seconds: 1 }],
    timesMax: 2,
  },
  cable: {
    about: "one's cable is out for 3 s",
    acts: [{ at: 0.3, do: 'pull-cable', seconds: 3 }],
    timesMax: 2,
    slackSeconds: 8,
  },
  pause: {
    about: 'one is stopped for 2 s',
    acts: [{ at: 0.3, do: 'pause-receiver', seconds: 2 }],
    timesMax: 2,
  },
  'stale-sender': {
    about: 'one of two senders is stopped, then goes on',
    senders: 2,
    acts: [{ at: 0.3, do: 'pause-sender', seconds: 2 }],
    timesMax: 1.2,
  },
  'slow-disks': { about: 'no disk takes more than 5 MB/s', diskBps: { all: 40e6 }, timesMax: 8 },
  'slow-disk': {
    about: 'one disk takes no more than 5 MB/s',
    diskBps: { last: 40e6 },
    timesMax: 8,
  },
  liar: { about: 'one serves wrong data', loss: 0.01, liesShare: 0.3 },
  'long-frames': {
    about: 'everybody takes long frames',
    longFrames: 'all',
    overheadMax: 1.03,
    timesMax: 1.1,
    slackSeconds: 1,
  },
  'long-frames-loss': {
    about: 'the same, 5 % is lost',
    longFrames: 'all',
    loss: 0.05,
    timesMax: 2,
  },
  'long-frames-not-one': {
    about: 'long frames do not reach one: all get short ones',
    longFrames: 'not-last',
    overheadMax: 1.1,
    timesMax: 1.1,
    slackSeconds: 1,
  },
  'long-frames-late': {
    about: 'long frames do not reach one that joins at 50 %',
    longFrames: 'not-last',
    acts: [{ at: 0.5, do: 'join-late' }],
    timesMax: 2,
  },
  'long-frames-end': {
    about: 'at 30 % a way that took long frames takes them no more',
    longFrames: 'all',
    acts: [{ at: 0.3, do: 'shorten' }],
    timesMax: 3,
    slackSeconds: 5,
  },
  overworked: {
    about: 'at 30 % all say that they are too slow for datagrams: the swarm goes on alone',
    acts: [{ at: 0.3, do: 'overwork' }],
    overheadMax: 1.2,
    timesMax: 1.3,
    slackSeconds: 1,
  },
  'one-way-3': {
    about: 'a carousel, nobody has a way back, 3 % is lost',
    carousel: 'one-way',
    fec: 0.1,
    loss: 0.03,
    timesMax: 1.2,
    slackSeconds: 0.5,
  },
  'one-way-10': {
    about: 'a carousel, nobody has a way back, 10 % is lost',
    carousel: 'one-way',
    fec: 0.1,
    loss: 0.1,
    timesMax: 5,
    slackSeconds: 0.5,
  },
  'one-way-late': {
    about: 'a carousel, nobody has a way back, 3 % is lost, one comes at 50 %',
    carousel: 'one-way',
    fec: 0.1,
    loss: 0.03,
    acts: [{ at: 0.5, do: 'join-late' }],
    timesMax: 1.7,
    slackSeconds: 0.5,
  },
  'one-way-burst': {
    about: 'a carousel, nobody has a way back, one hears nothing for a while',
    carousel: 'one-way',
    fec: 0.1,
    loss: 0.03,
    acts: [
      { at: 0.2, do: 'go-deaf', seconds: 0.2 },
      { at: 0.6, do: 'go-deaf', seconds: 0.05 },
    ],
    timesMax: 1.9,
    slackSeconds: 0.5,
  },
  'one-way-beside': {
    about: 'a carousel, one has no way back, the others do',
    carousel: 'last-one-way',
    fec: 0.1,
    loss: 0.03,
  },
  'loss-burst': {
    about: '2 % is lost, twenty datagrams at a time',
    loss: 0.02,
    lossBurst: 20,
    congestion: 'bbr',
    timesMax: 2,
  },
  'two-sites': {
    about: 'two sites, 20 Mbit/s and 10 ms between them; multicast stays in each',
    tree: { sites: 2, site: { mbps: 20, delayMillis: 5 } },
    timesMax: 20,
    slackSeconds: 10,
  },
  'twenty-sites': {
    about: 'twenty sites, each with 50 Mbit/s and 5 ms to the others; multicast stays in each',
    tree: { sites: 20, site: { mbps: 50, delayMillis: 5 } },
    timesMax: 40,
    slackSeconds: 10,
  },
  racks: {
    about: 'four racks, each shares 100 Mbit/s; multicast is heard in all of them',
    tree: { sites: 1, racks: 4, rack: { mbps: 100 } },
    timesMax: 1.5,
  },
  'wi-fi': {
    about: 'one receiver in ten has 20 Mbit/s, 3 ms and loses 5 % in bursts',
    kinds: [{ share: 0.1, line: { mbps: 20, delayMillis: 3, loss: 0.05, burst: 8 } }],
    timesMax: 8,
    slackSeconds: 10,
  },
  'slow-hosts': {
    about: 'one in four has a disk of 20 MB/s, one in five reads 20,000 datagrams a second',
    kinds: [
      { share: 0.25, diskMbps: 160 },
      { share: 0.2, datagramsPerSecond: 20_000 },
    ],
    timesMax: 3,
  },
  churn: {
    about: 'receivers are killed, stopped, unplugged, deaf, one every second on average',
    churn: {
      everySeconds: 1,
      awaySeconds: 2,
      untilSeconds: 20,
      of: ['restart-receiver', 'pause-receiver', 'pull-cable', 'go-deaf'],
    },
    timesMax: 6,
    slackSeconds: 40,
  },
}
