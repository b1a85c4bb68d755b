// Bytes and text: hex, base64 and UTF-8, without Buffer, so that cores run anywhere.

declare const TextEncoder: new () => { encode(text: string): Uint8Array }
declare const TextDecoder: new (
  label: string,
  options: { fatal: boolean; ignoreBOM: boolean },
) => { decode(bytes: Uint8Array): string }

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export function utf8(text: string): Uint8Array {
  return encoder.encode(text)
}

/** Decodes UTF-8, or returns `undefined` when the bytes are not valid UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

const HEX = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'))

export function hexOf(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += HEX[byte]
  return text
}

/** Decodes lower- or upper-case hex, or returns `undefined`. */
export function bytesOfHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined
  const bytes = new Uint8Array(text.length / 2)
  for (let i = 0; i < bytes.length; i++)
    bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16)
  return bytes
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const VALUE = new Int8Array(128).fill(-1)
for (let i = 0; i < 64; i++) VALUE[ALPHABET.charCodeAt(i)] = i

/** Standard base64 with padding (RFC 4648 §4). */
export function base64Of(bytes: Uint8Array): string {
  const parts: string[] = []
  let text = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i
    const word =
      (bytes[i] << 16) | ((left > 1 ? bytes[i + 1] : 0) << 8) | (left > 2 ? bytes[i + 2] : 0)
    text += ALPHABET[word >> 18] + ALPHABET[(word >> 12) & 63]
    text += left > 1 ? ALPHABET[(word >> 6) & 63] : '='
    text += left > 2 ? ALPHABET[word & 63] : '='
    if (text.length > 8192) {
      parts.push(text)
      text = ''
    }
  }
  parts.push(text)
  return parts.join('')
}

/** Decodes padded standard base64 strictly, so that bytes have one text, or returns `undefined`. */
export function bytesOfBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined
  const pad = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const bytes = new Uint8Array((text.length / 4) * 3 - pad)
  const digit = (at: number): number => {
    if (at >= text.length - pad) return 0
    const code = text.charCodeAt(at)
    return code < 128 ? VALUE[code] : -1
  }
  let out = 0
  let word = 0
  for (let i = 0; i < text.length; i += 4) {
    const a = digit(i)
    const b = digit(i + 1)
    const c = digit(i + 2)
    const d = digit(i + 3)
    if ((a | b | c | d) < 0) return undefined
    word = (a << 18) | (b << 12) | (c << 6) | d
    if (out < bytes.length) bytes[out++] = word >> 16
    if (out < bytes.length) bytes[out++] = (word >> 8) & 255
    if (out < bytes.length) bytes[out++] = word & 255
  }
  const spare = word & ((1 << (8 * pad)) - 1)
  return spare === 0 ? bytes : undefined
}

export function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** All of them in one array. */
export function concat(parts: Iterable<Uint8Array>): Uint8Array {
  const all = [...parts]
  const bytes = new Uint8Array(all.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of all) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
