// The sockets of whoever multicasts in the simulation, a sender or a relay: announcements, and the
// batches that its core hands out.

import type { Micros } from '../../src/core/base/machine.js'
import { Batch } from '../../src/core/multicast/batch.js'
import type { BlastIn, Blasting, BlastOut } from '../../src/core/session/blasting.js'
import { type Announce, encodeAnnounce, type Standing } from '../../src/core/wire/announce.js'
import { HEADER_BYTES, type SessionId } from '../../src/core/wire/datagram.js'
import { Run } from './link.js'
import type { Process } from './network.js'
import { ANNOUNCE_PORT, DATA_PORT, GROUP, type Setting } from './setting.js'

/** An announcement or a query on its way. */
export type Said =
  | {
      readonly type: 'announce'
      readonly session: SessionId
      readonly announce: Announce
      readonly bytes: number
    }
  | { readonly type: 'query'; readonly id: string; readonly from: Standing | undefined }

const BATCH_DATAGRAMS = 512

export class Blaster {
  readonly #setting: Setting
  readonly #process: Process
  readonly #core: Blasting
  readonly #feed: (input: BlastIn) => void
  #dueAt: Micros = Number.POSITIVE_INFINITY
  /** Filled by the core and not taken by the send buffer yet. */
  #pending: { run: Run; sent: number } | undefined
  /** Called after every batch. */
  onSent: () => void = () => {}
  sentBytes = 0

  constructor(setting: Setting, process: Process, core: Blasting, feed: (input: BlastIn) => void) {
    this.#setting = setting
    this.#process = process
    this.#core = core
    this.#feed = feed
  }

  /** When it goes on; whenever that is, it was due at the earliest of these times. */
  due(): Micros {
    const { now } = this.#setting.network.scheduler
    const at = this.#pending ? this.#process.sendRoomAt : this.#core.fillDeadline(now)
    this.#dueAt = Math.min(this.#dueAt, at)
    return at
  }

  announce({ sequence, announce, padToBytes }: BlastOut & { type: 'announce' }): void {
    const { session } = this.#core.sender
    const bytes = encodeAnnounce(session, sequence, announce, padToBytes).length
    const said: Said = { type: 'announce', session, announce, bytes }
    this.#process.multicast(GROUP, ANNOUNCE_PORT, new Run(1, bytes, said))
  }

  fill(): void {
    const { now } = this.#setting.network.scheduler
    const lateMicros = Math.max(this.#setting.lateMicros, now - this.#dueAt)
    this.#dueAt = Number.POSITIVE_INFINITY
    if (this.#pending === undefined) {
      const batch = new Batch(BATCH_DATAGRAMS)
      this.#core.fill(batch, now, lateMicros)
      if (batch.count === 0) return
      const sizes = batch.bytes.subarray(0, batch.count).map(bytes => HEADER_BYTES + bytes)
      batch.sources[0] = this.#process.host.address
      this.#pending = { run: new Run(batch.count, sizes, batch), sent: 0 }
    }
    const pending = this.#pending
    const { run } = pending
    const took = this.#process.multicast(GROUP, DATA_PORT, run, pending.sent)
    const batch = run.payload as Batch
    let bytes = 0
    for (let i = pending.sent; i < pending.sent + took; i++) bytes += HEADER_BYTES + batch.bytes[i]
    pending.sent += took
    this.sentBytes += bytes
    if (bytes > 0) this.#feed({ type: 'left', bytes })
    if (pending.sent === run.count) this.#pending = undefined
    else this.#feed({ type: 'blocked' })
    this.onSent()
  }
}
