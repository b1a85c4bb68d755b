// The part of the address space that one segment covers, as far as is known: of IPv4 the smallest
// prefix around all who were heard there by multicast, for a segment may be wider than a /24; of IPv6
// their /64s.

import { numberOfIpv4, prefixOf } from '../base/endpoint.js'

/** It begins as a /24, and grows to a /16: whoever is heard from further away came over a router. */
const [BITS_MOST, BITS_LEAST] = [24, 16]

export class Span {
  #base: number | undefined
  #bits = BITS_MOST
  readonly #prefixes = new Set<string>()

  /** It was heard by multicast. */
  add(host: string): void {
    const address = numberOfIpv4(host)
    if (address === undefined) return void this.#prefixes.add(prefixOf(host))
    this.#base ??= address
    const common = Math.clz32(this.#base ^ address)
    if (common >= BITS_LEAST) this.#bits = Math.min(this.#bits, common)
  }

  has(host: string): boolean {
    const address = numberOfIpv4(host)
    if (address === undefined) return this.#prefixes.has(prefixOf(host))
    return this.#base !== undefined && Math.clz32(this.#base ^ address) >= this.#bits
  }
}
