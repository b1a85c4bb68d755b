// `npm run bench -- policies`: each choice of the swarm beside others that could have been made, in the
// simulator: how long the last receiver takes, and how much leaves the sender. Time is virtual and
// seeds are fixed, so the table is the same on every machine. Fails where another choice is better.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import {
  type Again,
  anyHeld,
  onePeerMore,
  ownSliceFirst,
  type Policy,
  rarestFirst,
  runAround,
} from '../src/core/swarm/select.js'
import { TACTICS, type Tactics } from '../src/core/swarm/tactics.js'
import { repositoryRoot } from '../test/lab/root.js'
import { SCENARIOS, type Scenario } from '../test/sim/scenarios.js'
import { World } from '../test/sim/world.js'
import { save } from './record.js'

const MIB = 2 ** 20
const exitMissed = 10
/** Of the time and the sender's bytes together; less is a matter of luck. */
const betterMax = 0.03

const help = `npm run bench -- policies [--only NAME]
  --only NAME  one question alone; nothing is written
Exit 10 when another choice is better than ours by more than ${100 * betterMax} % over all cases.
`

// ---- what could be done instead

const firstBlock: Policy = selection => {
  const { due, link } = selection
  for (let block = due.first; due.total > 0 && block >= 0; block = due.nextFrom(block + 1))
    if (link.has(block)) return runAround(selection, block)
  return undefined
}

/** The rarest of all, the first of equals. */
const rarestInOrder: Policy = selection => {
  const { due, link, links } = selection
  let best = -1
  let bestHolders = Number.POSITIVE_INFINITY
  for (let block = due.first; due.total > 0 && block >= 0; block = due.nextFrom(block + 1)) {
    if (!link.has(block)) continue
    let holders = 0
    for (const other of links) if (other.has(block)) holders++
    if (holders < bestHolders) [best, bestHolders] = [block, holders]
  }
  return best < 0 ? undefined : runAround(selection, best)
}

const sliceOnly: Policy = selection => {
  const { due, link, links, division, now } = selection
  const block = due.total === 0 ? -1 : division.mine(due, link, links, now)
  return block < 0 ? undefined : runAround(selection, block)
}

const nobody: Again = () => undefined

const oneOnly: Again = (owing, able, division) =>
  owing.length > 1 ? undefined : onePeerMore(owing, able, division)

// ---- where

interface Case {
  readonly name: string
  readonly scenario: Scenario
  readonly receivers: number
  /** Small files would tell how a swarm begins, and nothing else. */
  readonly sizeMib: number
}

const swarm = { ...SCENARIOS.swarm, overheadMax: undefined, timesMax: 20, slackSeconds: 30 }
const alone: readonly Case[] = [
  { name: '8 alike, 128 MiB', receivers: 8, sizeMib: 128, scenario: swarm },
  {
    name: '12, 64 MiB, one in four has 25 Mbit/s',
    receivers: 12,
    sizeMib: 64,
    scenario: { ...swarm, kinds: [{ share: 0.25, line: { mbps: 25 } }] },
  },
  {
    name: '12, 64 MiB, some die or stop for 3 s',
    receivers: 12,
    sizeMib: 64,
    scenario: {
      ...swarm,
      churn: {
        everySeconds: 1,
        awaySeconds: 3,
        untilSeconds: 12,
        of: ['restart-receiver', 'pause-receiver'],
      },
    },
  },
]
const behindBlast: readonly Case[] = [
  { name: '8, 128 MiB, 5 % loss', receivers: 8, sizeMib: 128, scenario: SCENARIOS['loss-5'] },
  { name: '40, 64 MiB, 1 % loss', receivers: 40, sizeMib: 64, scenario: SCENARIOS['loss-1'] },
]
const seeds = [1, 2, 3]

// ---- what is compared

interface Choice {
  readonly name: string
  readonly tactics: Partial<Tactics>
}

interface Question {
  readonly cases: readonly Case[]
  /** Ours first. */
  readonly choices: readonly Choice[]
}

const questions: Readonly<Record<string, Question>> = {
  'of a peer': {
    cases: alone,
    choices: [
      { name: 'rarest of eight drawn', tactics: { ofPeer: rarestFirst } },
      { name: 'rarest, ties in order', tactics: { ofPeer: rarestInOrder } },
      { name: 'at random', tactics: { ofPeer: anyHeld } },
      { name: 'in order', tactics: { ofPeer: firstBlock } },
    ],
  },
  'of a peer, behind a blast': {
    cases: behindBlast,
    choices: [
      { name: 'at random', tactics: { behindBlast: anyHeld } },
      { name: 'rarest of eight drawn', tactics: { behindBlast: rarestFirst } },
      { name: 'in order', tactics: { behindBlast: firstBlock } },
    ],
  },
  'of the sender': {
    cases: alone,
    choices: [
      { name: 'own slice, then stolen', tactics: { ofOutside: ownSliceFirst } },
      { name: 'own slice alone', tactics: { ofOutside: sliceOnly } },
      { name: 'as of a peer', tactics: { ofOutside: rarestFirst } },
      { name: 'at random', tactics: { ofOutside: anyHeld } },
    ],
  },
  endgame: {
    cases: alone,
    choices: [
      { name: 'of three at most', tactics: { again: onePeerMore } },
      { name: 'of two at most', tactics: { again: oneOnly } },
      { name: 'never again', tactics: { again: nobody } },
    ],
  },
  connections: {
    cases: alone,
    choices: [TACTICS.connectionsWanted, 10, 5].map(connectionsWanted => ({
      name: `${connectionsWanted}`,
      tactics: { connectionsWanted },
    })),
  },
}

