// Who transmits this swarm's data, as one receiver knows it: from announcements, from control
// connections, and from what it hears. Data counts only from a session that announced our id, and
// only from the address that announced it, so a stale or foreign session is never mixed in. Anybody
// can announce; who also answers on a control connection is *vouched* for, comes first in everything,
// and while such a one is heard nobody else is.

import { isMulticast } from '../base/endpoint.js'
import { BLOCK_BYTES, LIMITS } from '../base/limits.js'
import type { Micros } from '../base/machine.js'
import type { Batch } from '../multicast/batch.js'
import { Stream } from '../multicast/stream.js'
import { type SessionId, sessionOfText, sessionText } from '../wire/datagram.js'
import type { Blast } from '../wire/message.js'
import { type Channel, channelKey } from './channel.js'
import { isLong } from './frames.js'
import type { TransmitterView } from './plan.js'

interface Transmitter {
  readonly stream: Stream
  readonly channel: Channel
  state: TransmitterView['state']
  since: Micros
  announcedAt: Micros
  pass: number
}

/** A transmitter that neither announces nor is heard for so long is forgotten. */
const FORGET_MICROS = 30_000_000
/** Of the blocks; the last datagrams of a whole pass may be lost. */
const MOST_SHARE = 0.9

export class Transmitters {
  readonly #blockCount: number
  readonly #known: Transmitter[] = []
  /** Datagrams of sessions or sources that we do not listen to. */
  foreignDatagrams = 0

  constructor(blockCount: number) {
    this.#blockCount = blockCount
  }

  get isEmpty(): boolean {
    return this.#known.length === 0
  }

