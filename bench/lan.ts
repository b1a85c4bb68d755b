// The lan bench: in a lab of namespaces, one file of random bytes to all receivers at once, over
// losses and congestion controls, our own tool and its rivals, every copy compared byte by byte.

import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Prng } from '../src/core/base/prng.js'
import { CliProcess } from '../test/lab/cli.js'
import { Lab } from '../test/lab/lab.js'
import { congestionControls, type Setting } from './lan/line.js'
import { type LanOptions, lanHelp, lanOptions } from './lan/options.js'
import { failedRow, ourRow, type Row, rivalRow, table } from './lan/outcome.js'
import { type RivalRun, race } from './lan/race.js'
import { blastRaw, buildRaw } from './lan/raw.js'
import { type Rival, rivals } from './lan/rivals.js'
import { swarms } from './lan/swarms.js'
import { type Mischief, type Payload, type TransferRun, transfer } from './lan/transfer.js'
import { circumstances, save } from './record.js'
import { removeScratch, scratchFolder, warm } from './scratch.js'

const seed = 20_251_121
const exitMissed = 10
const rivalPatienceMillis = 90_000
const forgivenFailures = 2

/** Measures, prints a table, writes the result. Resolves with 0, or 10 when a target was missed. */
export async function main(args: string[]): Promise<number> {
  const options = lanOptions(args)
  if (!options) {
    process.stdout.write(lanHelp)
    return 0
  }
  const missing = Lab.available()
  if (missing) throw new Error(missing)
  const scratch = await scratchFolder(options.sizeBytes * (options.receivers + 2))
  try {
    const payload = await makePayload(scratch, options)
    const rows: Row[] = []
    if (options.swarm) await measureRivals(swarms, options, payload, scratch, rows)
    else {
      if (!options.onlyRivals) await measureOurs(options, payload, scratch, rows)
      if (options.rivals) {
        await measureBlast(options, scratch, rows)
        await measureRivals(rivals, options, payload, scratch, rows)
      }
    }
    process.stdout.write(`\n${table(rows)}\n`)
    const path = save(options.name, { bench: 'lan', ...facts(options), rows })
    process.stdout.write(`\nwritten to ${path}\n`)
    return rows.some(row => row.missed.length > 0) ? exitMissed : 0
  } finally {
    await removeScratch(scratch)
  }
}

function facts(options: LanOptions) {
  const versions: Record<string, string> = {}
  for (const rival of options.swarm ? swarms : options.rivals ? rivals : []) {
    versions[rival.name] = rival.version() ?? 'not installed'
  }
  const { sizeBytes, runs, receivers, rate, bare } = options
  return { ...circumstances(versions), setting: { sizeBytes, runs, receivers, rate, bare } }
}

async function makePayload(scratch: string, options: LanOptions): Promise<Payload> {
  const folder = join(scratch, 'source')
  const file = 'random.bin'
  await mkdir(folder)
  await pipeline(
    Readable.from(randomBytes(options.sizeBytes)),
    createWriteStream(join(folder, file)),
  )
  const meta = join(scratch, 'random.p2pmeta')
  if (!options.onlyRivals) {
    const maker = new CliProcess('meta', ['meta', join(folder, file), '-o', meta])
    const code = await maker.exited
    if (code !== 0) throw new Error(`meta ended with exit ${code}: ${maker.stderr}`)
  }
  return { folder, file, meta, sizeBytes: options.sizeBytes }
}

/** The same incompressible bytes in every run of every machine. */
function* randomBytes(sizeBytes: number): Generator<Uint8Array> {
  const prng = new Prng(seed)
  for (let left = sizeBytes; left > 0; ) {
    const words = new Uint32Array(Math.min(1 << 16, Math.ceil(left / 4)))
    for (let i = 0; i < words.length; i++) words[i] = prng.u32()
    const bytes = new Uint8Array(words.buffer, 0, Math.min(left, words.byteLength))
    left -= bytes.length
    yield bytes
  }
}

