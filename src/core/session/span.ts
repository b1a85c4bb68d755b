// The part of the address space that one segment covers, as far as is known: of IPv4 the smallest
// prefix around all who were heard there by multicast, for a segment may be wider than a /24; of IPv6
// their /64s.

import { isIpv4, prefixOf } from '../base/endpoint.js'

/** It begins as a /24, and grows to a /16: whoever is heard from further away came over a router. */
const [BITS_MOST, BITS_LEAST] = [24, 16]

export class Span {
  #base: number | undefined
  #bits = BITS_MOST
  readonly #prefixes = new Set<string>()

  /** It was heard by multicast. */
  add(host: string): void {
    if (!isIpv4(host)) return void this.#prefixes.add(prefixOf(host))
    const address = numberOf(host)
    this.#base ??= address
    const common = Math.clz32(this.#base ^ address)
    if (common >= BITS_LEAST) this.#bits = Math.min(this.#bits, common)
  }

  has(host: string): boolean {
    if (!isIpv4(host)) return this.#prefixes.has(prefixOf(host))
    return this.#base !== undefined && Math.clz32(this.#base ^ numberOf(host)) >= this.#bits
  }
}

function numberOf(host: string): number {
  return host.split('.').reduce((sum, part) => (sum << 8) | Number(part), 0)
}
