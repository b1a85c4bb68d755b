// `npm run bench -- figures`: writes the README's table of figures from bench/results, so that no
// figure is ever typed by hand. A test fails when the README and the results differ.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from '../test/lab/root.js'
import type { Row } from './lan/outcome.js'
import type { Circumstances } from './record.js'

export const FIGURES_BEGIN = '<!-- figures -->'
export const FIGURES_END = '<!-- /figures -->'

/** Results of the lan bench that have a table, where they were measured. */
const results = ['lan', 'gigabit', 'unlimited', 'bare']

interface LanResult extends Circumstances {
  /** Results of before there was `bare` are of bare lines. */
  readonly setting: {
    sizeBytes: number
    runs: number
    receivers: number
    rate?: string
    bare?: boolean
  }
  readonly rows: readonly Row[]
}

/** The table as markdown, with the machine and the date it was measured on. */
export function figures(result: LanResult): string {
  const { setting, machine, versions, date, commit } = result
  const lines = [
    `${setting.receivers} receivers ${linesOf(setting)}, ${setting.sizeBytes >> 20} MiB of ` +
      `random bytes, every copy compared, medians of ${setting.runs}; rates from the sender's ` +
      "start to the last receiver's last byte; CPU seconds of the whole machine for each GiB at a " +
      'receiver.',
    '',
    '| tool | loss | TCP | case | Mbit/s at each | sender sends | by multicast | CPU s per GiB |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
  ]
  for (const row of result.rows) {
    const { tool, lossPercent, congestion, mischief } = row
    const rate = row.rateBps === undefined ? (row.failure ?? '') : (row.rateBps / 1e6).toFixed(1)
    const wire = row.wireRatio === undefined ? '' : `${row.wireRatio.toFixed(3)} × the file`
    const share = row.multicastFraction
    const multicast = share === undefined ? '' : `${(100 * share).toFixed(1)} %`
    const what = mischief === 'none' ? '' : mischief
    const cpu = row.cpuSecondsPerGib?.toFixed(2) ?? ''
    const cells = [tool, `${lossPercent} %`, congestion, what, rate, wire, multicast, cpu]
    lines.push(`| ${cells.join(' | ')} |`)
  }
  const names = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  lines.push(
    '',
    `${machine.cores} × ${machine.cpu}, Linux ${machine.kernel}, ${names.join(', ')}; ` +
      `${date.slice(0, 10)}, commit ${commit}.`,
  )
  return lines.join('\n')
}

function linesOf({ rate, bare = true }: LanResult['setting']): string {
  if (rate !== undefined) return `on ${rate} lines`
  return `without a limit but the machine (${bare ? 'packets cut as by a bare card' : 'super-packets kept'})`
}

export function savedFigures(): string {
  return results
    .map(name => join(repositoryRoot, 'bench/results', `${name}.json`))
    .filter(existsSync)
    .map(path => figures(JSON.parse(readFileSync(path, 'utf8'))))
    .join('\n\n')
}

/** What stands in the README between the marks. */
export function figuresInReadme(): string {
  const readme = readFileSync(join(repositoryRoot, 'README.md'), 'utf8')
  const begin = readme.indexOf(FIGURES_BEGIN)
  const end = readme.indexOf(FIGURES_END)
  return begin < 0 || end < begin ? '' : readme.slice(begin + FIGURES_BEGIN.length, end).trim()
}

export async function main(): Promise<number> {
  const path = join(repositoryRoot, 'README.md')
  const readme = readFileSync(path, 'utf8')
  const [before] = readme.split(FIGURES_BEGIN)
  const after = readme.slice(readme.indexOf(FIGURES_END))
  writeFileSync(path, `${before}${FIGURES_BEGIN}\n${savedFigures()}\n${after}`)
  return 0
}
