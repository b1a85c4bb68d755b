// `host:port` as people write it: an IPv4 address, a bracketed IPv6 address or a host name, and a
// port. Strict, because these strings arrive in links and metas from strangers and end up in a
// dial: nothing that could be taken for an option, a path or a second address gets through.

import type { Address } from '../../ports.js'

const PORT_MAX = 65_535
const HOST_CHARS_MAX = 253
const LOCATION_CHARS_MAX = 128

/** `10.0.0.1:9990`, `[fe80::1%eth0]:9990`, `host.example:9990`; anything else is undefined. */
export function parseEndpoint(text: string): Address | undefined {
  const match = /^(?:\[([^[\]]+)\]|([^:[\]]+)):([1-9][0-9]{0,4})$/.exec(text)
  if (match === null) return undefined
  const [, bracketed, plain, digits] = match
  const port = Number(digits)
  if (port > PORT_MAX) return undefined
  if (bracketed !== undefined) {
    return isIpv6(bracketed) ? { host: bracketed, port } : undefined
  }
  return isIpv4(plain) || isHostName(plain) ? { host: plain, port } : undefined
}

/** Of texts that were checked; what is no endpoint is left out. */
export function endpointsOf(texts: readonly string[]): Address[] {
  return texts.flatMap(text => parseEndpoint(text) ?? [])
}

/** The inverse of `parseEndpoint`. */
export function formatEndpoint(address: Address): string {
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return `${host}:${address.port}`
}

/** Four decimal numbers 0…255 without leading zeros. */
export function isIpv4(text: string): boolean {
  return numberOfIpv4(text) !== undefined
}

/**
 * The 32 bits of an IPv4 address, undefined of anything else. Asked of every peer again and again, so
 * it reads the digits by itself.
 */
export function numberOfIpv4(text: string): number | undefined {
  let all = 0
  let part = 0
  let digits = 0
  let parts = 1
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === DOT) {
      if (digits === 0 || ++parts > 4) return undefined
      all = (all << 8) | part
      part = 0
      digits = 0
    } else {
      const digit = code - ZERO
      if (digit < 0 || digit > 9 || (digits > 0 && part === 0)) return undefined
      part = 10 * part + digit
      if (part > 255) return undefined
      digits++
    }
  }
  return parts === 4 && digits > 0 ? ((all << 8) | part) >>> 0 : undefined
}

const [DOT, ZERO] = [46, 48]

/** RFC 4291 §2.2, with an optional `%zone` (RFC 4007 §11). */
export function isIpv6(text: string): boolean {
  const [address, zone, ...more] = text.split('%')
  if (more.length > 0) return false
  if (zone !== undefined && !/^[0-9A-Za-z][0-9A-Za-z._-]{0,31}$/.test(zone)) return false
  const halves = address.split('::')
  if (halves.length > 2) return false
  let groups = 0
  for (const [at, half] of halves.entries()) {
    const parts = half === '' ? [] : half.split(':')
    for (const [index, part] of parts.entries()) {
      const isLast = at === halves.length - 1 && index === parts.length - 1
      if (isLast && isIpv4(part)) groups += 2
      else if (/^[0-9A-Fa-f]{1,4}$/.test(part)) groups += 1
      else return false
    }
  }
  return halves.length === 2 ? groups < 8 : groups === 8
}

/** 224.0.0.0 to 239.255.255.255, or ff00::/8. */
export function isMulticast(address: string): boolean {
  if (isIpv6(address)) return /^ff[0-9a-f]{2}:/i.test(address)
  const first = Number(address.slice(0, address.indexOf('.')))
  return isIpv4(address) && first >= 224 && first <= 239
}

/** RFC 1123 labels (and `_`, which real networks have); all digits at the end is no name. */
function isHostName(text: string): boolean {
  if (text.length > HOST_CHARS_MAX) return false
  const labels = text.split('.')
  const last = labels[labels.length - 1]
  if (/^\d+$/.test(last)) return false
  return labels.every(label => /^[0-9A-Za-z_]([0-9A-Za-z_-]{0,61}[0-9A-Za-z_])?$/.test(label))
}

/** `dc/rack`: one to four names, from the widest to the narrowest. */
export function isLocation(text: string): boolean {
  return text.length <= LOCATION_CHARS_MAX && /^[\w.-]+(\/[\w.-]+){0,3}$/.test(text)
}

/** The /24 (IPv4) or /64 (IPv6) that an address is in. */
export function prefixOf(host: string): string {
  if (host.includes('.')) return host.slice(0, host.lastIndexOf('.'))
  return host.split(':').slice(0, 4).join(':')
}
