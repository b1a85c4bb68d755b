// One text for one JSON document, whatever its spacing and the order of its keys: the JSON
// Canonicalization Scheme (RFC 8785), over which a meta's id is computed. Written for documents
// of a million files: one pass, and duplicate keys are found by counting instead of by a parser.

const DEPTH_MAX = 64

export interface Canonical {
  readonly text: string
  /** Keys of all objects in the document, the omitted ones included. */
  readonly keyCount: number
}

/**
 * The canonical text of a parsed document without the members `omit` of its outermost object.
 * Throws `RangeError` for what RFC 8785 does not cover: lone surrogates, numbers beyond a double,
 * and nesting deeper than 64.
 */
export function canonicalOf(document: unknown, omit: ReadonlySet<string> = NOTHING): Canonical {
  const tally = { keyCount: 0 }
  return { text: write(document, omit, 0, tally), keyCount: tally.keyCount }
}

const NOTHING: ReadonlySet<string> = new Set()

function write(value: unknown, omit: ReadonlySet<string>, depth: number, tally: Tally): string {
  if (typeof value === 'string') return writeString(value)
  if (typeof value === 'number') {
    // ECMAScript's own form of numbers is what the RFC asks for (§3.2.2.3), -0 as 0 included.
    if (!Number.isFinite(value)) throw new RangeError('a number is too large')
    return JSON.stringify(value)
  }
  if (typeof value !== 'object' || value === null) return String(value)
  if (depth === DEPTH_MAX) throw new RangeError('nested too deeply')
  if (Array.isArray(value)) {
    return `[${value.map(item => write(item, NOTHING, depth + 1, tally)).join(',')}]`
  }
  let text = ''
  // Sorted by UTF-16 code units (§3.2.3), which is what sort() does.
  for (const key of Object.keys(value).sort()) {
    tally.keyCount++
    const member = write((value as Record<string, unknown>)[key], NOTHING, depth + 1, tally)
    if (!omit.has(key)) text += `${text === '' ? '' : ','}${writeString(key)}:${member}`
  }
  return `{${text}}`
}

interface Tally {
  keyCount: number
}

/** JSON.stringify escapes exactly what §3.2.2.2 wants, but lets lone surrogates pass as escapes. */
function writeString(text: string): string {
  if (/\p{Cs}/u.test(text)) throw new RangeError('a string is not valid Unicode')
  return JSON.stringify(text)
}

/**
 * Keys of all objects in a valid JSON text, duplicates included: the colons outside of strings.
 * More of them than the parsed document has keys means that some key stood there twice.
 */
export function keysIn(json: string): number {
  let count = 0
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at)
    if (code === COLON) count++
    else if (code === QUOTE) at = endOfString(json, at)
  }
  return count
}

const COLON = 0x3a
const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Where the string that begins at `at` has its closing quote: one after an even number of \. */
function endOfString(json: string, at: number): number {
  for (let end = json.indexOf('"', at + 1); end >= 0; end = json.indexOf('"', end + 1)) {
    let slashes = 0
    while (json.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++
    if (slashes % 2 === 0) return end
  }
  return json.length
}
