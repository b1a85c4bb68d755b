// A table as plain text: columns as wide as their widest cell, two blanks between, figures to the
// right. No frames: what is printed can be cut with awk.

import { cellsOf, padEnd, padStart, printable } from './text.js'

export interface Column {
  readonly title: string
  readonly align?: 'left' | 'right'
}

/** Lines without line ends, the titles first; every row has one text per column. */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string[] {
  const cells = rows.map(row => row.map(printable))
  const widths = columns.map((column, at) =>
    Math.max(cellsOf(column.title), ...cells.map(row => cellsOf(row[at]))),
  )
  const line = (row: readonly string[]) =>
    row
      .map((text, at) => (columns[at].align === 'right' ? padStart : padEnd)(text, widths[at]))
      .join('  ')
      .trimEnd()
  return [line(columns.map(column => column.title)), ...cells.map(line)]
}
