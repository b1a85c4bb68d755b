// Text on a terminal: how many cells it takes, and how to cut it. Names of files and hosts come
// from other machines, so whatever could move the cursor or turn the writing round is shown as its
// code instead of being sent to the terminal.

/** The text with controls, line ends, bidi marks and lone surrogates shown as `\u{…}`. */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    mark => `\\u{${(mark.codePointAt(0) ?? 0).toString(16)}}`,
  )
}

// Made when first needed: it loads tables for 20 ms, and most names are ASCII.
let segmenter: Intl.Segmenter | undefined

function* graphemesOf(text: string): Iterable<string> {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' })
  for (const { segment } of segmenter.segment(text)) yield segment
}

function isAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text)
}

/** Cells of a terminal that printable text takes. */
export function cellsOf(text: string): number {
  if (isAscii(text)) return text.length
  let cells = 0
  for (const grapheme of graphemesOf(text)) cells += cellsOfGrapheme(grapheme)
  return cells
}

/** The text cut to at most `cells` cells, with `…` where something is missing. */
export function clip(text: string, cells: number): string {
  if (cellsOf(text) <= cells) return text
  if (cells < 1) return ''
  if (isAscii(text)) return `${text.slice(0, cells - 1)}…`
  let kept = ''
  let used = 0
  for (const grapheme of graphemesOf(text)) {
    const wide = cellsOfGrapheme(grapheme)
    if (used + wide > cells - 1) break
    kept += grapheme
    used += wide
  }
  return `${kept}…`
}

export function padEnd(text: string, cells: number): string {
  return text + ' '.repeat(Math.max(0, cells - cellsOf(text)))
}

export function padStart(text: string, cells: number): string {
  return ' '.repeat(Math.max(0, cells - cellsOf(text))) + text
}

/** One word for a POSIX shell, quoted only where that is needed. */
export function shellQuote(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

// East Asian Wide and Fullwidth (Unicode UAX #11), by block: enough for names of files.
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u

function cellsOfGrapheme(grapheme: string): number {
  if (WIDE.test(grapheme) || /\p{Emoji_Presentation}/u.test(grapheme)) return 2
  return /^[\p{M}\p{Cf}\p{Cc}]+$/u.test(grapheme) ? 0 : 1
}
