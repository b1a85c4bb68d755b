// Document 004, figures 8 to 10: eighteen hosts in four racks, every line 10 Mbit/s, 173 MB from one
// host to the seventeen others. Its four designs as models, and mcp2p: when each host is done, and
// what the seeder sent.

import { Prng } from '../../src/core/base/prng.js'
import { type Choose, divided, random, stealing } from './choices.js'
import { type Effort, type Figure, type Row, type Series, seconds, times } from './figure.js'
import { Pipe } from './flows.js'
import { simulateOurs, type Way } from './ours.js'
import { type Member, simulateSwarm } from './swarm.js'

/** Peers of B-12-rsn (where the seeder is), B-5-rsn, Esy17c and Esy7b (004, 5.1). */
export const RACKS = [4, 5, 7, 1]
const LINE_BPS = 10e6
const FILE_BYTES = 173e6
const PIECE_BYTES = 262_144
/** Each rack's, to share its line to the others (004, 4.5). */
const REPRESENTANTS = 2

export interface Design {
  readonly name: string
  readonly hue: Series['hue']
  readonly choose: Choose
  /** Only representants speak with other racks (004, 4.2). */
  readonly overlay: boolean
  /** Of the seeder, in 5.1 and 5.2. */
  readonly seedRatio: number
}

export const DESIGNS: readonly Design[] = [
  { name: 'groups only', hue: 'vermilion', choose: random, overlay: false, seedRatio: 4.78 },
  { name: 'low latency', hue: 'orange', choose: random, overlay: true, seedRatio: 1.47 },
  { name: 'work division', hue: 'purple', choose: divided, overlay: true, seedRatio: 1.31 },
  { name: 'work stealing', hue: 'sky', choose: stealing, overlay: true, seedRatio: 1.12 },
]

export interface Outcome {
  /** When each host was done, the first to be done first. */
  readonly seconds: readonly number[]
  readonly seedRatio: number
}

/** The rack of each host; the first is the seeder. */
const rackOf = [0, ...RACKS.flatMap((count, rack) => Array.from({ length: count }, () => rack))]

export function simulateDesign(
  { choose, overlay }: Design,
  fileBytes: number,
  seed: number,
): Outcome {
  const pipe = (share = 1): { up: Pipe; down: Pipe } => ({
    up: new Pipe((share * LINE_BPS) / 8),
    down: new Pipe((share * LINE_BPS) / 8),
  })
  const all = rackOf.map((_, host) => host)
  const mates = (host: number): number[] => all.filter(each => rackOf[each] === rackOf[host])
  /** Who may speak with other racks; the seeder always does. */
  const speaks = all.map(host => {
    const rank = mates(host)
      .filter(each => each !== 0)
      .indexOf(host)
    return host === 0 || !overlay || rank < REPRESENTANTS
  })
  const speakers = all.filter(host => host !== 0 && speaks[host])
  const lines = all.map(() => pipe())
  const racks = RACKS.map(() => pipe())
  // All who speak for a rack get as much of its line (004, 4.3).
  const outside = all.map(host => pipe(1 / mates(host).filter(each => speaks[each]).length))
  const members = all.map((host): Member => {
    const far = speaks[host]
      ? all.filter(each => speaks[each] && rackOf[each] !== rackOf[host])
      : []
    const neighbours = [...mates(host).filter(each => each !== host), ...far]
    const divides = speaks[host] ? speakers : mates(host).filter(each => each !== 0)
    const share = { index: divides.indexOf(host), of: divides.length }
    return host === 0
      ? { neighbours: [] }
      : { neighbours, group: neighbours.filter(Boolean), share }
  })
  const { seconds: ends, seedRatio } = simulateSwarm({
    members,
    pathOf: (from, to) => {
      const own = [lines[from].up, lines[to].down]
      const [a, b] = [rackOf[from], rackOf[to]]
      return a === b
        ? own
        : [...own, outside[from].up, outside[to].down, racks[a].up, racks[b].down]
    },
    pieces: Math.round(fileBytes / PIECE_BYTES),
    pieceBytes: PIECE_BYTES,
    choose,
    prng: new Prng(seed),
  })
  return { seconds: [...ends].sort((a, b) => a - b), seedRatio }
}

function simulateUs(way: Way, sizeBytes: number, seed: number): Outcome {
  const { seconds: ends, seedRatio } = simulateOurs({
    way,
    receivers: rackOf.length - 1,
    sizeBytes,
    lineBps: LINE_BPS,
    seed,
    tree: {
      sites: 1,
      racks: 4,
      receivers: RACKS,
      rack: { mbps: LINE_BPS / 1e6 },
      multicast: 'everywhere',
    },
  })
  return { seconds: [...ends].sort((a, b) => a - b), seedRatio }
}

