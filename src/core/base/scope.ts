// Which addresses may be told to whom. An address that only means something on one host (loopback)
// or one link (link-local) is handed only to somebody of the same kind; multicast and unspecified
// addresses to nobody. So nobody can be pointed at a victim's own services.

import { numberOfIpv4 } from './endpoint.js'

export type Scope = 'loopback' | 'link' | 'wide' | 'none'

/** True when `host` may be told to a peer whose own address is `to`. */
export function sameScope(host: string, to: string): boolean {
  const scope = scopeOf(host)
  return scope !== 'none' && scope === scopeOf(to)
}

export function scopeOf(host: string): Scope {
  const number = numberOfIpv4(host)
  if (number !== undefined) return scopeOfIpv4(number >>> 24, (number >>> 16) & 255)
  const plain = host.toLowerCase().replace(/^::ffff:/, '')
  const v4 = /^(\d{1,3})\.(\d{1,3})\.\d{1,3}\.\d{1,3}$/.exec(plain)
  if (v4) return scopeOfIpv4(Number(v4[1]), Number(v4[2]))
  if (!/^[0-9a-f:]+(%[\w.-]+)?$/.test(plain) || !plain.includes(':')) return 'none'
  if (plain === '::1') return 'loopback'
  if (plain === '::' || plain.startsWith('ff')) return 'none'
  return /^fe[89ab]/.test(plain) ? 'link' : 'wide'
}

/** Of an IPv4 address by its first two numbers. */
function scopeOfIpv4(a: number, b: number): Scope {
  if (a === 127) return 'loopback'
  if (a === 169 && b === 254) return 'link'
  return a === 0 || a >= 224 ? 'none' : 'wide'
}