interface Figures {
  readonly medianSeconds: number
  readonly lastSeconds: number
  /** Bytes that left the sender over the file's. */
  readonly overhead: number
}

const MEASURES = ['medianSeconds', 'lastSeconds', 'overhead'] as const

function measure({ scenario, receivers, sizeMib, name }: Case, tactics: Tactics): Figures {
  const outcomes = seeds.map(seed => {
    const sizeBytes = sizeMib * MIB
    const outcome = new World({ scenario, receivers, sizeBytes, seed, tactics }).run()
    if (Number.isFinite(outcome.lastSeconds)) return outcome
    throw new Error(`${name}, seed ${seed}: ${outcome.problems[0]}`)
  })
  const mean = (key: keyof Figures): number =>
    Number((outcomes.reduce((sum, each) => sum + each[key], 0) / seeds.length).toFixed(3))
  const [medianSeconds, lastSeconds, overhead] = MEASURES.map(mean)
  return { medianSeconds, lastSeconds, overhead }
}

/** How much more a choice costs than ours: the mean over all cases and measures. */
function costOf(ours: readonly Figures[], theirs: readonly Figures[]): number {
  let logarithms = 0
  for (const [i, figures] of theirs.entries())
    for (const key of MEASURES) logarithms += Math.log(figures[key] / ours[i][key])
  return Math.exp(logarithms / (MEASURES.length * theirs.length)) - 1
}

interface Row {
  readonly choice: string
  /** One for each case. */
  readonly figures: readonly Figures[]
  /** Against the first row, 0: the same. */
  readonly cost: number
}

export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { only: { type: 'string' }, help: { type: 'boolean', default: false } },
  })
  if (values.help) {
    process.stdout.write(help)
    return 0
  }
  const wanted = Object.entries(questions).filter(([name]) => (values.only ?? name) === name)
  if (wanted.length === 0) throw new Error(`no question is called ${values.only}`)
  const table: Record<string, Row[]> = {}
  const known = new Map<readonly Case[], readonly Figures[]>()
  for (const [question, { cases, choices }] of wanted) {
    const ours = known.get(cases) ?? cases.map(each => measure(each, TACTICS))
    known.set(cases, ours)
    table[question] = choices.map(({ name, tactics }, i) => {
      const figures = i === 0 ? ours : cases.map(each => measure(each, { ...TACTICS, ...tactics }))
      return { choice: name, figures, cost: Number(costOf(ours, figures).toFixed(4)) }
    })
    process.stdout.write(`${textOf(question, table[question])}\n`)
  }
  if (values.only === undefined) {
    const text = Object.entries(table).map(([question, rows]) => textOf(question, rows))
    const path = 'bench/results/policies.md'
    writeFileSync(join(repositoryRoot, path), `${HEAD}\n${text.join('\n')}`)
    process.stdout.write(`written to ${save('policies', table)} and ${path}\n`)
  }
  const better = Object.values(table).flatMap(rows => rows.filter(row => row.cost < -betterMax))
  for (const { choice, cost } of better)
    process.stdout.write(`BETTER ${choice}: ${percent(cost)}\n`)
  return better.length > 0 ? exitMissed : 0
}

const HEAD = `# How the swarm chooses

Made by \`npm run bench -- policies\`: lines of 100 Mbit/s, multicast switched off unless it says otherwise, simulated with the project's own cores; means of ${seeds.length} seeds. The first row of each table is what mcp2p does; the others differ from it in this one choice. Each cell: when the median and the last receiver are complete, and the bytes that leave the sender over the file's. The last column: by how much more than ours these are on average.
`

function textOf(question: string, rows: readonly Row[]): string {
  const head = ['', ...questions[question].cases.map(({ name }) => name), 'cost']
  const lines = rows.map(({ choice, figures, cost }, i) => [
    choice,
    ...figures.map(({ medianSeconds, lastSeconds, overhead }) =>
      [`${medianSeconds.toFixed(2)} s`, `${lastSeconds.toFixed(2)} s`, overhead.toFixed(2)].join(
        ', ',
      ),
    ),
    i === 0 ? 'ours' : percent(cost),
  ])
  const all = [head, head.map(() => '---'), ...lines]
  return `## ${question[0].toUpperCase()}${question.slice(1)}\n\n${all.map(cells => `| ${cells.join(' | ')} |\n`).join('')}`
}

function percent(cost: number): string {
  return `${cost >= 0 ? '+' : '−'}${Math.abs(100 * cost).toFixed(1)} %`
}
