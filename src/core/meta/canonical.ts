// One text for one JSON document, whatever its spacing and the order of its keys: the JSON
// Canonicalization Scheme (RFC 8785), over which a meta's id is computed. Written for documents
// of a million files: bytes go straight into one buffer, since a million little strings cost a
// collector more than the hash costs, and duplicate keys are found by counting instead of by a
// parser of our own.

import { utf8 } from '../base/bytes.js'
import { LIMITS } from '../base/limits.js'

export interface Canonical {
  /** UTF-8. */
  readonly bytes: Uint8Array
  /** Keys of all objects in the document, the omitted ones included. */
  readonly keyCount: number
}

/**
 * The canonical text of a parsed document without the members `omit` of its outermost object. A list
 * may be any iterable, so that a long one need not stand in memory.
 * Throws `RangeError` for what RFC 8785 does not cover: lone surrogates, numbers beyond a double,
 * and nesting deeper than `metaNestingMax`.
 */
export function canonicalOf(document: unknown, omit: ReadonlySet<string> = NOTHING): Canonical {
  const writer = new Writer()
  writer.value(document, omit, 0)
  return { bytes: writer.bytes, keyCount: writer.keyCount }
}

const NOTHING: ReadonlySet<string> = new Set()

class Writer {
  #buffer = new Uint8Array(64 * 1024)
  #length = 0
  keyCount = 0

  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length)
  }

  value(value: unknown, omit: ReadonlySet<string>, depth: number): void {
    if (typeof value === 'string') return this.#string(value)
    if (typeof value === 'number') {
      // ECMAScript's own form of numbers is what the RFC asks for (§3.2.2.3), -0 as 0 included.
      if (!Number.isFinite(value)) throw new RangeError('a number is too large')
      return this.#ascii(JSON.stringify(value))
    }
    if (typeof value !== 'object' || value === null) return this.#ascii(String(value))
    if (depth === LIMITS.metaNestingMax) throw new RangeError('nested too deeply')
    if (Symbol.iterator in value) this.#list(value as Iterable<unknown>, depth)
    else this.#object(value as Record<string, unknown>, omit, depth)
  }

  #list(items: Iterable<unknown>, depth: number): void {
    this.#byte(OPEN_LIST)
    let isFirst = true
    for (const item of items) {
      if (!isFirst) this.#byte(COMMA)
      isFirst = false
      this.value(item, NOTHING, depth + 1)
    }
    this.#byte(CLOSE_LIST)
  }

  #object(members: Record<string, unknown>, omit: ReadonlySet<string>, depth: number): void {
    this.#byte(OPEN_OBJECT)
    let isFirst = true
    // Sorted by UTF-16 code units (§3.2.3), which is what sort() does.
    for (const key of Object.keys(members).sort()) {
      const before = this.#length
      this.keyCount++
      if (!isFirst) this.#byte(COMMA)
      this.#string(key)
      this.#byte(COLON)
      this.value(members[key], NOTHING, depth + 1)
      // What is left out is checked and counted like the rest, then taken back.
      if (omit.has(key)) this.#length = before
      else isFirst = false
    }
    this.#byte(CLOSE_OBJECT)
  }

  #string(text: string): void {
    const start = this.#length
    this.#reserve(text.length + 2)
    const buffer = this.#buffer
    let at = start
    buffer[at++] = QUOTE
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code < 0x20 || code > 0x7e || code === QUOTE || code === BACKSLASH)
        return this.#oddString(text)
      buffer[at++] = code
    }
    buffer[at++] = QUOTE
    this.#length = at
  }

  /** JSON.stringify escapes exactly what §3.2.2.2 wants, but lets lone surrogates pass, escaped. */
  #oddString(text: string): void {
    if (/\p{Cs}/u.test(text)) throw new RangeError('a string is not valid Unicode')
    const bytes = utf8(JSON.stringify(text))
    this.#reserve(bytes.length)
    this.#buffer.set(bytes, this.#length)
    this.#length += bytes.length
  }

  #ascii(text: string): void {
    this.#reserve(text.length)
    for (let i = 0; i < text.length; i++) this.#buffer[this.#length++] = text.charCodeAt(i)
  }

  #byte(byte: number): void {
    this.#reserve(1)
    this.#buffer[this.#length++] = byte
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return
    const larger = new Uint8Array(2 * this.#buffer.length + bytes)
    larger.set(this.bytes)
    this.#buffer = larger
  }
}

/** What a JSON text will be when it is parsed, told from its punctuation. */
export interface Shape {
  /** Of all objects, duplicates included: more than the parsed document has mean a key twice. */
  readonly keys: number
  /** Strings, numbers and the like, lists and objects: no more than so many. */
  readonly values: number
  /** Lists and objects lie deeper in each other than `metaNestingMax`; not looked at any further. */
  readonly isTooDeep: boolean
}

/**
 * Looks at a text, valid JSON or not, without making anything of it. A parser would: some hundred
 * megabytes of brackets become many gigabytes of lists before anybody can say no.
 */
export function shapeOf(json: string): Shape {
  let keys = 0
  let values = 1
  let depth = 0
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at)
    if (code === QUOTE) at = endOfString(json, at)
    else if (code === COLON) keys++
    else if (code === COMMA) values++
    else if (code === CLOSE_LIST || code === CLOSE_OBJECT) depth--
    else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      values++
      if (++depth > LIMITS.metaNestingMax) return { keys, values, isTooDeep: true }
    }
  }
  return { keys, values, isTooDeep: false }
}

const COMMA = 0x2c
const COLON = 0x3a
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
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
