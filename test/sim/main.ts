// `npm run sim`: one scenario in the simulated network, and one summary on stdout.

import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { QuantileRate } from '../../src/core/rate/quantile.js'
import type { Fec } from '../../src/core/session/redundancy.js'
import { SCENARIOS } from './scenarios.js'
import { soak } from './soak.js'
import { type Outcome, World } from './world.js'

const HELP = `npm run sim -- [--scenario clean] [--nodes 8] [--size 64MiB] [--loss 1%] [--seed 1]
              [--line 100mbit] [--rate 93mbit | --rate auto] [--files 1] [--fec 10% | --fec auto]
       npm run sim -- --soak 1000 [--seed 7]    as many random schedules of faults
scenarios:
${Object.entries(SCENARIOS)
  .map(([name, { about }]) => `  ${name.padEnd(18)}${about}`)
  .join('\n')}`

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  '%': 0.01,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  kbit: 1e3,
  mbit: 1e6,
  gbit: 1e9,
}

/** Of ten thousand receivers all may have the same. */
const PROBLEMS_TOLD = 20

/** `64MiB`, `1%`, `100mbit`, `8`. */
function quantity(text: string, what: string): number {
  const match = /^([0-9.]+)([a-z%]*)$/i.exec(text)
  const unit = UNITS[match?.[2].toLowerCase() ?? '?']
  const value = Number(match?.[1]) * unit
  if (!Number.isFinite(value)) throw new Error(`${what}: ${text} is not a quantity`)
  return value
}

function fecOf(text: string | undefined): Fec | undefined {
  return text === undefined || text === 'auto' ? text : quantity(text, '--fec')
}

function summary(outcome: Outcome, nodes: number, sizeBytes: number, wallMillis: number): string {
  const { progress, events, notices } = outcome
  const each = (bytes: number): string => `${((100 * bytes) / (nodes * sizeBytes)).toFixed(2)} %`
  const mbps = (sizeBytes * 8) / outcome.lastSeconds / 1e6
  const lines = [
    `first / median / last   ${[outcome.firstSeconds, outcome.medianSeconds, outcome.lastSeconds].map(s => s.toFixed(3)).join(' / ')} s (${mbps.toFixed(1)} Mbit/s)`,
    `sender overhead         ${outcome.overhead.toFixed(4)} (${outcome.passes} passes)`,
    `by multicast            ${each(progress.multicastBytes)}`,
    `by peers                ${each(progress.peerBytes)}`,
    `by the seeder           ${each(progress.seederBytes)}, ${(progress.seederBytes / sizeBytes).toFixed(4)} of the files in all`,
    `resumed                 ${each(progress.resumedBytes)}`,
    `virtual end             ${outcome.endedSeconds.toFixed(3)} s`,
    `trace                   ${outcome.traceHash}`,
    `events                  ${events} in ${(wallMillis / 1000).toFixed(2)} s, ${Math.round(events / wallMillis)} per ms`,
    ...[...notices].map(
      ([notice, count]) =>
        `notice x${count}${' '.repeat(Math.max(1, 16 - String(count).length))}${notice}`,
    ),
    ...outcome.problems
      .slice(0, PROBLEMS_TOLD)
      .map(problem => `PROBLEM                 ${problem}`),
  ]
  const more = outcome.problems.length - PROBLEMS_TOLD
  if (more > 0) lines.push(`PROBLEM                 and ${more} more`)
  return lines.join('\n')
}

/** Without a seed, a random one: it is printed, so that the same can be run again. */
function soakAll(count: number, given: number | undefined): void {
  const seed = given ?? randomInt(2 ** 31)
  console.log(`soak: ${count} schedules of faults from seed ${seed}`)
  const from = performance.now()
  const failures = soak(count, seed, done => {
    if (done % 100 === 0 && done < count) console.log(`${done} done`)
  })
  for (const { text } of failures) console.log(text)
  const seconds = ((performance.now() - from) / 1000).toFixed(1)
  console.log(`${count - failures.length} of ${count} kept the laws, in ${seconds} s`)
  if (failures.length > 0) process.exitCode = 1
}

function main(): void {
  const { values } = parseArgs({
    options: {
      scenario: { type: 'string', default: 'clean' },
      nodes: { type: 'string', default: '8' },
      size: { type: 'string', default: '64MiB' },
      loss: { type: 'string' },
      seed: { type: 'string' },
      line: { type: 'string', default: '100mbit' },
      rate: { type: 'string' },
      files: { type: 'string', default: '1' },
      fec: { type: 'string' },
      soak: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  const named = SCENARIOS[values.scenario]
  if (values.help || named === undefined) {
    console.log(HELP)
    process.exitCode = values.help ? 0 : 2
    return
  }
  const seed = values.seed === undefined ? undefined : quantity(values.seed, '--seed')
  if (values.soak !== undefined) return soakAll(quantity(values.soak, '--soak'), seed)
  const nodes = quantity(values.nodes, '--nodes')
  const sizeBytes = quantity(values.size, '--size')
  const scenario = values.loss ? { ...named, loss: quantity(values.loss, '--loss') } : named
  const isAuto = values.rate === 'auto'
  const world = new World({
    scenario,
    receivers: nodes,
    sizeBytes,
    seed: seed ?? 1,
    lineBps: quantity(values.line, '--line'),
    rateBps: values.rate && !isAuto ? quantity(values.rate, '--rate') : undefined,
    makeRate: isAuto ? () => new QuantileRate() : undefined,
    files: quantity(values.files, '--files'),
    fec: fecOf(values.fec),
  })
  const from = performance.now()
  const outcome = world.run()
  console.log(summary(outcome, nodes, sizeBytes, performance.now() - from))
  if (outcome.problems.length > 0) process.exitCode = 1
}

main()
