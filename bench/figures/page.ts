// The page of figures as markdown: pictures, tables with the seeds' values beside the models' and
// ours, and why they differ; where and with which seed it was made.

import type { Circumstances } from '../record.js'
import type { Figure, Row } from './figure.js'

export function table(rows: readonly Row[]): string {
  const lines = [
    ['', "the seed's text", 'modelled or computed', 'mcp2p'],
    ['---', '---', '---', '---'],
  ]
  for (const { what, seed = '', model = '', ours = '' } of rows)
    lines.push([what, seed, model, ours])
  return lines.map(cells => `| ${cells.map(cellOf).join(' | ')} |`).join('\n')
}

function cellOf(text: string): string {
  return text.replace(/\|/g, '\\|').replace(/\n/g, ' ').trim()
}

/** `pictures`: the ending of those that could be made. */
export function pageOf(
  figures: readonly Figure[],
  made: Circumstances,
  seed: number,
  pictures: 'png' | 'svg',
): string {
  const { machine, versions, date, commit } = made
  const names = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  const head = [
    "# The seeds' figures, and ours",
    '',
    'Made by `npm run figures`. What mcp2p does is simulated with its own cores (`test/sim`), in virtual ' +
      "time; the seeds' algorithms are small models of their documents (`bench/figures`), checked against " +
      "the documents' formulas. A seed's value is there only where its text states it: most of its graphs " +
      'are pictures, and no point was read off a picture.',
    '',
    'In the charts: open diamonds are what a document states, dashes are formulas (in the download ' +
      'curves: the last peer), thin lines and open circles are models, thick lines and full dots are mcp2p.',
    '',
    `${machine.cores} × ${machine.cpu}, Linux ${machine.kernel}, ${names.join(', ')}; ` +
      `${date.slice(0, 10)}, commit ${commit}; the simulation's seed: ${seed}.`,
  ]
  return `${[...head, ...figures.flatMap(figure => sectionOf(figure, pictures))].join('\n')}\n`
}

function sectionOf(figure: Figure, pictures: string): string[] {
  const { name, source, title, setting, rows, notes } = figure
  return [
    '',
    `## ${title}`,
    '',
    `${source}: ${setting}.`,
    '',
    `![${title}](figures/${name}.${pictures})`,
    '',
    table(rows),
    '',
    ...notes.map(note => `- ${note.charAt(0).toUpperCase()}${note.slice(1)}`),
  ]
}
