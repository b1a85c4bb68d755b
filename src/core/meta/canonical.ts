// One text for one JSON document, whatever its spacing and the order of its keys: the JSON
// Canonicalization Scheme (RFC 8785), over which a meta's id is computed. Written for documents
// of a million files: bytes go straight into one buffer, since a million little strings cost a
// collector more than the hash costs, and duplicate keys are found by counting instead of by a
// parser of our own.

import { utf8 } from '../base/bytes.js'

const DEPTH_MAX = 64

export interface Canonical {
  /** UTF-8. */
  readonly bytes: Uint8Array
  /** Keys of all objects in the document, the omitted ones included. */
  readonly keyCount: number
}

/**
 * The canonical text of a parsed document without the members `omit` of its outermost object.
 * Throws `RangeError` for what RFC 8785 does not cover: lone surrogates, numbers beyond a double,
 * and nesting deeper than 64.
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
    if (depth === DEPTH_MAX) throw new RangeError('nested too deeply')
    if (Array.isArray(value)) this.#array(value, depth)
    else this.#object(value as Record<string, unknown>, omit, depth)
  }

  #array(items: readonly unknown[], depth: number): void {
    this.#byte(0x5b)
    for (let i = 0; i < items.length; i++) {
      if (i > 0) this.#byte(COMMA)
      this.value(items[i], NOTHING, depth + 1)
    }
    this.#byte(0x5d)
  }

  #object(members: Record<string, unknown>, omit: ReadonlySet<string>, depth: number): void {
    this.#byte(0x7b)
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
    this.#byte(0x7d)
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

const COMMA = 0x2c
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
