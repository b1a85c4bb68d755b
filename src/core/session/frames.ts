// How long a datagram may be. A frame of 1500 bytes passes everywhere; longer ones cost less, but a
// switch on the way that does not take them drops them without a word. So nobody is believed to hear
// them before a datagram of that size came to it whole: each announcement is followed by a copy that is
// padded, and whoever gets one says so on its control connection. A pass goes in long frames only when
// all who are there then have said so, and never again once such a pass went dark.

import { LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'
import { HEADER_BYTES } from '../wire/datagram.js'
import type { Receiver } from './receivers.js'

/**
 * A newcomer may take so long to say that it heard a padded announcement, on a busy machine, too. Only
 * where long frames are possible and do not reach it anybody waits for that.
 */
const PROBE_MICROS = 1_000_000
/** Room for an authentication tag: what is proven now must still fit when there is one. */
const TAG_BYTES = 16

export class Frames {
  readonly #shortSymbolBytes: number
  readonly #longSymbolBytes: number
  #trusted = true

  /** `longSymbolBytes`: what fits our own interface, where that is more than usual. */
  constructor(shortSymbolBytes: number, longSymbolBytes = shortSymbolBytes) {
    this.#shortSymbolBytes = shortSymbolBytes
    this.#longSymbolBytes = longSymbolBytes
  }

  /** How long padded announcements are; undefined when there shall be none. */
  get probeBytes(): number | undefined {
    if (!this.#trusted || this.#longSymbolBytes <= this.#shortSymbolBytes) return undefined
    return HEADER_BYTES + this.#longSymbolBytes + TAG_BYTES
  }

  /** Those whom long frames do not reach, as far as is known. */
  unreached(live: Iterable<Receiver>): Receiver[] {
    const { probeBytes = 0 } = this
    return [...live].filter(receiver => receiver.reachedBytes < probeBytes)
  }

  /** Everybody has said it, or had the time to. */
  settled(live: Iterable<Receiver>, now: Micros): boolean {
    return this.unreached(live).every(({ firstAt }) => now - firstAt > PROBE_MICROS)
  }

  /** For a pass that these listen to. */
  symbolBytesFor(live: Iterable<Receiver>): number {
    const receivers = [...live]
    const all = receivers.length > 0 && this.unreached(receivers).length === 0
    return this.probeBytes !== undefined && all ? this.#longSymbolBytes : this.#shortSymbolBytes
  }

  /** Long frames were promised to arrive, and nothing does. */
  distrust(): void {
    this.#trusted = false
  }
}

/** A session of such symbols does not fit frames of the usual length. */
export function isLong(symbolBytes: number): boolean {
  return symbolBytes + HEADER_BYTES > LIMITS.mtuDefault
}

/** What is said of those who keep a blast in short frames. */
export function shortFramesNotice(unreached: readonly Receiver[], probeBytes: number) {
  const [{ host }] = unreached
  const more = unreached.length === 1 ? '' : ` and ${unreached.length - 1} more`
  return {
    code: 'short-frames',
    level: 'info' as const,
    message: `frames of 1500 bytes: datagrams of ${probeBytes} do not reach ${host}${more}`,
    hint: 'raise the MTU there and on every switch between, or lower it here',
  }
}
