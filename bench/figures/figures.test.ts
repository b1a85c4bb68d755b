// The models against the formulas of their documents, and the whole page in its quick form: what a
// figure claims to simulate must give what arithmetic gives where there is a formula.

import { expect, it } from 'vitest'
import { drawChart } from './chart.js'
import { centralised, distributed, simulateDocuments } from './curves.js'
import {
  simulateChain,
  simulateDoubling,
  simulateMulticast,
  simulateSerial,
  simulateUnchunked,
} from './distribution.js'
import type { Figure } from './figure.js'
import {
  CHUNK_BYTES,
  chunkedSeconds,
  doublingSeconds,
  GIBIBYTE,
  multicastSeconds,
  serialSeconds,
  unchunkedSeconds,
  waitingOfEqual,
  waitingOfVaried,
} from './formulas.js'
import { figureMakers } from './main.js'
import { pageOf, table } from './page.js'
import { simulateQueue } from './queue.js'
import { DESIGNS, RACKS, simulateDesign } from './racks.js'
import { SEED } from './transfers.js'

const small = { ...GIBIBYTE, fileBytes: 64 * CHUNK_BYTES }

it.each([1, 2, 7, 15])('over lines the four ways take what the formulas say, %i receivers', n => {
  expect(simulateSerial(small, n)).toBeCloseTo(serialSeconds(small, n), 6)
  expect(simulateMulticast(small, n)).toBeCloseTo(multicastSeconds(small), 6)
  expect(simulateUnchunked(small, n)).toBeCloseTo(unchunkedSeconds(small, n), 6)
  expect(simulateDoubling(small, n)).toBeCloseTo(doublingSeconds(small, n), 6)
  expect(simulateChain(small, n, CHUNK_BYTES)).toBeCloseTo(chunkedSeconds(small, n), 6)
})

it('the formulas give the times that document 000 computes of a gibibyte', () => {
  expect(multicastSeconds(GIBIBYTE)).toBeCloseTo(85.9, 1)
  expect(serialSeconds(GIBIBYTE, 8)).toBeCloseTo(8 * 85.9, 0)
  expect(chunkedSeconds(GIBIBYTE, 15)).toBeCloseTo(85.9 + (14 * CHUNK_BYTES) / 12.5e6, 1)
})

it.each([0.3, 0.6, 0.8])('a queue is as long as theory has it at %d of the line', share => {
  const equal = simulateQueue(share, 200_000, false, 1)
  const varied = simulateQueue(share, 200_000, true, 1)
  expect(Math.abs(equal / waitingOfEqual(share) - 1)).toBeLessThan(0.1)
  expect(Math.abs(varied / waitingOfVaried(share) - 1)).toBeLessThan(0.1)
})

it('each has documents from one, or from all: the second is what document 002 finds drastically less', () => {
  const ends = (wishes: number[][]): number[] =>
    simulateDocuments(wishes, 1 << 20, 0)
      .filter(curve => curve.length > 0)
      .map(curve => curve[curve.length - 1][1])
  const fetched = 50 * (1 << 20)
  // Five fetch fifty documents each over the one line of the first.
  expect(Math.max(...ends(centralised(60)))).toBeCloseTo((5 * fetched) / 12.5e6, 3)
  expect(Math.max(...ends(distributed(60)))).toBeCloseTo(fetched / 12.5e6, 3)
})

it('the designs of document 004 come in its order: each spares the seeder more', () => {
  const ratios = DESIGNS.map(design => simulateDesign(design, 64e6, 1).seedRatio)
  expect([...ratios].sort((a, b) => b - a)).toEqual(ratios)
  expect(ratios[3]).toBeLessThan(1.3)
  expect(RACKS.reduce((sum, count) => sum + count, 0)).toBe(17)
  expect(DESIGNS.map(({ seedRatio }) => seedRatio)).toEqual([4.78, 1.47, 1.31, 1.12])
  expect(SEED.iperfSeconds).toBe(89.8)
})

it('a chart shows every series and is well-formed; a page has every row and reason', () => {
  const figure: Figure = {
    name: 'a',
    source: 'nowhere',
    title: 'a < b',
    setting: 'none',
    x: { label: 'x' },
    y: { label: 'y', log: true },
    series: [
      {
        name: 'computed',
        role: 'formula',
        hue: 'black',
        points: [
          [1, 1],
          [2, 9],
        ],
      },
      { name: 'stated', role: 'seed', hue: 'orange', points: [[1, 2]] },
      {
        name: 'ours & theirs',
        role: 'ours',
        hue: 'blue',
        points: [
          [1, 3],
          [2, 4],
        ],
      },
    ],
    rows: [{ what: 'one | two', seed: '1 s', ours: '2 s' }],
    notes: ['because'],
  }
  const svg = drawChart(figure)
  for (const text of ['a &lt; b', 'computed', 'stated', 'ours &amp; theirs'])
    expect(svg).toContain(text)
  expect(svg.match(/<svg/g)).toHaveLength(2)
  expect(svg.match(/stroke-dasharray="7 5"/g)).toHaveLength(2)
  const { open, close } = {
    open: svg.match(/<(?:g|svg)[\s>]/g),
    close: svg.match(/<\/(?:g|svg)>/g),
  }
  expect(open?.length).toBe(close?.length)
  expect(table(figure.rows)).toContain('| one \\| two | 1 s |  | 2 s |')
  const circumstances = {
    machine: { cores: 2, cpu: 'c', kernel: 'k' },
    versions: { node: '1' },
    date: '2026-01-02T03:04:05Z',
    commit: 'abc',
  }
  const page = pageOf([figure], circumstances as never, 7, 'svg')
  for (const text of ['## a < b', '![a < b](figures/a.svg)', '- Because', "simulation's seed: 7"])
    expect(page).toContain(text)
})

it('every figure of the seeds is made, with marks or words of the seed beside ours and reasons', () => {
  const figures = figureMakers({ quick: true, seed: 1 }).map(make => make())
  expect(figures.map(({ name }) => name)).toEqual([
    '000-figure-1.0',
    '000-figure-1.1',
    '000-figure-5.0',
    '000-figure-6.0',
    '002-download-curves',
    '004-figure-1',
    '004-figures-8-10',
    '004-figure-X',
  ])
  for (const { name, series, rows, notes } of figures) {
    expect(
      rows.some(({ seed }) => seed !== undefined),
      name,
    ).toBe(true)
    expect(
      rows.some(({ ours }) => ours !== undefined),
      name,
    ).toBe(true)
    expect(
      series.some(({ role }) => role === 'ours'),
      name,
    ).toBe(true)
    expect(notes.length, name).toBeGreaterThan(0)
    for (const { points } of series)
      for (const point of points) expect(point.every(Number.isFinite), name).toBe(true)
  }
}, 60_000)
