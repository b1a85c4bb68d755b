// What the lan bench found: a row per case, medians over its runs, and the thresholds that a case
// has to meet. Rates are bytes of the file over the time of the last receiver to have it.

import { median } from '../record.js'
import type { RivalRun } from './race.js'
import type { Mischief, TransferRun } from './transfer.js'

/** Least rate at 100 Mbit/s lines, and most bytes on the sender's wire, by loss in per cent. */
const targets: Readonly<Record<number, { rateBps: number; wireRatio: number }>> = {
  0: { rateBps: 88e6, wireRatio: 1.1 },
  1: { rateBps: 82e6, wireRatio: 1.15 },
}
/** A late or burst-stricken receiver may delay the others by no more than this. */
const mostDelay = 1.05

export interface Row {
  readonly tool: string
  readonly lossPercent: number
  readonly congestion: string
  readonly mischief: Mischief
  readonly runs: readonly (TransferRun | RivalRun)[]
  /** Why it could not be measured; then there is no figure. */
  readonly failure?: string
  /** File over time of the last receiver (with mischief: of the last of the others). */
  readonly rateBps?: number
  readonly slowestSeconds?: number
  readonly wireRatio?: number
  readonly multicastFraction?: number
  /** Of the whole machine, for each GiB that reached a receiver. */
  readonly cpuSecondsPerGib?: number
  /** With mischief: the victim's own time, and how much longer the others took than without. */
  readonly victimSeconds?: number
  readonly othersDelay?: number
  /** Runs that came to nothing and are in no figure. */
  readonly failures?: number
  readonly missed: readonly string[]
}

interface Case {
  readonly lossPercent: number
  readonly congestion: string
  readonly mischief: Mischief
}

/** What was sent, to how many, over which lines. */
export interface Task {
  readonly sizeBytes: number
  readonly receivers: number
  readonly rate: string | undefined
}

function cpuPerGib(
  runs: readonly { cpuSeconds: number }[],
  { sizeBytes, receivers }: Task,
): number {
  return median(runs.map(run => run.cpuSeconds)) / ((receivers * sizeBytes) / 2 ** 30)
}

/** A row of our own; `calm` is the same case without mischief, when that was measured. */
export function ourRow(
  each: Case,
  runs: readonly TransferRun[],
  task: Task,
  calm: Row | undefined,
): Row {
  const others = each.mischief === 'none' ? 0 : 1
  const slowest = runs.map(run => Math.max(...run.seconds.slice(0, run.seconds.length - others)))
  const slowestSeconds = median(slowest)
  const row = {
    tool: 'mcp2p',
    ...each,
    runs,
    slowestSeconds,
    rateBps: (task.sizeBytes * 8) / slowestSeconds,
    wireRatio: median(runs.map(run => run.wireRatio)),
    multicastFraction: median(runs.map(run => run.multicastFraction)),
    cpuSecondsPerGib: cpuPerGib(runs, task),
    ...(others > 0 && {
      victimSeconds: median(runs.map(run => run.lateSeconds ?? run.seconds.at(-1)!)),
      ...(calm?.slowestSeconds && { othersDelay: slowestSeconds / calm.slowestSeconds }),
    }),
  }
  return { ...row, missed: missedBy(row, task.rate) }
}

function missedBy(row: Omit<Row, 'missed'>, lineRate: string | undefined): string[] {
  const missed: string[] = []
  const failed = (row.runs as TransferRun[]).filter(run => run.senderExit !== 0)
  if (failed.length > 0) missed.push(`sender's exit ${failed[0].senderExit}`)
  if ((row.othersDelay ?? 0) > mostDelay)
    missed.push(`others delayed ×${row.othersDelay?.toFixed(2)}`)
  const target = targets[row.lossPercent]
  if (!target || row.mischief !== 'none' || lineRate !== '100mbit') return missed
  if (row.rateBps! < target.rateBps) missed.push(`rate < ${target.rateBps / 1e6} Mbit/s`)
  if (row.wireRatio! > target.wireRatio) missed.push(`wire > ${target.wireRatio}`)
  return missed
}

export function rivalRow(
  tool: string,
  each: Case,
  runs: readonly RivalRun[],
  task: Task,
  failures: number,
): Row {
  const slowestSeconds = median(runs.map(run => run.seconds))
  return {
    tool,
    ...each,
    runs,
    slowestSeconds,
    rateBps: (task.sizeBytes * 8) / slowestSeconds,
    wireRatio: median(runs.map(run => run.wireRatio)),
    cpuSecondsPerGib: cpuPerGib(runs, task),
    ...(failures > 0 && { failures }),
    missed: [],
  }
}

export function failedRow(tool: string, each: Case, failure: string): Row {
  return { tool, ...each, runs: [], failure, missed: ['failed'] }
}

/** The rows as a table for people, one line each. */
export function table(rows: readonly Row[]): string {
  const head = [
    'tool',
    'loss',
    'tcp',
    'case',
    'Mbit/s',
    'seconds',
    'wire',
    'multicast',
    'CPU s/GiB',
    'note',
  ]
  const cells = rows.map(row => [
    row.tool,
    `${row.lossPercent} %`,
    row.congestion,
    row.mischief === 'none' ? '' : row.mischief,
    row.rateBps ? (row.rateBps / 1e6).toFixed(1) : '–',
    row.slowestSeconds?.toFixed(2) ?? '–',
    row.wireRatio?.toFixed(3) ?? '–',
    row.multicastFraction === undefined ? '' : `${(row.multicastFraction * 100).toFixed(1)} %`,
    row.cpuSecondsPerGib?.toFixed(2) ?? '–',
    note(row, rows),
  ])
  const widths = head.map((_, i) => Math.max(...[head, ...cells].map(line => line[i].length)))
  return [head, ...cells]
    .map(line =>
      line
        .map((cell, i) => cell.padEnd(widths[i]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function note(row: Row, rows: readonly Row[]): string {
  if (row.failure) return `FAILED: ${row.failure.split('\n')[0]}`
  const parts: string[] = []
  if (row.failures) parts.push(`${row.failures} more runs failed`)
  if (row.victimSeconds) parts.push(`victim ${row.victimSeconds.toFixed(2)} s`)
  if (row.othersDelay) parts.push(`others ×${row.othersDelay.toFixed(3)}`)
  const ours = rows.find(
    each =>
      each.tool === 'mcp2p' && each.mischief === 'none' && each.lossPercent === row.lossPercent,
  )
  if (row.tool !== 'mcp2p' && ours?.rateBps && row.rateBps) {
    parts.push(`mcp2p is ×${(ours.rateBps / row.rateBps).toFixed(2)}`)
  }
  if (row.missed.length > 0) parts.push(`MISSED: ${row.missed.join(', ')}`)
  return parts.join(', ')
}