async function measureOurs(options: LanOptions, payload: Payload, scratch: string, rows: Row[]) {
  const known = await congestionControls()
  const mischiefs: Mischief[] = ['none']
  if (options.late) mischiefs.push('late')
  if (options.burst) mischiefs.push('burst')
  for (const congestion of options.congestions) {
    if (!known.includes(congestion)) {
      process.stderr.write(`SKIPPED: this kernel has no ${congestion}, only ${known.join(' ')}\n`)
      continue
    }
    for (const lossPercent of options.lossPercents) {
      let calm: Row | undefined
      for (const mischief of mischiefs) {
        if (mischief !== 'none' && lossPercent > 1) continue // there is no promise to measure
        const each = { lossPercent, congestion, mischief }
        const row = await measureCase(options, payload, scratch, each, calm)
        rows.push(row)
        if (mischief === 'none') calm = row
      }
    }
  }
}

async function measureCase(
  options: LanOptions,
  payload: Payload,
  scratch: string,
  each: { lossPercent: number; congestion: string; mischief: Mischief },
  calm: Row | undefined,
): Promise<Row> {
  const { receivers, rate, bare, timeoutMillis } = options
  const runs: TransferRun[] = []
  try {
    while (runs.length < options.runs) {
      await warmFor(options, scratch)
      const setting = { receivers, rate, bare, ...each }
      const run = await transfer(payload, setting, each.mischief, scratch, timeoutMillis)
      runs.push(run)
      tell('mcp2p', each, Math.max(...run.seconds), run.wireRatio)
    }
    return ourRow(each, runs, options, calm)
  } catch (error) {
    return failed('mcp2p', each, error)
  }
}

async function measureBlast(options: LanOptions, scratch: string, rows: Row[]) {
  const raw = buildRaw(scratch)
  if (raw === undefined) process.stderr.write('SKIPPED: raw blast in C: no C compiler\n')
  else {
    const blast: Race = setting => blastRaw(raw, setting, options.sizeBytes)
    rows.push(await measureRival('raw blast in C', blast, options, scratch, 0))
  }
}

async function measureRivals(
  all: readonly Rival[],
  options: LanOptions,
  payload: Payload,
  scratch: string,
  rows: Row[],
) {
  for (const rival of all) {
    if (rival.version() === undefined) {
      process.stderr.write(`SKIPPED: ${rival.name} is not installed\n`)
      continue
    }
    const patienceMillis = Math.min(options.timeoutMillis, rivalPatienceMillis)
    const run: Race = setting => race(rival, payload, setting, scratch, patienceMillis)
    for (const lossPercent of options.lossPercents)
      rows.push(await measureRival(rival.name, run, options, scratch, lossPercent))
  }
}

type Race = (setting: Setting) => Promise<RivalRun>

/** Rivals may hang, under loss at the start above all: a few hung runs are forgiven, and told. */
async function measureRival(
  name: string,
  race: Race,
  options: LanOptions,
  scratch: string,
  lossPercent: number,
): Promise<Row> {
  const { receivers, rate, bare } = options
  // Most speak UDP alone: TCP's congestion control is nothing to them.
  const each = { lossPercent, congestion: '', mischief: 'none' } as const
  const runs: RivalRun[] = []
  let failures = 0
  while (runs.length < options.runs) {
    try {
      await warmFor(options, scratch)
      const run = await race({ receivers, rate, bare, lossPercent, congestion: 'cubic' })
      runs.push(run)
      tell(name, each, run.seconds, run.wireRatio)
    } catch (error) {
      const row = failed(name, each, error)
      if (++failures > forgivenFailures) return { ...row, missed: [] }
    }
  }
  return rivalRow(name, each, runs, options, failures)
}

/** Where the machine is the limit, memory that it never touched would cost more than the transfer. */
async function warmFor(options: LanOptions, scratch: string): Promise<void> {
  if (options.rate === undefined) await warm(scratch, options.receivers * options.sizeBytes)
}

interface Told {
  readonly lossPercent: number
  readonly congestion: string
  readonly mischief: Mischief
}

function tell(tool: string, each: Told, seconds: number, wireRatio: number): void {
  const what = `${tool} loss ${each.lossPercent} % ${each.congestion} ${each.mischief}`
  process.stderr.write(`${what}: ${seconds.toFixed(2)} s, wire ×${wireRatio.toFixed(3)}\n`)
}

function failed(tool: string, each: Told, error: unknown): Row {
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(`${tool} loss ${each.lossPercent} % failed: ${message}\n`)
  return failedRow(tool, each, message)
}
