// Document 000: figures 1.0 (four ways by formula and over lines), 1.1 (what it measured), 5.0 (its own
// program against those) and 6.0 (up to 70 hosts). A gibibyte over 100 Mbit/s; programs, as in the
// seed, with a quarter of it and the time multiplied (6.1.2).

import { Prng } from '../../src/core/base/prng.js'
import { type Choose, lowest, random, rarest } from './choices.js'
import {
  simulateChain,
  simulateDoubling,
  simulateMulticast,
  simulateSerial,
  simulateUnchunked,
} from './distribution.js'
import { type Effort, type Figure, type Row, type Series, seconds } from './figure.js'
import { Pipe } from './flows.js'
import {
  CHUNK_BYTES,
  chunkedSeconds,
  GIBIBYTE,
  multicastSeconds,
  serialSeconds,
  unchunkedSeconds,
} from './formulas.js'
import { simulateOurs, type Way } from './ours.js'
import { simulateSwarm } from './swarm.js'

/** What the seed's text says of its measurements; its graphs are pictures, and no table has their points. */
export const SEED = {
  /** 6.1.1.3: a gibibyte by iperf, and 8.06 of them one after another. */
  iperfSeconds: 89.8,
  iperfSerial: { receivers: 8.06, seconds: 723.3 },
  /** 6.2.2.2: 256 MiB to one host by its program, random selection. */
  randomSeconds: 39.343,
} as const

const QUARTER_BYTES = 256 * 1024 * 1024
const LINE_BPS = 100e6

type Curve = readonly (readonly [number, number])[]

/** What several figures need, measured once. */
export class Transfers {
  readonly #effort: Effort
  readonly #ours = new Map<string, number>()
  readonly sizeBytes: number

  constructor(effort: Effort) {
    this.#effort = effort
    this.sizeBytes = effort.quick ? QUARTER_BYTES / 64 : QUARTER_BYTES
  }

  /** Up to the seed's fifteen, and beyond in figure 6.0. */
  get few(): readonly number[] {
    return this.#effort.quick ? [1, 4] : [1, 5, 10, 15]
  }

  get many(): readonly number[] {
    return this.#effort.quick ? [1, 4, 8] : [1, 15, 30, 50, 70]
  }

  ours(way: Way, counts: readonly number[]): Curve {
    return counts.map(receivers => {
      const key = `${way} ${receivers}`
      let last = this.#ours.get(key)
      if (last === undefined) {
        const { sizeBytes } = this
        const { seed } = this.#effort
        const times = simulateOurs({ way, receivers, sizeBytes, lineBps: LINE_BPS, seed })
        this.#ours.set(key, (last = times.lastSeconds * this.#times))
      }
      return [receivers, last] as const
    })
  }

  /** The seed's program: a request goes out when the piece before it is in (its 5.2: nothing is queued). */
  program(choose: Choose, counts: readonly number[]): Curve {
    const order = choose === lowest ? 'listed' : 'random'
    return this.#swarm(choose, counts, { order, peersAtOnce: 5, gapSeconds: gapSeconds() })
  }

  herd(counts: readonly number[]): Curve {
    return this.#swarm(rarest, counts, { slots: 5 })
  }

