// Who transmits this swarm's data, as one receiver knows it: from announcements, from control
// connections, and from what it hears. Data counts only from a session that announced our id, and
// only from the address that announced it, so a stale or foreign session is never mixed in.

import { LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'
import type { Batch } from '../multicast/batch.js'
import { Stream } from '../multicast/stream.js'
import { HEADER_BYTES, type SessionId, sessionOfText, sessionText } from '../wire/datagram.js'
import type { Blast } from '../wire/message.js'
import type { TransmitterView } from './plan.js'

/** A group and port that data comes on. */
export interface Channel {
  readonly group: string
  readonly port: number
}

interface Transmitter {
  readonly stream: Stream
  readonly channel: Channel
  state: TransmitterView['state']
  since: Micros
  announcedAt: Micros
  pass: number
  sequence: number
}

/** A transmitter that neither announces nor is heard for so long is forgotten. */
const FORGET_MICROS = 30_000_000

export class Transmitters {
  readonly #blockCount: number
  readonly #known: Transmitter[] = []
  /** Datagrams of sessions or sources that we do not listen to. */
  foreignDatagrams = 0

  constructor(blockCount: number) {
    this.#blockCount = blockCount
  }

  get views(): TransmitterView[] {
    return this.#known.map(({ state, since, stream }) => ({
      state,
      since,
      heardAt: stream.heardAt,
    }))
  }

  *streams(): Iterable<Stream> {
    for (const { stream } of this.#known) yield stream
  }

  /** Share of all that was sent since it was first heard that did not arrive, 0…1. */
  get lossFraction(): number {
    let received = 0
    let span = 0
    for (const { stream } of this.#known) {
      received += stream.totalReceived
      span += stream.totalSpan
    }
    return span === 0 ? 0 : Math.max(0, 1 - received / span)
  }

  /** The channels to be joined, without repeats. */
  get channels(): Channel[] {
    const channels = new Map<string, Channel>()
    for (const { channel } of this.#known) channels.set(`${channel.group}|${channel.port}`, channel)
    return [...channels.values()]
  }

  /** A session of ours exists at `source`; true when it is new. */
  learn(
    session: SessionId,
    source: string,
    channel: Channel,
    symbolBytes: number,
    now: Micros,
  ): boolean {
    const text = sessionText(session)
    const known = this.#known.find(t => t.stream.text === text && t.stream.source === source)
    if (known) {
      known.announcedAt = now
      return false
    }
    this.#forgetOld(now)
    if (this.#known.length >= LIMITS.sessionsMax) return false
    const stream = new Stream(session, source, symbolBytes, this.#blockCount, now)
    this.#known.push({
      stream,
      channel,
      state: 'unknown',
      since: now,
      announcedAt: now,
      pass: 0,
      sequence: 0,
    })
    return true
  }

  /** What a transmitter says of its blast; returns its stream, and whether the state is new. */
  blast(
    source: string,
    blast: Blast,
    now: Micros,
  ): { stream: Stream; changed: boolean } | undefined {
    const session = sessionOfText(blast.session)
    if (session === undefined) return undefined
    const { group, dataPort, symbolBytes } = blast
    if (this.#find(blast.session) === undefined && group && dataPort && symbolBytes)
      this.learn(session, source, { group, port: dataPort }, symbolBytes, now)
    const known = this.#find(blast.session)
    if (known === undefined) return undefined
    const changed = known.state !== blast.state || known.pass !== blast.pass
    if (changed) {
      if (blast.pass !== known.pass && known.pass > 0) known.stream.endPass()
      known.state = blast.state
      known.since = now
    }
    known.pass = blast.pass
    known.sequence = blast.sequence
    known.announcedAt = now
    return { stream: known.stream, changed }
  }

  /** Its control connection is gone: what it last said is no longer known to be true. */
  lost(source: string, now: Micros): void {
    for (const known of this.#known)
      if (known.stream.source === source && known.state !== 'ended') {
        known.state = 'unknown'
        known.since = now
      }
  }

  /** The stream that datagram `i` belongs to, counted; `undefined` when it is not for us. */
  hear(batch: Batch, i: number, now: Micros): Stream | undefined {
    const high = batch.sessionHigh[i]
    const low = batch.sessionLow[i]
    for (const { stream } of this.#known) {
      if (stream.session.low !== low || stream.session.high !== high) continue
      if (stream.source !== batch.source[i] || stream.symbolBytes !== batch.symbolBytes[i]) continue
      if (stream.totalReceived === 0 && this.#isOtherHeard(stream, now)) stream.beginsBeside()
      const bytes = HEADER_BYTES + batch.bytes[i]
      const arrived = batch.arrivedMicros[i] || now
      stream.hear(batch.sequence[i], batch.timestampMicros[i], bytes, arrived, now)
      return stream
    }
    this.foreignDatagrams++
    return undefined
  }

  /**
   * The session as it is heard best: a sender with several addresses may be dialled at one and
   * multicast from another.
   */
  #find(text: string): Transmitter | undefined {
    let best: Transmitter | undefined
    for (const known of this.#known)
      if (known.stream.text === text && !(best && best.stream.heardAt >= known.stream.heardAt))
        best = known
    return best
  }

  #isOtherHeard(stream: Stream, now: Micros): boolean {
    return this.#known.some(
      other => other.stream !== stream && now - other.stream.heardAt < LIMITS.silenceRejoinMicros,
    )
  }

  #forgetOld(now: Micros): void {
    for (let i = this.#known.length - 1; i >= 0; i--) {
      const last = Math.max(this.#known[i].announcedAt, this.#known[i].stream.heardAt)
      if (now - last > FORGET_MICROS) this.#known.splice(i, 1)
    }
  }
}
