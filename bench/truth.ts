// `npm run bench -- truth`: whether the simulator tells the truth. Six cases, each by the real command
// line in a lab of namespaces (median of some runs) and by the simulator, which is given what the lab
// has: lines, losses, and how long a process takes to start, measured in the same runs.

import { createWriteStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { Prng } from '../src/core/base/prng.js'
import { QuantileRate } from '../src/core/rate/quantile.js'
import { type CliEvent, CliProcess } from '../test/lab/cli.js'
import { Lab, type LabOptions } from '../test/lab/lab.js'
import { SCENARIOS, type Scenario } from '../test/sim/scenarios.js'
import { World } from '../test/sim/world.js'
import { circumstances, median, save } from './record.js'
import { removeScratch, scratchFolder } from './scratch.js'

const help = `npm run bench -- truth [--runs 3] [--size MIB 32] [--receivers 4] [--only CASE]
`

interface Case {
  readonly lab: Partial<LabOptions>
  readonly scenario: Scenario
  /** The last receiver is started when the blast has begun: it comes as late as a process takes. */
  readonly late?: boolean
  readonly noMulticast?: boolean
  /** Receivers that hear no announcement are given the sender's address, so it has to be there first. */
  readonly senderFirst?: boolean
}

const wan = { mbps: 20 }
const cases: Readonly<Record<string, Case>> = {
  clean: { lab: {}, scenario: SCENARIOS.clean },
  '1 %': { lab: { lossPercent: 1 }, scenario: SCENARIOS['loss-1'] },
  '5 %': { lab: { lossPercent: 5 }, scenario: SCENARIOS['loss-5'] },
  late: { lab: {}, scenario: SCENARIOS.late, late: true },
  swarm: { lab: {}, scenario: SCENARIOS.swarm, noMulticast: true, senderFirst: true },
  'two sites': {
    // As the simulated switches do: else the blast fills the line to the router, which passes none of it.
    lab: { subnets: 2, wanRate: '20mbit', snooping: 'on' },
    scenario: { ...SCENARIOS['two-sites'], tree: { sites: 2, site: wan } },
    senderFirst: true,
  },
}

const lineRate = '100mbit'
const peerPort = 9990
const timeoutMillis = 60_000
const tolerance = 0.15
const exitMissed = 10

interface Setup {
  readonly runs: number
  readonly receivers: number
  readonly sizeBytes: number
  readonly meta: string
  readonly scratch: string
}

interface LabRun {
  /** From the start of whoever comes last until it is up, and to the last receiver's end. */
  readonly startSeconds: number
  readonly seconds: number
  /** How far the first pass was when the late one was up, 0…1. */
  readonly lateFraction: number | undefined
}

interface Row {
  readonly name: string
  readonly labRuns: readonly number[]
  readonly labSeconds: number
  readonly startSeconds: number
  readonly lateFraction: number | undefined
  readonly simSeconds: number
  readonly ratio: number
}

export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      runs: { type: 'string', default: '3' },
      size: { type: 'string', default: '32' },
      receivers: { type: 'string', default: '4' },
      only: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(help)
    return 0
  }
  const missing = Lab.available()
  if (missing) throw new Error(missing)
  const [runs, receivers] = [Number(values.runs), Number(values.receivers)]
  const sizeBytes = Number(values.size) * 1024 * 1024
  const scratch = await scratchFolder(sizeBytes * (receivers + 2))
  try {
    const meta = await makeFile(scratch, sizeBytes)
    const rows: Row[] = []
    const failed: string[] = []
    process.stdout.write('case       lab s   (runs)                 sim s   sim / lab\n')
    for (const [name, each] of Object.entries(cases)) {
      if ((values.only ?? name) !== name) continue
      const setup = { runs, receivers, sizeBytes, meta, scratch }
      const row = await compare(name, each, setup).catch((reason: Error) => reason)
      if (row instanceof Error) {
        process.stdout.write(`${name.padEnd(9)}  failed: ${row.message}\n`)
        failed.push(name)
        continue
      }
      rows.push(row)
      const all = row.labRuns.map(seconds => seconds.toFixed(2)).join(' ')
      const cells = [name.padEnd(9), row.labSeconds.toFixed(2).padStart(6), all.padEnd(20)]
      process.stdout.write(
        `${cells.join('  ')}  ${row.simSeconds.toFixed(2).padStart(6)}  ${row.ratio.toFixed(3)}\n`,
      )
    }
    const isMissed = failed.length > 0 || rows.some(row => Math.abs(row.ratio - 1) > tolerance)
    if (values.only === undefined) {
      const setting = { runs, receivers, sizeBytes, lineRate }
      const result = { bench: 'truth', ...circumstances(), setting, rows, failed }
      process.stdout.write(`written to ${save('truth', result)}\n`)
    }
    return isMissed ? exitMissed : 0
  } finally {
    await removeScratch(scratch)
  }
}

async function compare(name: string, each: Case, setup: Setup): Promise<Row> {
  const labRuns: LabRun[] = []
  for (let i = 0; i < setup.runs; i++) labRuns.push(await inLab(each, setup))
  const labSeconds = median(labRuns.map(run => run.seconds))
  const startSeconds = median(labRuns.map(run => run.startSeconds))
  const fractions = labRuns.flatMap(({ lateFraction }) => lateFraction ?? [])
  const late = fractions.length > 0 ? median(fractions) : undefined
  const sims = [1, 2, 3].map(seed => inSimulator(each, setup, seed, late))
  const simSeconds = startSeconds + median(sims)
  return {
    name,
    labRuns: labRuns.map(run => run.seconds),
    labSeconds,
    startSeconds,
    lateFraction: late,
    simSeconds,
    ratio: simSeconds / labSeconds,
  }
}

