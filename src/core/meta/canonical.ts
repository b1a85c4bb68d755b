// One text for one JSON document, whatever its spacing and the order of its keys: the JSON
// Canonicalization Scheme (RFC 8785), over which a meta's id is computed. Written for documents of
// a million files: the engine's own JSON.stringify does the work wherever it can, five times as
// fast as a walk in JavaScript, and duplicate keys are found by counting instead of by a parser.

const DEPTH_MAX = 64
/** With more names than that, looking each of them up in each object is slower than a walk. */
const NAMES_MAX = 64

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
  const survey: Survey = { keyCount: 0, names: new Set() }
  look(document, 0, survey)
  const kept = without(document, omit)
  return { text: writeQuickly(kept, survey.names) ?? write(kept), keyCount: survey.keyCount }
}

const NOTHING: ReadonlySet<string> = new Set()

interface Survey {
  keyCount: number
  /** Different keys. */
  readonly names: Set<string>
}

/** Refuses numbers and depths, and sees which keys there are. */
function look(value: unknown, depth: number, survey: Survey): void {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new RangeError('a number is too large')
  if (typeof value !== 'object' || value === null) return
  if (depth === DEPTH_MAX) throw new RangeError('nested too deeply')
  if (Array.isArray(value)) {
    for (const item of value) look(item, depth + 1, survey)
    return
  }
  for (const key of Object.keys(value)) {
    survey.keyCount++
    survey.names.add(key)
    look((value as Record<string, unknown>)[key], depth + 1, survey)
  }
}

function without(document: unknown, omit: ReadonlySet<string>): unknown {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) return document
  return Object.fromEntries(Object.entries(document).filter(([key]) => !omit.has(key)))
}

/**
 * JSON.stringify with a list of names writes members in the order of the list: sorted, that is the
 * canonical text. Undefined where that does not hold: names that every object inherits would be
 * found where they are not, and a lone surrogate becomes an escape instead of an error.
 */
function writeQuickly(value: unknown, names: ReadonlySet<string>): string | undefined {
  if (names.size > NAMES_MAX) return undefined
  for (const name of names) if (name in Object.prototype) return undefined
  const text = JSON.stringify(value, [...names].sort())
  return text.includes('\\ud') ? undefined : text
}

function write(value: unknown): string {
  if (typeof value === 'string') return writeString(value)
  // ECMAScript's own form of numbers is what the RFC asks for (§3.2.2.3), -0 as 0 included.
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`
  let text = ''
  // Sorted by UTF-16 code units (§3.2.3), which is what sort() does.
  for (const key of Object.keys(value).sort()) {
    const member = write((value as Record<string, unknown>)[key])
    text += `${text === '' ? '' : ','}${writeString(key)}:${member}`
  }
  return `{${text}}`
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
