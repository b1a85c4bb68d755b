// A schedule of faults from a seed: which kinds are on is drawn first, then what happens, when and to
// whom. So most schedules are a few kinds together, which is where the bugs are, and some are quiet.

import { Prng } from '../../src/core/base/prng.js'
import type { Congestion, HostOptions } from './host.js'
import type { Crash } from './storage.js'

const KINDS = [
  'loss',
  'tcp-loss',
  'report-loss',
  'distance',
  'reorder',
  'duplicates',
  'bursts',
  'deaf',
  'late',
  'partitions',
  'receiver-crashes',
  'sender-crash',
  'second-sender',
  'pauses',
  'sender-pause',
  'slow-disks',
  'slow-cpu',
  'liar',
] as const
type Kind = (typeof KINDS)[number]

/** Something that happens to one host; senders come after the receivers. */
export type Fault = { readonly atMicros: number; readonly host: number } & (
  | { readonly do: 'deafen' | 'cut' | 'pause' | 'stall'; readonly micros: number }
  /** `Infinity`: it does not come back. */
  | { readonly do: 'crash'; readonly how: Crash; readonly micros: number }
)

export interface Schedule {
  readonly seed: number
  readonly kinds: readonly Kind[]
  readonly receivers: number
  readonly senders: number
  readonly lineBps: number
  readonly sizeBytes: number
  readonly files: number
  readonly chunkBytes: number
  readonly ownRate: boolean
  readonly poolBytes: number
  /** Of each host, receivers first. */
  readonly hosts: readonly Omit<HostOptions, 'address'>[]
  readonly startMicros: readonly number[]
  readonly liesShare: number
  readonly faults: readonly Fault[]
}

const MIB = 1024 * 1024
/** Faults begin until so long after an undisturbed blast would be over. */
const AFTER_MICROS = 3e6

/** The seed's luck, and what it has decided for all hosts. */
interface Draw {
  readonly chance: (share: number) => boolean
  readonly between: (low: number, high: number) => number
  readonly below: (bound: number) => number
  readonly on: (kind: Kind) => boolean
}

export function scheduleOf(seed: number): Schedule {
  const prng = new Prng(seed)
  const chance = (share: number): boolean => prng.unit() < share
  const between = (low: number, high: number): number => low + (high - low) * prng.unit()
  const busy = between(0.05, 0.6)
  const kinds = KINDS.filter(() => chance(busy))
  const on = (kind: Kind): boolean => kinds.includes(kind)
  const draw: Draw = { chance, between, below: bound => prng.below(bound), on }
  const receivers = 2 + prng.below(8)
  const senders = on('second-sender') ? 2 : 1
  const lineBps = between(10e6, 100e6)
  const sizeBytes = MIB + prng.below(15 * MIB)
  const hosts = hostsOf(draw, receivers, senders, lineBps)
  const faultyMicros = (sizeBytes * 8e6) / lineBps + AFTER_MICROS
  return {
    seed,
    kinds,
    receivers,
    senders,
    lineBps,
    sizeBytes,
    files: chance(0.5) ? 1 : 2 + prng.below(30),
    chunkBytes: chance(0.7) ? MIB : 16 * 1024 * 2 ** prng.below(6),
    ownRate: chance(0.5),
    poolBytes: chance(0.3) ? MIB : 64 * MIB,
    hosts,
    startMicros: hosts.map((_, host) => {
      if (on('late') && chance(0.3)) return between(0, faultyMicros)
      return host > receivers && chance(0.5) ? between(0, faultyMicros) : between(0, 3e5)
    }),
    liesShare: on('liar') ? between(0, 0.5) : 0,
    faults: faultsOf(draw, receivers, senders, faultyMicros),
  }
}

function hostsOf(draw: Draw, receivers: number, senders: number, lineBps: number) {
  const { chance, between, on } = draw
  const lossUdp = between(0, chance(0.3) ? 0.2 : 0.03)
  const lossTcp = between(0, chance(0.2) ? 0.2 : 0.03)
  const congestion: Congestion = chance(0.5) ? 'cubic' : 'bbr'
  return Array.from({ length: receivers + senders }, (_, host): Omit<HostOptions, 'address'> => {
    const isSender = host >= receivers
    const reportLoss = isSender && on('report-loss') ? between(0, 0.1) : 0
    return {
      upBps: lineBps,
      downBps: lineBps,
      lossUdp: on('loss') && !isSender ? lossUdp * between(0.5, 1) : 0,
      lossTcp: on('tcp-loss') && !isSender ? lossTcp : reportLoss,
      delayMicros: on('distance') ? between(50, 30_000) : 50,
      lateShare: on('reorder') ? between(0, 0.3) : 0,
      duplicateShare: on('duplicates') ? between(0, 0.3) : 0,
      congestion,
      multicast: isSender || !on('deaf') || chance(0.6),
      datagramsPerSecond: on('slow-cpu') && chance(0.5) ? between(2_000, 20_000) : undefined,
      disk: on('slow-disks') && chance(0.6) ? slowDisk(draw) : undefined,
    }
  })
}

function faultsOf(draw: Draw, receivers: number, senders: number, withinMicros: number): Fault[] {
  const { chance, between, below, on } = draw
  const faults: Fault[] = []
  const add = (kind: Kind, most: number, make: (atMicros: number) => Fault): void => {
    if (!on(kind)) return
    for (let i = below(most); i >= 0; i--) faults.push(make(between(0, withinMicros)))
  }
  const anyone = (): number => below(receivers + senders)
  const receiver = (): number => below(receivers)
  const sender = (): number => receivers + below(senders)
  const micros = (): number => between(1e5, 5e6)
  const backAfter = (): number => (chance(0.85) ? micros() : Number.POSITIVE_INFINITY)
  const briefly = (): number => between(1e4, 2e6)
  add('bursts', 6, atMicros => ({ atMicros, host: receiver(), do: 'deafen', micros: briefly() }))
  add('partitions', 4, atMicros => ({ atMicros, host: anyone(), do: 'cut', micros: micros() }))
  add('pauses', 3, atMicros => ({ atMicros, host: receiver(), do: 'pause', micros: micros() }))
  add('sender-pause', 2, atMicros => ({ atMicros, host: sender(), do: 'pause', micros: micros() }))
  add('slow-disks', 4, atMicros => ({ atMicros, host: anyone(), do: 'stall', micros: briefly() }))
  add('receiver-crashes', 4, atMicros => {
    const how = (['kill', 'power', 'power-torn-journal'] as const)[below(3)]
    return { atMicros, host: receiver(), do: 'crash', how, micros: backAfter() }
  })
  add('sender-crash', 2, atMicros => {
    return { atMicros, host: sender(), do: 'crash', how: 'kill', micros: backAfter() }
  })
  return faults.sort((a, b) => a.atMicros - b.atMicros)
}

function slowDisk({ between }: Draw): HostOptions['disk'] {
  return { readBps: 1e9, writeBps: between(20e6, 200e6), latencyMicros: between(100, 20_000) }
}
