// `npm run bench -- figures`: writes the README's table of figures from bench/results, so that no
// figure is ever typed by hand. A test fails when the README and the results differ.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from '../test/lab/root.js'
import type { Row } from './lan/outcome.js'
import type { Circumstances } from './record.js'

export const FIGURES_BEGIN = '<!-- figures -->'
export const FIGURES_END = '<!-- /figures -->'

interface LanResult extends Circumstances {
  readonly setting: { sizeBytes: number; runs: number; receivers: number; rate: string }
  readonly rows: readonly Row[]
}

/** The table as markdown, with the machine and the date it was measured on. */
export function figures(result: LanResult): string {
  const { setting, machine, versions, date, commit } = result
  const lines = [
    `${setting.receivers} receivers on ${setting.rate} lines, ${setting.sizeBytes >> 20} MiB of ` +
      `random bytes, every copy compared, medians of ${setting.runs}; rates from the sender's ` +
      "start to the last receiver's last byte.",
    '',
    '| tool | loss | TCP | case | Mbit/s at each | sender sends | by multicast |',
    '| --- | --- | --- | --- | --- | --- | --- |',
  ]
  for (const row of result.rows) {
    const { tool, lossPercent, congestion, mischief } = row
    const rate = row.rateBps === undefined ? (row.failure ?? '') : (row.rateBps / 1e6).toFixed(1)
    const wire = row.wireRatio === undefined ? '' : `${row.wireRatio.toFixed(3)} × the file`
    const share = row.multicastFraction
    const multicast = share === undefined ? '' : `${(100 * share).toFixed(1)} %`
    const what = mischief === 'none' ? '' : mischief
    lines.push(
      `| ${tool} | ${lossPercent} % | ${congestion} | ${what} | ${rate} | ${wire} | ${multicast} |`,
    )
  }
  const names = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  lines.push(
    '',
    `${machine.cores} × ${machine.cpu}, Linux ${machine.kernel}, ${names.join(', ')}; ` +
      `${date.slice(0, 10)}, commit ${commit}.`,
  )
  return lines.join('\n')
}

export function savedFigures(): string {
  const text = readFileSync(join(repositoryRoot, 'bench/results/lan.json'), 'utf8')
  return figures(JSON.parse(text))
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