  get #times(): number {
    return GIBIBYTE.fileBytes / this.sizeBytes
  }

  #swarm(
    choose: Choose,
    counts: readonly number[],
    manner: Partial<Parameters<typeof simulateSwarm>[0]>,
  ): Curve {
    return counts.map(receivers => {
      const lines = Array.from({ length: receivers + 1 }, () => ({
        up: new Pipe(GIBIBYTE.bytesPerSecond),
        down: new Pipe(GIBIBYTE.bytesPerSecond),
      }))
      const all = lines.map((_, i) => i)
      const { seconds: ends } = simulateSwarm({
        members: all.map(i => ({ neighbours: all.filter(each => each !== i) })),
        pathOf: (from, to) => [lines[from].up, lines[to].down],
        pieces: this.sizeBytes / CHUNK_BYTES,
        pieceBytes: CHUNK_BYTES,
        choose,
        prng: new Prng(this.#effort.seed),
        ...manner,
      })
      return [receivers, this.#times * Math.max(...ends)] as const
    })
  }
}

/** What each chunk took beside the line, by the one time that the seed gives. */
export function gapSeconds(): number {
  const line = QUARTER_BYTES / GIBIBYTE.bytesPerSecond
  return (SEED.randomSeconds - line) / (QUARTER_BYTES / CHUNK_BYTES)
}

const upTo = (most: number): number[] => Array.from({ length: most }, (_, i) => i + 1)

const curveOf = (counts: readonly number[], time: (receivers: number) => number): Curve =>
  counts.map(receivers => [receivers, time(receivers)] as const)

const last = (curve: Curve): string => seconds(curve[curve.length - 1][1])

const SETTING = '1 GiB, 100 Mbit/s each way, nothing lost'
const X = { label: 'receivers' }
const Y = { label: 'seconds until the last receiver has the file', log: true, from: 60, to: 2000 }
const PROGRAMS = 'programs: 256 MiB, times 4 as in the seed'

const whyOursIsSlower =
  "ours is slower than the formula for multicast because a formula's line carries nothing but the " +
  'file: Ethernet, IP, UDP and our headers take 4.5 % + 4.5 % of it, and the sender leaves 2 % for repair.'

/** A way by the seed's formula and over lines. */
type Formula = readonly [name: string, hue: Series['hue'], formula: Curve, model: Curve]

function formulasOf(transfers: Transfers, counts: readonly number[]): Formula[] {
  return [
    [
      'serial',
      'black',
      curveOf(counts, n => serialSeconds(GIBIBYTE, n)),
      curveOf(counts, n => simulateSerial(GIBIBYTE, n)),
    ],
    [
      'P2P, whole files',
      'orange',
      curveOf(counts, n => unchunkedSeconds(GIBIBYTE, n)),
      curveOf(counts, n => simulateUnchunked(GIBIBYTE, n)),
    ],
    [
      'P2P, chunks',
      'purple',
      curveOf(counts, n => chunkedSeconds(GIBIBYTE, n)),
      curveOf(transfers.few, n => simulateChain(GIBIBYTE, n, CHUNK_BYTES)),
    ],
    [
      'multicast',
      'sky',
      curveOf(counts, () => multicastSeconds(GIBIBYTE)),
      curveOf(counts, n => simulateMulticast(GIBIBYTE, n)),
    ],
  ]
}

export function figure10(transfers: Transfers): Figure {
  const counts = upTo(20)
  const formulas = formulasOf(transfers, counts)
  const doubling = curveOf(counts, n => simulateDoubling(GIBIBYTE, n))
  const ours = transfers.ours('multicast', transfers.few)
  const swarm = transfers.ours('swarm', transfers.few)
  const most = transfers.few[transfers.few.length - 1]
  return {
    name: '000-figure-1.0',
    source: 'document 000, figure 1.0',
    title: 'Four ways to bring a file to many: by formula, over lines, and mcp2p',
    setting: SETTING,
    x: X,
    y: Y,
    series: [
      ...formulas.flatMap(([name, hue, formula, model]): Series[] => [
        { name: `${name}, the seed's formula`, role: 'formula', hue, points: formula },
        { name: `${name}, simulated`, role: 'model', hue, points: model, loose: true },
      ]),
      {
        name: 'P2P, whole files, where downlinks are limited too',
        role: 'model',
        hue: 'vermilion',
        points: doubling,
      },
      { name: 'mcp2p, multicast', role: 'ours', hue: 'blue', points: ours },
      { name: 'mcp2p, swarm alone', role: 'ours', hue: 'green', points: swarm },
    ],
    rows: rowsOf10(formulas, doubling, ours, swarm, most),
    notes: [
      "The seed's values are its formulas' (6.1.1.1), computed anew; over lines they come out the same to the second.",
      'Its formula for whole files lets a receiver take from i peers at i times the line, although its text gives every host one line; where downlinks are limited too, files spread by doubling, the extra curve.',
      `For the same reason as everywhere, ${whyOursIsSlower}`,
    ],
  }
}

function rowsOf10(
  formulas: readonly Formula[],
  doubling: Curve,
  ours: Curve,
  swarm: Curve,
  most: number,
): Row[] {
  const at = (curve: Curve): string => seconds(curve.find(([n]) => n === most)![1])
  return [
    ...formulas.map(
      ([name, , formula, model]): Row => ({
        what: `${name}, ${most} receivers`,
        seed: at(formula),
        model: at(model),
      }),
    ),
    { what: `P2P, whole files, downlinks limited, ${most} receivers`, model: at(doubling) },
    {
      what: `mcp2p, multicast, ${most} receivers`,
      seed: `${at(formulas[3][2])} (multicast)`,
      ours: last(ours),
    },
    {
      what: `mcp2p, swarm alone, ${most} receivers`,
      seed: `${at(formulas[2][2])} (chunks)`,
      ours: last(swarm),
    },
  ]
}

export function figure11(transfers: Transfers): Figure {
  const counts = upTo(15)
  const grey = (name: string, time: (n: number) => number): Series => ({
    name: `${name}, formula`,
    role: 'formula',
    hue: 'black',
    points: curveOf(counts, time),
  })
  const herd = transfers.herd(transfers.few)
  const ours = transfers.ours('multicast', transfers.few)
  const swarm = transfers.ours('swarm', transfers.few)
  const most = transfers.few[transfers.few.length - 1]
  return {
    name: '000-figure-1.1',
    source: 'document 000, figure 1.1',
    title: 'What the seed measured: serial, multicast, Herd; and mcp2p',
    setting: SETTING,
    x: X,
    y: Y,
    series: [
      grey('serial', n => serialSeconds(GIBIBYTE, n)),
      grey('multicast', () => multicastSeconds(GIBIBYTE)),
      {
        name: 'seed: iperf, its two printed times',
        role: 'seed',
        hue: 'vermilion',
        points: [
          [1, SEED.iperfSeconds],
          [SEED.iperfSerial.receivers, SEED.iperfSerial.seconds],
        ],
      },
      { name: 'Herd (BitTorrent), modelled', role: 'model', hue: 'purple', points: herd },
      { name: 'mcp2p, multicast', role: 'ours', hue: 'blue', points: ours },
      { name: 'mcp2p, swarm alone', role: 'ours', hue: 'green', points: swarm },
    ],
    rows: rowsOf11(herd, ours, swarm, most),
    notes: [
      "The graph's points are in a picture and in no table of the text: only the two times that iperf printed (6.1.1.3) can be marks, and what the text says is in the table.",
      "iperf's 89.8 s are 4.5 % more than the formula's 85.9 s: headers. mcp2p's are 5 % more than iperf's: 2 % of the line left for repair, and its own header and hashes; for that all bytes are there and verified, where iperf lost up to 0.064 %.",
      'Herd is modelled as its BitTorrent (rarest first, queued requests, 5 upload slots); its start over ssh is not, so it is faster here than it can have been.',
    ],
  }
}

function rowsOf11(herd: Curve, ours: Curve, swarm: Curve, most: number): Row[] {
  const { receivers, seconds: serial } = SEED.iperfSerial
  return [
    {
      what: 'iperf, one receiver',
      seed: seconds(SEED.iperfSeconds),
      model: seconds(simulateSerial(GIBIBYTE, 1)),
      ours: seconds(ours[0][1]),
    },
    {
      what: 'iperf, serial, 8.06 GiB',
      seed: seconds(serial),
      model: seconds(serialSeconds(GIBIBYTE, receivers)),
    },
    {
      what: `multicast, ${most} receivers`,
      seed: 'as long as for one (1.2.3)',
      model: seconds(multicastSeconds(GIBIBYTE)),
      ours: last(ours),
    },
    {
      what: `Herd, ${most} receivers`,
      seed: 'not faster than P2P by chunks (1.2.3)',
      model: last(herd),
      ours: `${last(swarm)} (swarm alone)`,
    },
  ]
}

export function figure50(transfers: Transfers): Figure {
  const { few } = transfers
  const naive = transfers.program(lowest, few)
  const chance = transfers.program(random, few)
  const herd = transfers.herd(few)
  const ours = transfers.ours('multicast', few)
  const swarm = transfers.ours('swarm', few)
  const most = few[few.length - 1]
  const counts = upTo(15)
  return {
    name: '000-figure-5.0',
    source: 'document 000, figure 5.0',
    title: "The seed's own program, naive and random, against serial, multicast, Herd; and mcp2p",
    setting: `${SETTING}; ${PROGRAMS}`,
    x: X,
    y: Y,
    series: [
      {
        name: 'serial, formula',
        role: 'formula',
        hue: 'black',
        points: curveOf(counts, n => serialSeconds(GIBIBYTE, n)),
      },
      {
        name: 'multicast, formula',
        role: 'formula',
        hue: 'sky',
        points: curveOf(counts, () => multicastSeconds(GIBIBYTE)),
      },
      { name: 'naive selection, modelled', role: 'model', hue: 'vermilion', points: naive },
      { name: 'random selection, modelled', role: 'model', hue: 'orange', points: chance },
      {
        name: 'seed: random, one receiver (its one printed time)',
        role: 'seed',
        hue: 'orange',
        points: [[1, 4 * SEED.randomSeconds]],
      },
      { name: 'Herd (BitTorrent), modelled', role: 'model', hue: 'purple', points: herd },
      { name: 'mcp2p, multicast', role: 'ours', hue: 'blue', points: ours },
      { name: 'mcp2p, swarm alone', role: 'ours', hue: 'green', points: swarm },
    ],
    rows: rowsOf50({ naive, chance, herd, ours, swarm }, most),
    notes: [
      `The model of the seed's program has one fitted number: ${(1000 * gapSeconds()).toFixed(1)} ms between a chunk and the next request to that peer, from the one time in the text (256 MiB to one host in 39.3 s, 6.2.2.2). All else follows from its design; five peers at once are assumed.`,
      'With naive selection all want the same chunk of the same peer, so nobody has anything for anybody and all are served by the seeder alone, as the seed found; the model has no jitter that would break the step, so it is the worst case.',
      "The seed's real program with random selection cannot have been this good with many hosts: the model has no lost connections, no lock, no Java. Its graph's points are in a picture only.",
      `As in figure 1.0, ${whyOursIsSlower}`,
    ],
  }
}

function rowsOf50(
  curves: Record<'naive' | 'chance' | 'herd' | 'ours' | 'swarm', Curve>,
  most: number,
): Row[] {
  const { naive, chance, herd, ours, swarm } = curves
  const use = (100 * multicastSeconds(GIBIBYTE)) / naive[naive.length - 1][1]
  return [
    {
      what: 'random, one receiver',
      seed: seconds(4 * SEED.randomSeconds),
      model: `${seconds(chance[0][1])} (fitted)`,
      ours: seconds(swarm[0][1]),
    },
    { what: `random, ${most} receivers`, model: last(chance), ours: last(swarm) },
    {
      what: `naive, ${most} receivers: use of the line`,
      seed: '< 30 % (5.2)',
      model: `${use.toFixed(1)} % (${last(naive)})`,
      ours: `${((100 * multicastSeconds(GIBIBYTE)) / swarm[swarm.length - 1][1]).toFixed(0)} %`,
    },
    {
      what: `Herd, ${most} receivers`,
      seed: 'faster than random at one receiver (5.2)',
      model: last(herd),
      ours: last(swarm),
    },
    {
      what: `mcp2p, multicast, ${most} receivers`,
      model: seconds(multicastSeconds(GIBIBYTE)),
      ours: last(ours),
    },
  ]
}

export function figure60(transfers: Transfers): Figure {
  const { many } = transfers
  const chance = transfers.program(random, many)
  const ours = transfers.ours('multicast', many)
  const swarm = transfers.ours('swarm', many)
  const most = many[many.length - 1]
  const growth = (curve: Curve): string =>
    `${last(curve)}, ${(curve[curve.length - 1][1] / curve[1][1]).toFixed(2)} × that of ${many[1]}`
  return {
    name: '000-figure-6.0',
    source: 'document 000, figure 6.0',
    title: 'Up to seventy receivers',
    setting: `${SETTING}; ${PROGRAMS}`,
    x: X,
    y: {
      label: 'seconds until the last receiver has the file',
      from: 0,
      to: Math.ceil(Math.max(...chance.map(([, y]) => y), ...swarm.map(([, y]) => y)) / 50) * 50,
    },
    series: [
      {
        name: 'multicast, formula',
        role: 'formula',
        hue: 'sky',
        points: curveOf([1, most], () => multicastSeconds(GIBIBYTE)),
      },
      {
        name: 'P2P by chunks, formula',
        role: 'formula',
        hue: 'purple',
        points: curveOf(many, n => chunkedSeconds(GIBIBYTE, n)),
      },
      { name: 'random selection, modelled', role: 'model', hue: 'orange', points: chance },
      {
        name: 'seed: random, one receiver',
        role: 'seed',
        hue: 'orange',
        points: [[1, 4 * SEED.randomSeconds]],
      },
      { name: 'mcp2p, multicast', role: 'ours', hue: 'blue', points: ours },
      { name: 'mcp2p, swarm alone', role: 'ours', hue: 'green', points: swarm },
    ],
    rows: [
      {
        what: `random selection, ${most} receivers`,
        seed: 'goes on scaling to about 70 (5.2)',
        model: growth(chance),
      },
      { what: `mcp2p, multicast, ${most} receivers`, ours: growth(ours) },
      { what: `mcp2p, swarm alone, ${most} receivers`, ours: growth(swarm) },
    ],
    notes: [
      "Of this figure the text says only that the program goes on scaling up to about 70 hosts; the points are in a picture. The model is figure 5.0's, its one number fitted at one receiver.",
      "One receiver is slower than several with the seed's program because it has one peer to ask, and waits for it between two chunks.",
    ],
  }
}
