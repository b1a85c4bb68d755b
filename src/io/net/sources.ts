// Source addresses of datagrams as text. Nearly all of a stream come from one address, so the last
// one is remembered and only a change is spelled out.

import { networkInterfaces } from 'node:os'

/** Words of a record that say whence: family, scope, port, then the address; see udp.h. */
const FAMILY = 3
const SCOPE = 4
const ADDRESS = 6

export class Sources {
  readonly #last = new Int32Array(6)
  #text = ''

  /** The address in the record that begins at `at`; a link-local one with its %interface. */
  text(records: Int32Array, at: number): string {
    const last = this.#last
    if (
      last[0] !== records[at + FAMILY] ||
      last[1] !== records[at + SCOPE] ||
      last[2] !== records[at + ADDRESS] ||
      last[3] !== records[at + ADDRESS + 1] ||
      last[4] !== records[at + ADDRESS + 2] ||
      last[5] !== records[at + ADDRESS + 3]
    ) {
      last.set(records.subarray(at + FAMILY, at + FAMILY + 2))
      last.set(records.subarray(at + ADDRESS, at + ADDRESS + 4), 2)
      this.#text = spell(records, at)
    }
    return this.#text
  }
}

function spell(records: Int32Array, at: number): string {
  const first = records.byteOffset + 4 * (at + ADDRESS)
  const bytes = new Uint8Array(records.buffer, first, 16)
  if (records[at + FAMILY] === 4) return bytes.subarray(0, 4).join('.')
  const groups: string[] = []
  for (let i = 0; i < 16; i += 2) groups.push(((bytes[i] << 8) | bytes[i + 1]).toString(16))
  // The URL parser knows the canonical form (RFC 5952).
  const text = new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
  const scope = records[at + SCOPE]
  return scope === 0 ? text : `${text}%${nameOf(scope)}`
}

function nameOf(scope: number): string {
  for (const [name, addresses] of Object.entries(networkInterfaces()))
    if (addresses?.some(each => each.family === 'IPv6' && each.scopeid === scope)) return name
  return String(scope)
}