function inSimulator(
  { scenario }: Case,
  { receivers, sizeBytes }: Setup,
  seed: number,
  late: number | undefined,
): number {
  const acts = late === undefined ? scenario.acts : ([{ at: late, do: 'join-late' }] as const)
  const patient = { ...scenario, acts, timesMax: 20, slackSeconds: 30, overheadMax: undefined }
  const makeRate = () => new QuantileRate()
  const options = { scenario: patient, receivers, sizeBytes, seed, makeRate, fec: 'auto' } as const
  const { lastSeconds, blastSeconds, problems } = new World(options).run()
  if (problems.length > 0) throw new Error(problems[0])
  return lastSeconds + blastSeconds
}

async function inLab(each: Case, { receivers, meta, scratch }: Setup): Promise<LabRun> {
  const lab = await Lab.up({ hosts: receivers + 1, rate: lineRate, ...each.lab })
  const out = join(scratch, 'out')
  const started: CliProcess[] = []
  const start = (host: number, args: string[]): CliProcess => {
    const only = each.noMulticast ? ['--no-multicast'] : []
    const name = host === 0 ? 'sender' : `receiver ${host}`
    const cli = new CliProcess(name, [...args, ...only], {}, lab.exec.bind(lab, host))
    started.push(cli)
    return cli
  }
  const receive = async (host: number): Promise<CliProcess> => {
    const folder = join(out, String(host))
    await mkdir(folder, { recursive: true })
    const peer = each.senderFirst ? ['--peer', `${lab.addressOf(0)}:${peerPort}`] : []
    return start(host, ['recv', meta, '-o', folder, ...peer])
  }
  const waiting = each.late ? receivers - 1 : receivers
  const send = (): CliProcess => {
    const wait = ['--wait-receivers', String(waiting), '--peer-port', String(peerPort)]
    // A small file may be everywhere before the late one comes.
    const stay = each.late ? ['--forever'] : []
    return start(0, ['send', meta, '--root', join(scratch, 'source'), ...wait, ...stay])
  }
  const receiveAll = (): Promise<CliProcess[]> =>
    Promise.all(Array.from({ length: waiting }, (_, i) => receive(i + 1)))
  const timer = setTimeout(() => {
    for (const cli of started) cli.kill('SIGKILL')
  }, timeoutMillis)
  try {
    // The clock runs from the start of whoever comes last.
    let sender: CliProcess
    let all: CliProcess[]
    if (each.senderFirst) {
      sender = send()
      await sender.until('progress')
      all = await receiveAll()
    } else {
      all = await receiveAll()
      await Promise.all(all.map(upOf))
      sender = send()
    }
    const last = each.senderFirst ? all[0] : sender
    const first = await upOf(last)
    const late = each.late ? await joinLate(sender, () => receive(receivers)) : undefined
    if (late) all.push(late.receiver)
    const ends = await Promise.all(all.map(one => one.until('complete')))
    return {
      startSeconds: (first.time - last.startedMillis) / 1e3,
      seconds: (Math.max(...ends.map(end => end.time)) - last.startedMillis) / 1e3,
      lateFraction: late?.fraction,
    }
  } finally {
    clearTimeout(timer)
    for (const cli of started) cli.kill('SIGTERM')
    await Promise.all(started.map(cli => cli.exited))
    await lab.down()
    await rm(out, { recursive: true, force: true })
  }
}

/** A sender says that it is up, a receiver shows it by its first progress. */
function upOf(cli: CliProcess): Promise<CliEvent> {
  if (cli.name === 'sender') return cli.until('listening')
  return cli.until('progress', event => event.phase !== 'checking')
}

/** Starts another receiver when the blast has begun; how far that is when it is up. */
async function joinLate(sender: CliProcess, start: () => Promise<CliProcess>) {
  await sender.until('progress', event => event.phase === 'blasting')
  const receiver = await start()
  await upOf(receiver)
  return { receiver, fraction: fractionOf(sender.last('progress')) }
}

/** How far the first pass is; when it is over nearly 1, so that the simulator still comes to it. */
function fractionOf(progress: CliEvent | undefined): number {
  const isOver =
    progress === undefined || progress.phase !== 'blasting' || Number(progress.pass) > 1
  return isOver ? 0.99 : Math.min(0.99, Number(progress.passFraction))
}

async function makeFile(scratch: string, sizeBytes: number): Promise<string> {
  const folder = join(scratch, 'source')
  await mkdir(folder)
  const file = join(folder, 'random.bin')
  await pipeline(Readable.from(randomBytes(sizeBytes)), createWriteStream(file))
  const meta = join(scratch, 'random.p2pmeta')
  const maker = new CliProcess('meta', ['meta', file, '-o', meta])
  if ((await maker.exited) !== 0) throw new Error(`meta failed: ${maker.stderr}`)
  return meta
}

function* randomBytes(sizeBytes: number): Generator<Uint8Array> {
  const prng = new Prng(1)
  for (let left = sizeBytes; left > 0; left -= 1 << 20)
    yield new Uint8Array(Uint32Array.from({ length: 1 << 18 }, () => prng.u32()).buffer)
}
