// Addresses that are not a connection's own, until they have proved themselves: a token is sent to
// the address, and whoever can say it here, receives there. So nobody can register a victim, and
// nobody can make the manager knock at doors that the asker itself could not reach.

import { LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'
import { scopeOf } from '../base/scope.js'
import type { PeerRecord } from '../wire/manager.js'

interface Claim {
  readonly record: PeerRecord
  readonly asker: string
  readonly until: Micros
}

export class Tokens {
  /** In the order in which they end. */
  readonly #claims = new Map<string, Claim>()

  /** False when there are too many already. */
  add(token: string, record: PeerRecord, asker: string, now: Micros): boolean {
    for (const [each, { until }] of this.#claims) {
      if (until >= now) break
      this.#claims.delete(each)
    }
    let own = 0
    for (const claim of this.#claims.values()) if (claim.asker === asker) own++
    if (own >= LIMITS.managerTokensPerAddressMax) return false
    if (this.#claims.size >= LIMITS.managerTokensMax) return false
    this.#claims.set(token, { record, asker, until: now + LIMITS.managerTokenMicros })
    return true
  }

  /** What was claimed, once, by whom it was claimed. */
  take(token: string, metaHash: string, asker: string, now: Micros): PeerRecord | undefined {
    const claim = this.#claims.get(token)
    if (claim === undefined || claim.asker !== asker || claim.record.metaHash !== metaHash)
      return undefined
    this.#claims.delete(token)
    return claim.until < now ? undefined : claim.record
  }
}

/** Addresses of private networks: 10/8, 172.16/12, 192.168/16, 100.64/10 and fc00::/7. */
export function isPrivate(host: string): boolean {
  const v4 = /^(\d+)\.(\d+)\.\d+\.\d+$/.exec(host)
  if (v4 === null) return /^f[cd][0-9a-f]{2}:/i.test(host)
  const [a, b] = [Number(v4[1]), Number(v4[2])]
  if (a === 10 || (a === 192 && b === 168)) return true
  return (a === 172 && b >= 16 && b <= 31) || (a === 100 && b >= 64 && b <= 127)
}

/** Whether the manager may knock at `host` for somebody at `asker`. */
export function mayClaim(host: string, asker: string): boolean {
  const scope = scopeOf(host)
  if (scope === 'loopback') return scopeOf(asker) === 'loopback'
  if (scope !== 'wide') return false
  return !isPrivate(host) || isPrivate(asker) || scopeOf(asker) === 'loopback'
}
