// `npm run figures`: the seeds' figures anew, and ours in each: charts, pictures and one page in
// bench/results. Everything is simulated in virtual time, so it says the same on every machine.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { repositoryRoot } from '../../test/lab/root.js'
import { circumstances } from '../record.js'
import { drawChart } from './chart.js'
import { figureX } from './crowd.js'
import { figure002 } from './curves.js'
import type { Effort, Figure } from './figure.js'
import { pageOf } from './page.js'
import { type Browser, findBrowser, paint } from './picture.js'
import { figure1 } from './queue.js'
import { figure810 } from './racks.js'
import { figure10, figure11, figure50, figure60, Transfers } from './transfers.js'

const help = `npm run figures [-- --quick] [--only NAME] [--seed 1] [--to FOLDER]
  --quick       small files and few hosts: seconds, to see that all works; needs --to
  --only NAME   anew only those whose names contain NAME; the page has the others as they were
  --to FOLDER   default: bench/results
`

/** In the page's order; each is made when it is its turn. */
export function figureMakers(effort: Effort): readonly (() => Figure)[] {
  const transfers = new Transfers(effort)
  return [
    () => figure10(transfers),
    () => figure11(transfers),
    () => figure50(transfers),
    () => figure60(transfers),
    () => figure002(effort),
    () => figure1(effort),
    () => figure810(effort),
    () => figureX(effort),
  ]
}

const names = [
  '000-figure-1.0',
  '000-figure-1.1',
  '000-figure-5.0',
  '000-figure-6.0',
  '002-download-curves',
  '004-figure-1',
  '004-figures-8-10',
  '004-figure-X',
]

export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      seed: { type: 'string', default: '1' },
      to: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  const seed = Number(values.seed)
  if (!Number.isSafeInteger(seed) || seed < 0) throw new Error('--seed takes a whole number')
  if (values.help || (values.quick && values.to === undefined)) {
    process.stderr.write(help)
    return values.help ? 0 : 2
  }
  const folder = values.to ?? join(repositoryRoot, 'bench/results')
  mkdirSync(join(folder, 'figures'), { recursive: true })
  const browser = findBrowser()
  if (!browser)
    process.stderr.write('NO PICTURES: chromium is not installed; charts are SVG only\n')
  const makers = figureMakers({ quick: values.quick, seed })
  const figures: Figure[] = []
  for (const [i, make] of makers.entries()) {
    if (!names[i].includes(values.only ?? '')) continue
    const from = process.cpuUsage().user
    const figure = make()
    publish(figure, folder, browser)
    figures.push(figure)
    const spent = ((process.cpuUsage().user - from) / 1e6).toFixed(1)
    process.stdout.write(`${figure.name.padEnd(22)}${spent} CPU seconds\n`)
  }
  if (figures.length === 0) throw new Error(`no figure is called ${values.only}`)
  const made = circumstances(browser ? { browser: browser.version } : {})
  const path = join(folder, 'figures.md')
  writeFileSync(path, pageOf(saved(folder), made, seed, browser ? 'png' : 'svg'))
  process.stdout.write(`written to ${path}\n`)
  return 0
}

function publish(figure: Figure, folder: string, browser: Browser | undefined): void {
  const svg = drawChart(figure)
  const path = join(folder, 'figures', figure.name)
  writeFileSync(`${path}.svg`, svg)
  writeFileSync(`${path}.json`, `${JSON.stringify(figure, null, 1)}\n`)
  if (browser) paint(browser, svg, `${path}.png`)
}

/** All figures that have been made, in the page's order. */
function saved(folder: string): Figure[] {
  return names
    .map(name => join(folder, 'figures', `${name}.json`))
    .filter(path => existsSync(path))
    .map(path => JSON.parse(readFileSync(path, 'utf8')) as Figure)
}