/** Means of several runs, as the seed's are of five. */
function meanOf(runs: readonly Outcome[]): Outcome {
  const mean = (of: (run: Outcome) => number): number =>
    runs.reduce((sum, run) => sum + of(run), 0) / runs.length
  return {
    seconds: runs[0].seconds.map((_, i) => mean(run => run.seconds[i])),
    seedRatio: mean(run => run.seedRatio),
  }
}

interface Shown {
  readonly name: string
  readonly hue: Series['hue']
  readonly outcome: Outcome
}

type Model = Shown & { readonly seedRatio: number }

export function figure810({ quick, seed }: Effort): Figure {
  const sizeBytes = quick ? FILE_BYTES / 50 : FILE_BYTES
  const seeds = Array.from({ length: quick ? 1 : 5 }, (_, i) => seed + i)
  const least = (sizeBytes * 8) / LINE_BPS
  const models = DESIGNS.map(design => ({
    ...design,
    outcome: meanOf(seeds.map(each => simulateDesign(design, sizeBytes, each))),
  }))
  const us = (name: string, hue: Series['hue'], way: Way): Shown => ({
    name,
    hue,
    outcome: simulateUs(way, sizeBytes, seed),
  })
  const ours = [
    us('mcp2p, multicast', 'blue', 'multicast'),
    us('mcp2p, swarm alone', 'green', 'swarm'),
  ]
  return {
    name: '004-figures-8-10',
    source: 'document 004, figures 8 to 10',
    title: 'Eighteen hosts in four racks: when each host is done',
    setting: `${(sizeBytes / 1e6).toFixed(0)} MB, every host's and rack's line 10 Mbit/s, means of ${seeds.length} runs (mcp2p: one)`,
    x: { label: 'hosts that are done', from: 0, to: rackOf.length, ticks: [1, 5, 9, 13, 17] },
    y: { label: 'seconds' },
    series: seriesOf(models, ours, least),
    rows: [
      ...models.flatMap(each => rowsOfModel(each, least)),
      ...ours.flatMap(each => rowsOfOurs(each, least)),
    ],
    notes: NOTES,
  }
}

function seriesOf(models: readonly Model[], ours: readonly Shown[], least: number): Series[] {
  const curve = ({ seconds: ends }: Outcome): [number, number][] =>
    ends.map((end, i) => [i + 1, end])
  const modelled = models.map(
    ({ name, hue, outcome, seedRatio }): Series => ({
      name: `${name}, modelled; ratio ${outcome.seedRatio.toFixed(2)}, seed ${seedRatio}`,
      role: 'model',
      hue,
      points: curve(outcome),
    }),
  )
  const simulated = ours.map(
    ({ name, hue, outcome }): Series => ({
      name: `${name}; ratio ${outcome.seedRatio.toFixed(2)}`,
      role: 'ours',
      hue,
      points: curve(outcome),
    }),
  )
  const marks: Series = {
    name: 'seed: earliest end that its ratio allows',
    role: 'seed',
    hue: 'black',
    points: DESIGNS.map(({ seedRatio }) => [17, seedRatio * least]),
  }
  return [...modelled, ...simulated, marks]
}

function spread({ seconds: ends }: Outcome): string {
  return `${seconds(ends[0])} … ${seconds(ends[ends.length - 1])}`
}

function rowsOfModel({ name, outcome, seedRatio }: Model, least: number): Row[] {
  return [
    { what: `${name}: seed ratio`, seed: times(seedRatio), model: times(outcome.seedRatio) },
    {
      what: `${name}: first … last done`,
      seed: `last ≥ ${seconds(seedRatio * least)}`,
      model: spread(outcome),
    },
  ]
}

function rowsOfOurs({ name, outcome }: Shown, least: number): Row[] {
  return [
    {
      what: `${name}: seed ratio`,
      seed: `${times(1.12)} (its best)`,
      ours: times(outcome.seedRatio),
    },
    {
      what: `${name}: first … last done`,
      seed: `last ≥ ${seconds(1.12 * least)} (its best)`,
      ours: spread(outcome),
    },
  ]
}

const NOTES = [
  "The seed's finish times are in pictures only; its ratios are in the text. A seeder on 10 Mbit/s that sends so many times the file needs so long at least: the marks, at the last host.",
  "Assumed, as the pictures are not text: hosts' lines have 10 Mbit/s as the racks' have, racks hang on one switch, pieces have 256 KiB, and a rack's peers share its line as 4.3 says.",
  "The models' peers are never slow, never choke each other and lose no connection, and the seed's program did; so the model of groups only, above all, comes out better than what was measured there.",
  'Ours counts bytes on the wire with headers and control, the seed and the models count the file alone: 1.06 of ours is 1.00 of theirs. By multicast each byte crosses each line once, whatever the racks.',
  "The swarm alone divides what a rack gets among its hosts, as the seed's work division does, but nobody is elected: each host fetches its own slice and tells its rack. Of the seeder's rack each piece is one rack's turn. It is slower than the seed's best because a rack waits for the turns of others, and what is told of pieces shares the 10 Mbit/s.",
]
