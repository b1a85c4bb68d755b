// `npm run sim:compare`: fixed scenarios in the simulator, what they took before and what they take
// now. Time is virtual and seeds are fixed, so a difference is the change's and no machine's. Means of
// several seeds, because a change may deal the same luck differently. Fails when something got worse
// by more than a tenth; who means it renews the figures with --write, and reviewers see the difference.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { QuantileRate } from '../src/core/rate/quantile.js'
import { repositoryRoot } from '../test/lab/root.js'
import { SCENARIOS, type Scenario } from '../test/sim/scenarios.js'
import { World } from '../test/sim/world.js'
import { save } from './record.js'

const help = `npm run sim:compare [-- --base REF | --write | --only NAME]
  --base REF   against what a commit says of itself; default: bench/results/sim-compare.json
  --write      renews bench/results/sim-compare.json
  --only NAME  one case alone
`

interface Case {
  readonly scenario: string
  readonly nodes: number
  readonly sizeMib: number
  /** The sender finds its rate by itself. */
  readonly auto?: boolean
}

const cases: Readonly<Record<string, Case>> = {
  clean: { scenario: 'clean', nodes: 8, sizeMib: 16 },
  'clean, own rate': { scenario: 'clean', nodes: 8, sizeMib: 32, auto: true },
  '1 %, own rate': { scenario: 'loss-1', nodes: 8, sizeMib: 32, auto: true },
  '5 %, cubic': { scenario: 'loss-5', nodes: 8, sizeMib: 16 },
  '20 %, bbr': { scenario: 'loss-20-bbr', nodes: 6, sizeMib: 16 },
  bursts: { scenario: 'loss-burst', nodes: 8, sizeMib: 16 },
  late: { scenario: 'late', nodes: 8, sizeMib: 16 },
  swarm: { scenario: 'swarm', nodes: 8, sizeMib: 16 },
  'restart of a receiver': { scenario: 'restart-receiver', nodes: 6, sizeMib: 16 },
  'slow disks': { scenario: 'slow-disks', nodes: 6, sizeMib: 16, auto: true },
  'two sites': { scenario: 'two-sites', nodes: 8, sizeMib: 8 },
  'wi-fi': { scenario: 'wi-fi', nodes: 20, sizeMib: 16, auto: true },
  'one-way': { scenario: 'one-way-3', nodes: 6, sizeMib: 16 },
  'fifty at 1 %': { scenario: 'loss-1', nodes: 50, sizeMib: 16 },
}

const seeds = [1, 2, 3]
const worstRatio = 1.1
const exitMissed = 10

export interface Figures {
  /** When the median receiver and the last one were complete. */
  readonly medianSeconds: number
  readonly lastSeconds: number
  /** Bytes that left the sender over the file's. */
  readonly overhead: number
}

export type Result = Readonly<Record<string, Figures>>

/** What got worse by more than a tenth, one line each. */
export function worse(base: Result, now: Result): string[] {
  const lines: string[] = []
  for (const [name, figures] of Object.entries(now))
    for (const key of ['medianSeconds', 'lastSeconds', 'overhead'] as const) {
      const before = base[name]?.[key]
      if (before === undefined || figures[key] <= worstRatio * before) continue
      lines.push(`${name}: ${key} ${figures[key].toFixed(3)}, ${before.toFixed(3)} before`)
    }
  for (const name of Object.keys(base)) if (!(name in now)) lines.push(`${name}: gone`)
  return lines
}

export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      base: { type: 'string' },
      write: { type: 'boolean', default: false },
      only: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(help)
    return 0
  }
  const wanted = Object.entries(cases).filter(([name]) => (values.only ?? name) === name)
  if (wanted.length === 0) throw new Error(`no case is called ${values.only}`)
  const base = values.write ? {} : baseOf(values.base)
  const now: Record<string, Figures> = {}
  process.stdout.write(`${'case'.padEnd(24)}median s         last s           overhead\n`)
  for (const [name, each] of wanted) {
    const figures = (now[name] = measure(each))
    const before = base[name]
    const cell = (key: keyof Figures): string =>
      `${before ? `${before[key].toFixed(3)} → ` : ''}${figures[key].toFixed(3)}`.padEnd(17)
    const cells = [cell('medianSeconds'), cell('lastSeconds'), cell('overhead')]
    process.stdout.write(`${name.padEnd(24)}${cells.join('')}\n`)
  }
  if (values.write) {
    process.stdout.write(`written to ${save('sim-compare', now)}\n`)
    return 0
  }
  const compared = Object.fromEntries(wanted.map(([name]) => [name, base[name]] as const))
  const lines = worse(values.only ? (compared as Result) : base, now)
  for (const line of lines) process.stdout.write(`WORSE ${line}\n`)
  return lines.length > 0 ? exitMissed : 0
}

function measure({ scenario: name, nodes, sizeMib, auto }: Case): Figures {
  // How long it took is the question here, not whether that was too long.
  const patient = { overheadMax: undefined, timesMax: 20, slackSeconds: 30 }
  const scenario: Scenario = { ...SCENARIOS[name], ...patient }
  const outcomes = seeds.map(seed => {
    const makeRate = auto ? () => new QuantileRate() : undefined
    const sizeBytes = sizeMib * 1024 * 1024
    const outcome = new World({ scenario, receivers: nodes, sizeBytes, seed, makeRate }).run()
    if (!Number.isFinite(outcome.lastSeconds))
      throw new Error(`${name}, seed ${seed}: ${outcome.problems[0]}`)
    return outcome
  })
  const mean = (of: (outcome: (typeof outcomes)[number]) => number): number =>
    Number((outcomes.reduce((sum, each) => sum + of(each), 0) / outcomes.length).toFixed(4))
  return {
    medianSeconds: mean(outcome => outcome.medianSeconds),
    lastSeconds: mean(outcome => outcome.lastSeconds),
    overhead: mean(outcome => outcome.overhead),
  }
}

function baseOf(commit: string | undefined): Result {
  const path = 'bench/results/sim-compare.json'
  if (commit === undefined) return JSON.parse(readFileSync(join(repositoryRoot, path), 'utf8'))
  const options = { cwd: repositoryRoot, encoding: 'utf8' } as const
  return JSON.parse(execFileSync('git', ['show', `${commit}:${path}`], options))
}
