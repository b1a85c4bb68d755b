// `npm run fuzz`: as many hostile inputs as one likes, all parsers and the machines behind them. It
// says where it is, so that a run that was stopped goes on with --from, and a failure is told as the
// seed and number that bring it back.

import { parseArgs } from 'node:util'
import { type Failure, fuzzMachine, fuzzParsers, SESSION_INPUTS } from './run.js'

const HELP = `npm run fuzz -- [--inputs 1e7] [--seed N] [--from 0]
Of the inputs 1 in 100 is for the machines of a receiver and a sender, the others for the parsers.`

/** Inputs between two looks at the clock; the last 1 in 100 of them are a session with a machine. */
const PART = 100 * SESSION_INPUTS
const SAY_MILLIS = 10_000

function tell(failure: Failure, seed: number, from: number): void {
  const { where, index, input, error } = failure
  console.error(`FAILED in ${where}, its input ${index}: ${input}`)
  console.error(error instanceof Error ? error.stack : error)
  console.error(`again: npm run fuzz -- --seed ${seed} --from ${from} --inputs ${PART}`)
  process.exitCode = 1
}

/** Inputs [from, to) of one part; the first failure, if any. */
function fuzz(seed: number, from: number, to: number): Failure | undefined {
  const machine = () => (to === from + PART ? fuzzMachine(seed, from / PART) : undefined)
  return fuzzParsers(seed, from, Math.min(to, from + PART - SESSION_INPUTS)) ?? machine()
}

function main(): void {
  // Most inputs are refused by an error, whose stack would be a third of all work.
  Error.stackTraceLimit = 0
  const { values } = parseArgs({
    options: {
      inputs: { type: 'string', default: '1e7' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
      from: { type: 'string', default: '0' },
      help: { type: 'boolean', default: false },
    },
  })
  const inputs = Number(values.inputs)
  const seed = Number(values.seed)
  const start = Math.floor(Number(values.from) / PART) * PART
  if (values.help || ![inputs, seed, start].every(Number.isSafeInteger)) {
    console.log(HELP)
    process.exitCode = values.help ? 0 : 2
    return
  }
  const end = start + inputs
  const began = performance.now()
  let saidAt = began
  console.log(`seed ${seed}, inputs ${start} to ${end}`)
  for (let from = start; from < end; from += PART) {
    const to = Math.min(end, from + PART)
    const failure = fuzz(seed, from, to)
    if (failure !== undefined) {
      Error.stackTraceLimit = 50
      return tell(fuzz(seed, from, to) ?? failure, seed, from)
    }
    const now = performance.now()
    if (now - saidAt < SAY_MILLIS) continue
    saidAt = now
    const perSecond = Math.round(((to - start) * 1000) / (now - began))
    console.log(`${to} done, ${perSecond}/s; go on with --seed ${seed} --from ${to}`)
  }
  console.log(
    `${inputs} inputs, nothing found, ${Math.round((performance.now() - began) / 1000)} s`,
  )
}

main()
