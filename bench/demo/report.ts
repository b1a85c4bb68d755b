// What the demo says at the end: a row per receiver with the outcome of the independent check, and
// whether multicast did it or the swarm.

import { formatBytes } from '../../src/app/cli/units.js'
import type { ReceiveProgress, ReceiveResult } from '../../src/engine/api.js'
import type { CliEvent, CliProcess } from '../../test/lab/cli.js'
import { compareTrees } from '../../test/lab/compare.js'
import type { Cast, Receiver } from './cast.js'

export interface Row {
  readonly name: string
  readonly part: string
  readonly seconds: number
  readonly rateBps: number
  readonly multicastBytes: number
  readonly peerBytes: number
  readonly seederBytes: number
  /** Empty when every byte, mode and link is as in the source. */
  readonly differences: readonly string[]
}

/** Compares what a receiver wrote with the source and gathers its figures. */
export async function judge(receiver: Receiver, source: string, copy: string): Promise<Row> {
  const { process, part } = receiver
  const complete = process.last('complete')
  const compared = await compareTrees(source, copy).catch(error => ({
    differences: [String(error)],
  }))
  const seconds = Number(complete?.elapsedMillis) / 1000
  const differences = [...compared.differences]
  if (!complete) differences.unshift(`never complete; ${process.stderr}`)
  return {
    name: process.name,
    part,
    seconds,
    rateBps: (Number(complete?.totalBytes) * 8) / seconds,
    ...sourcesOf(process),
    differences,
  }
}

/** Bytes by where they came from: the result's, or the last progress of one that gave none. */
function sourcesOf(process: CliProcess) {
  const result = process.last('result') as (CliEvent & Partial<ReceiveResult>) | undefined
  const progress = process.last('progress') as (CliEvent & Partial<ReceiveProgress>) | undefined
  return {
    multicastBytes: result?.multicastBytes ?? progress?.multicast?.bytes ?? 0,
    peerBytes: result?.peerBytes ?? progress?.peerBytes ?? 0,
    seederBytes: result?.seederBytes ?? progress?.seederBytes ?? 0,
  }
}

export function table(rows: readonly Row[]): string {
  const head = ['', 'seconds', 'Mbit/s', 'multicast', 'peers', 'seeder', 'result']
  const lines = rows.map(row => [
    `${row.name}, ${row.part}`,
    row.seconds.toFixed(2),
    (row.rateBps / 1e6).toFixed(0),
    formatBytes(row.multicastBytes),
    formatBytes(row.peerBytes),
    formatBytes(row.seederBytes),
    row.differences.length === 0 ? 'identical' : `WRONG: ${row.differences[0].split('\n')[0]}`,
  ])
  const widths = head.map((_, i) => Math.max(...[head, ...lines].map(line => line[i].length)))
  const aligned = [head, ...lines].map(line =>
    line.map((cell, i) => (i % 6 ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join('  '),
  )
  return aligned.map(line => line.trimEnd()).join('\n')
}

/** One line: who carried the bytes, and when it was not multicast, what was said about why. */
export function verdict(rows: readonly Row[], cast: Cast): string {
  const heard = rows.reduce((sum, row) => sum + row.multicastBytes, 0)
  const total = rows.reduce((sum, row) => sum + row.peerBytes + row.seederBytes, heard)
  if (heard > 0) {
    const share = ((heard / total) * 100).toFixed(1)
    return `Multicast works on this machine: it carried ${share} % of the bytes, the swarm the rest.`
  }
  if (total === 0) return 'There were no bytes to carry.'
  const [why] = cast.reasons
  return `No multicast on this machine: the swarm did it all${why ? ` (${why})` : ''}.`
}
