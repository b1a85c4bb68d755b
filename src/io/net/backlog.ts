// Memory that connections hold: what waits for peers that do not read, and frames that have begun
// and do not end. Each connection alone may hold little of both, and ten thousand of them would still fill
// the machine; so there is a bound for all. When it is passed those have to go that hardly move, first
// of the address that holds the most: many names at one address are one to us.

import { LIMITS } from '../../core/base/limits.js'

/** How often it is looked at: after so many bytes that may have been added. */
const LOOK_BYTES = 2 * 1024 * 1024
/** Whoever moves less than this, for so long, hardly moves. */
const PACE_BYTES_PER_MILLI = 16
const WINDOW_MILLIS = 1000

/** A connection, as far as its memory goes. */
export interface Holder {
  readonly host: string
  readonly heldBytes: number
  /** All that it ever took and brought. */
  readonly movedBytes: number
  giveUp(reason: string): void
}

interface Seen {
  movedBytes: number
  at: number
  hardlyMoves: boolean
}

export class Backlog {
  readonly #bytesMax: number
  readonly #holders = new Map<Holder, Seen>()
  #addedBytes = 0

  constructor(bytesMax: number = LIMITS.heldBytesMax) {
    this.#bytesMax = bytesMax
  }

  enter(holder: Holder, nowMillis: number): void {
    this.#holders.set(holder, { movedBytes: 0, at: nowMillis, hardlyMoves: false })
  }

  leave(holder: Holder): void {
    this.#holders.delete(holder)
  }

  /** So much more may be held now. */
  add(bytes: number, nowMillis: number): void {
    this.#addedBytes += bytes
    if (this.#addedBytes < LOOK_BYTES) return
    this.#addedBytes = 0
    this.#look(nowMillis)
  }

  #look(nowMillis: number): void {
    let left = 0
    const byHost = new Map<string, number>()
    for (const [holder, seen] of this.#holders) {
      watch(holder, seen, nowMillis)
      const { host, heldBytes } = holder
      left += heldBytes
      byHost.set(host, (byHost.get(host) ?? 0) + heldBytes)
    }
    if (left <= this.#bytesMax) return
    const order = [...this.#holders].map(([holder, { hardlyMoves }]) => ({
      holder,
      hardlyMoves,
      bytes: holder.heldBytes,
      hostBytes: byHost.get(holder.host)!,
    }))
    order.sort(
      (a, b) =>
        Number(b.hardlyMoves) - Number(a.hardlyMoves) ||
        b.hostBytes - a.hostBytes ||
        b.bytes - a.bytes,
    )
    for (const { holder, bytes } of order) {
      if (left <= this.#bytesMax) return
      if (bytes === 0) continue
      left -= bytes
      holder.giveUp('it holds too much of our memory')
    }
  }
}

function watch(holder: Holder, seen: Seen, nowMillis: number): void {
  const span = nowMillis - seen.at
  if (span < WINDOW_MILLIS) return
  seen.hardlyMoves = holder.movedBytes - seen.movedBytes < span * PACE_BYTES_PER_MILLI
  seen.movedBytes = holder.movedBytes
  seen.at = nowMillis
}