  get views(): TransmitterView[] {
    return this.#known.map(({ state, since, stream }) => ({
      state,
      since,
      heardAt: stream.heardAt,
      isTooLong: isLong(stream.symbolBytes) && stream.announcedBytes < stream.symbolBytes,
    }))
  }

  *streams(): Iterable<Stream> {
    for (const { stream } of this.#known) yield stream
  }

  /** Addresses whose datagrams are listened to. */
  get sources(): string[] {
    return [...new Set(this.#known.map(({ stream }) => stream.source))]
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

  /** Nothing more will be multicast, by the word of all that we are connected to. */
  get haveEnded(): boolean {
    const vouched = this.#known.filter(isVouched)
    return vouched.length > 0 && vouched.every(({ state }) => state === 'ended')
  }

  /** They have, and most of it was never sent: what is missing here peers miss as well. */
  get areCutShort(): boolean {
    const most = MOST_SHARE * this.#blockCount
    return this.haveEnded && this.#known.every(({ stream }) => stream.reached < most)
  }

  /** The channels to be joined, without repeats, those of vouched sessions first. */
  get channels(): Channel[] {
    const channels = new Map<string, Channel>()
    const order = [...this.#known].sort((a, b) => Number(isVouched(b)) - Number(isVouched(a)))
    for (const { channel } of order) channels.set(channelKey(channel), channel)
    return [...channels.values()].slice(0, LIMITS.channelsMax)
  }

  /**
   * A session of ours exists at `source`, or somebody there says so, in a datagram of
   * `announcedBytes`.
   */
  learn(
    session: SessionId,
    source: string,
    channel: Channel,
    symbolBytes: number,
    now: Micros,
    announcedBytes = 0,
  ): Transmitter | undefined {
    const text = sessionText(session)
    const known = this.#known.find(t => t.stream.text === text && t.stream.source === source)
    if (known) {
      known.announcedAt = now
      known.stream.announcedBytes = Math.max(known.stream.announcedBytes, announcedBytes)
      return known
    }
    if (symbolBytes < LIMITS.symbolBytesMin || symbolBytes > BLOCK_BYTES) return undefined
    if (!isMulticast(channel.group)) return undefined
    this.#forgetOld(now)
    if (this.#known.length >= LIMITS.sessionsMax) return undefined
    const stream = new Stream(session, source, symbolBytes, this.#blockCount, now)
    stream.announcedBytes = announcedBytes
    const learnt: Transmitter = {
      stream,
      channel,
      state: 'unknown',
      since: now,
      announcedAt: now,
      pass: 0,
    }
    this.#known.push(learnt)
    return learnt
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
    let known = this.#find(blast.session, source)
    if (known === undefined && group && dataPort && symbolBytes) {
      this.#makeRoom(now)
      known = this.learn(session, source, { group, port: dataPort }, symbolBytes, now)
    }
    if (known === undefined) return undefined
    const changed = known.state !== blast.state || known.pass !== blast.pass
    if (changed) {
      if (blast.pass !== known.pass && known.pass > 0) known.stream.endPass()
      known.state = blast.state
      known.since = now
    }
    known.pass = blast.pass
    known.announcedAt = now
    return { stream: known.stream, changed }
  }

  /** The transmitter that was this session has become another. */
  superseded(text: string, now: Micros): void {
    for (let i = this.#known.length - 1; i >= 0; i--) {
      const known = this.#known[i]
      if (known.stream.text !== text) continue
      // What nothing was ever heard of leaves no trace; what it brought still counts.
      if (known.stream.totalReceived === 0) this.#known.splice(i, 1)
      else if (known.state !== 'ended') {
        known.state = 'ended'
        known.since = now
      }
    }
  }

  /** Its control connection is gone: what it last said is no longer known to be true. */
  lost(source: string, now: Micros): void {
    for (const known of this.#known)
      if (known.stream.source === source && known.state !== 'ended') {
        known.state = 'unknown'
        known.since = now
      }
  }

  /** The stream that the run [from, to) belongs to, counted; `undefined` when it is not for us. */
  hear(batch: Batch, from: number, to: number, now: Micros): Stream | undefined {
    const high = batch.sessionHigh[from]
    const low = batch.sessionLow[from]
    for (const known of this.#known) {
      const { stream } = known
      if (stream.session.low !== low || stream.session.high !== high) continue
      if (stream.source !== batch.sourceOf(from)) continue
      if (stream.symbolBytes !== batch.symbolBytes[from]) continue
      if (!isVouched(known) && this.#hearsVouched(now)) break
      if (stream.totalReceived === 0 && this.#isOtherHeard(stream, now)) stream.beginsBeside()
      stream.hear(batch, from, to, now)
      return stream
    }
    this.foreignDatagrams += to - from
    return undefined
  }

  /**
   * The session at `source`, or else as it is heard best: a sender with several addresses may be
   * dialled at one and multicast from another.
   */
  #find(text: string, source: string): Transmitter | undefined {
    const same = this.#known.filter(({ stream }) => stream.text === text)
    const here = same.find(({ stream }) => stream.source === source)
    if (here !== undefined && here.stream.heardAt > Number.NEGATIVE_INFINITY) return here
    return same.length === 0 ? undefined : same.reduce(louder, here ?? same[0])
  }

  #hearsVouched(now: Micros): boolean {
    return this.#known.some(
      known => isVouched(known) && now - known.stream.heardAt < LIMITS.silenceRejoinMicros,
    )
  }

  /** One that connects is not kept out by any number of those that are only announced. */
  #makeRoom(now: Micros): void {
    this.#forgetOld(now)
    if (this.#known.length < LIMITS.sessionsMax) return
    let idlest: Transmitter | undefined
    for (const known of this.#known) {
      if (isVouched(known)) continue
      if (idlest === undefined || known.stream.heardAt < idlest.stream.heardAt) idlest = known
    }
    if (idlest !== undefined) this.#known.splice(this.#known.indexOf(idlest), 1)
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

function isVouched({ state }: Transmitter): boolean {
  return state !== 'unknown'
}

function louder(a: Transmitter, b: Transmitter): Transmitter {
  return b.stream.heardAt > a.stream.heardAt ? b : a
}
