// The first line of a block: what it is about on the left, how it stands on the right.

import { fitLine, type Style } from '../style.js'
import { cellsOf, clip, padStart, printable } from '../text.js'

/** One line of at most `columns` cells; a long title is cut rather than the state. */
export function titleLine(style: Style, title: string, state: string, columns: number): string {
  const room = columns - cellsOf(state) - 2
  if (room < 8) return fitLine([[printable(title), style.bold]], columns)
  const shown = clip(printable(title), room)
  return fitLine([[shown, style.bold], padStart(state, columns - cellsOf(shown))], columns)
}
