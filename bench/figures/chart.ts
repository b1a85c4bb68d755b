// A figure as SVG, drawn by Observable Plot without a browser. Colours are Okabe and Ito's, which the
// colour-blind tell apart; line and symbol say the same again: a document's own values are big open
// diamonds, formulas are dashed, models have small open circles, ours are thick with full dots.

import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import type { Axis, Figure, Hue, Series } from './figure.js'

const hues: Readonly<Record<Hue, string>> = {
  black: '#222222',
  orange: '#d98c00',
  sky: '#3a9fd6',
  green: '#009e73',
  blue: '#0072b2',
  vermilion: '#d55e00',
  purple: '#b4558f',
}

const widthPx = 860
const plotHeightPx = 440
const titlePx = 58
const legendRowPx = 22
const legendColumnPx = 405
const font = 'Helvetica, Arial, "DejaVu Sans", sans-serif'

/** A whole SVG document: title, legend, chart. */
export function drawChart(figure: Figure): string {
  const { document } = parseHTML('<html><body></body></html>')
  const plot = Plot.plot({
    document: document as never,
    width: widthPx,
    height: plotHeightPx,
    marginLeft: 64,
    marginBottom: 48,
    marginRight: 24,
    style: { fontFamily: font, fontSize: '13px', background: 'white', color: '#333' },
    x: scaleOf(figure.x),
    y: { ...scaleOf(figure.y), grid: true },
    marks: [Plot.frame({ stroke: '#ccc' }), ...figure.series.flatMap(marksOf)],
  })
  const legendTop = titlePx
  const plotTop = legendTop + Math.ceil(figure.series.length / 2) * legendRowPx + 8
  const height = plotTop + plotHeightPx
  plot.setAttribute('x', '0')
  plot.setAttribute('y', String(plotTop))
  const legend = figure.series.map((series, i) => {
    const [x, y] = [64 + (i % 2) * legendColumnPx, legendTop + (i >> 1) * legendRowPx]
    return `<g transform="translate(${x},${y})">${sample(series)}<text x="46" y="4.5" font-size="13" fill="#333">${escapeXml(series.name)}</text></g>`
  })
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${height}" viewBox="0 0 ${widthPx} ${height}" font-family='${font}'>`,
    `<rect width="${widthPx}" height="${height}" fill="white"/>`,
    `<text x="20" y="26" font-size="17" font-weight="bold" fill="#222">${escapeXml(figure.title)}</text>`,
    `<text x="20" y="44" font-size="12" fill="#666">${escapeXml(`${figure.source} · ${figure.setting}`)}</text>`,
    ...legend,
    asXml(plot.outerHTML),
    '</svg>',
  ]
  return `${svg.join('\n')}\n`
}

function scaleOf({ label, log = false, from, to, ticks }: Axis): Plot.ScaleOptions {
  return {
    label,
    labelAnchor: 'center',
    labelArrow: false,
    type: log ? 'log' : 'linear',
    domain: from === undefined || to === undefined ? undefined : [from, to],
    ticks: ticks === undefined ? undefined : [...ticks],
    tickFormat: (value: number) => value.toLocaleString('en'),
    nice: from === undefined,
    clamp: false,
  }
}

function marksOf({ role, hue, points, loose }: Series): Plot.Markish[] {
  const [x, y] = [(at: readonly number[]) => at[0], (at: readonly number[]) => at[1]]
  const stroke = hues[hue]
  const data = points as [number, number][]
  // Dense curves need no dots.
  const dotted = points.length <= 24
  if (role === 'seed')
    return [
      Plot.dot(data, { x, y, stroke, strokeWidth: 2.5, symbol: 'diamond', r: 8, fill: 'none' }),
    ]
  const dash = role === 'formula' ? '7 5' : undefined
  const strokeWidth = role === 'ours' ? 3 : 1.8
  const line = Plot.line(data, { x, y, stroke, strokeWidth, strokeDasharray: dash })
  const fill = role === 'ours' ? stroke : 'white'
  const dot = Plot.dot(data, {
    x,
    y,
    stroke,
    fill,
    strokeWidth: 1.6,
    r: role === 'ours' ? 4.5 : 3.5,
  })
  return [...(loose ? [] : [line]), ...(dotted && role !== 'formula' ? [dot] : [])]
}

/** What stands for a series in the legend. */
function sample({ role, hue, points, loose }: Series): string {
  const stroke = hues[hue]
  if (role === 'seed')
    return `<path d="M20,-9L27,0L20,9L13,0Z" fill="none" stroke="${stroke}" stroke-width="2.5"/>`
  const width = role === 'ours' ? 3 : 1.8
  const dash = role === 'formula' ? ' stroke-dasharray="7 5"' : ''
  const line = `<line x1="2" x2="38" y1="0" y2="0" stroke="${stroke}" stroke-width="${width}"${dash}/>`
  const fill = role === 'ours' ? stroke : 'white'
  const dot = `<circle cx="20" cy="0" r="${role === 'ours' ? 4.5 : 3.5}" fill="${fill}" stroke="${stroke}" stroke-width="1.6"/>`
  return (loose ? '' : line) + (role !== 'formula' && points.length <= 24 ? dot : '')
}

/** What the library writes as HTML, so that image viewers take it. */
function asXml(html: string): string {
  return html
    .replace(/^<svg(?![^>]*xmlns)/, '<svg xmlns="http://www.w3.org/2000/svg"')
    .replace(/&nbsp;/g, '&#160;')
}

function escapeXml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')
}
