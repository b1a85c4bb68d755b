// Colours and bars. Colour only ever repeats what a word says already, so that nothing is lost
// where there is none (NO_COLOR, a file, a printer).

import { cellsOf, clip } from './text.js'

export type Paint = (text: string) => string

/** How text may look where it is going. */
export interface Style {
  readonly bold: Paint
  readonly dim: Paint
  readonly good: Paint
  readonly warn: Paint
  readonly bad: Paint
  /** A bar of `cells` cells, `fraction` (0…1) of it full. */
  bar(fraction: number, cells: number): string
  /** Between two figures of one line. */
  readonly separator: string
}

const PLAIN: Paint = text => text

export function styleOf(options: { color: boolean; unicode: boolean }): Style {
  const sgr = (on: number, off: number): Paint =>
    options.color ? text => `\x1b[${on}m${text}\x1b[${off}m` : PLAIN
  return {
    bold: sgr(1, 22),
    dim: sgr(2, 22),
    good: sgr(32, 39),
    warn: sgr(33, 39),
    bad: sgr(31, 39),
    bar: options.unicode ? blockBar : asciiBar,
    separator: options.unicode ? ' · ' : ', ',
  }
}

/** A part of a line: its text and how it looks. */
export type Part = string | readonly [text: string, paint: Paint]

/** One line of at most `columns` cells, cut before it is painted, so that no colour is cut. */
export function fitLine(parts: readonly Part[], columns: number): string {
  let line = ''
  let left = columns
  for (const part of parts) {
    const [text, paint] = typeof part === 'string' ? [part, PLAIN] : part
    if (left <= 0 || text === '') continue
    const fitting = clip(text, left)
    line += paint(fitting)
    left = fitting === text ? left - cellsOf(text) : 0
  }
  return line
}

/** Fields of one line with `separator` between them; from the first that does not fit, none. */
export function fitFields(
  fields: readonly (readonly Part[])[],
  separator: Part,
  columns: number,
): string {
  const kept: Part[] = []
  for (const field of fields) {
    const longer = [...kept, ...(kept.length === 0 ? [] : [separator]), ...field]
    if (longer.reduce((cells, part) => cells + cellsOf(textOf(part)), 0) > columns) break
    kept.splice(0, kept.length, ...longer)
  }
  return fitLine(kept, columns)
}

function textOf(part: Part): string {
  return typeof part === 'string' ? part : part[0]
}

export type ColorMode = 'auto' | 'always' | 'never'

/** https://no-color.org: any non-empty NO_COLOR means none, unless the flag insists. */
export function wantsColor(
  mode: ColorMode,
  env: Readonly<Record<string, string | undefined>>,
  isTerminal: boolean,
): boolean {
  if (mode !== 'auto') return mode === 'always'
  return isTerminal && !env.NO_COLOR && env.TERM !== 'dumb'
}

/** Whether the locale can show more than ASCII (POSIX: LC_ALL, then LC_CTYPE, then LANG). */
export function wantsUnicode(
  env: Readonly<Record<string, string | undefined>>,
  platform: string,
): boolean {
  if (platform === 'win32') return env.WT_SESSION !== undefined
  if (platform === 'darwin') return true
  return /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || '')
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

function blockBar(fraction: number, cells: number): string {
  const eighths = Math.floor(bounded(fraction) * cells * 8)
  const full = '█'.repeat(eighths >> 3) + EIGHTHS[eighths & 7]
  return full + '░'.repeat(cells - full.length)
}

function asciiBar(fraction: number, cells: number): string {
  const full = Math.floor(bounded(fraction) * cells)
  return '#'.repeat(full) + '.'.repeat(cells - full)
}

function bounded(fraction: number): number {
  return Number.isNaN(fraction) ? 0 : Math.min(1, Math.max(0, fraction))
}
