// The meta, heard instead of asked for: a sender multicasts it ahead of its data, and again now and
// then. Whoever listens has it without a connection.

import { hexOf } from '../core/base/bytes.js'
import { LIMITS } from '../core/base/limits.js'
import type { Batch } from '../core/multicast/batch.js'
import { ObjectSymbols } from '../core/multicast/object.js'
import type { Announce } from '../core/wire/announce.js'
import { DATAGRAM, type SessionId } from '../core/wire/datagram.js'
import { sha256 } from '../io/disk/hasher.js'

interface Listening {
  readonly source: string
  readonly session: SessionId
  readonly announce: Announce
  /** Made when the first of them comes: what is only announced takes no memory. */
  symbols: ObjectSymbols | undefined
}

export class Overheard {
  readonly #listening: Listening[] = []
  readonly #onMeta: (id: string, bytes: Uint8Array) => void

  /** `onMeta` gets a document whose hash is what the sender announced; its id is still to be checked. */
  constructor(onMeta: (id: string, bytes: Uint8Array) => void) {
    this.#onMeta = onMeta
  }

  /** Listens for the meta of an announced session; true when the session is new. */
  announced(source: string, session: SessionId, announce: Announce): boolean {
    const { meta, symbolBytes } = announce
    if (symbolBytes < LIMITS.symbolBytesMin || meta.bytes === 0) return false
    if (meta.bytes > LIMITS.overheardBytesMax) return false
    const known = this.#listening.some(
      each =>
        each.source === source &&
        each.session.low === session.low &&
        each.session.high === session.high,
    )
    if (known || this.#listening.length >= LIMITS.channelsMax) return false
    this.#listening.push({ source, session, announce, symbols: undefined })
    return true
  }

  take(batch: Batch): void {
    for (let i = 0; i < batch.count; i++) {
      if (batch.type[i] !== DATAGRAM.meta) continue
      const payload = batch.payloadOf(i, batch.bytes[i])
      for (const each of this.#listening) {
        const { source, session, announce } = each
        if (session.low !== batch.sessionLow[i] || session.high !== batch.sessionHigh[i]) continue
        if (source !== batch.sourceOf(i)) continue
        each.symbols ??= new ObjectSymbols(announce.meta.bytes, announce.symbolBytes)
        const bytes = each.symbols.add(batch.block[i], payload)
        if (bytes === undefined) continue
        if (hexOf(sha256(bytes)) === announce.meta.sha256) this.#onMeta(announce.id, bytes)
        else each.symbols.clear()
      }
    }
  }
}
