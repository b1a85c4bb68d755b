// A block of lines at the end of the terminal, redrawn in place. It remembers how wide its lines
// were, since a terminal that became narrower has wrapped them into more.

import { cellsOf } from './text.js'
import type { Sink } from './world.js'

export class LiveBlock {
  readonly #sink: Sink
  /** Cells of each line on the screen now. */
  #shown: readonly number[] = []

  constructor(sink: Sink) {
    this.#sink = sink
  }

  /** Puts `lines` in place of the block; they must fit the width (see `fitLine`). */
  draw(lines: readonly string[]): void {
    // One write, each line erased only behind its end: nothing flickers.
    const text = lines.map(line => `${line}\x1b[K\n`).join('')
    this.#sink.write(`${this.#home()}${text}\x1b[J`)
    this.#shown = lines.map(line => cellsOf(withoutColor(line)))
  }

  /** Takes the block away; what is written next stands in its place. */
  clear(): void {
    if (this.#shown.length > 0) this.#sink.write(`${this.#home()}\x1b[J`)
    this.#shown = []
  }

  #home(): string {
    const columns = Math.max(1, this.#sink.columns())
    let rows = 0
    for (const cells of this.#shown) rows += Math.max(1, Math.ceil(cells / columns))
    return rows === 0 ? '' : `\r\x1b[${rows}A`
  }
}

function withoutColor(text: string): string {
  return text.replaceAll(SGR, '')
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
const SGR = /\x1b\[\d+m/g
