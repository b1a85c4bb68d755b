// One direction of a TCP connection, as an ordered pipe of messages in segments of up to 16 KiB: what
// is sent in one turn of its host is corked, and leaves together. The window opens as TCP's does (RFC 5681: slow start, then a segment a round trip) up to 256 KiB, and
// halves when the switch drops; two segments at most wait in the host's own queue, as Linux has it,
// so connections share a line fairly. Random loss is not drawn per segment, only its effect is kept:
// it costs retransmissions, and for `cubic` a pace of one MSS per RTT·√(2p/3) + 9.4 s·p³: the first
// term is Mathis et al. (1997), the second, for timeouts, is fitted to what eight connections do on a
// 100 Mbit/s line (83, 1.0 and 0.4 Mbit/s at 5, 20 and 30 % loss). `bbr` gets its 1 − p share.

import { assert } from '../../src/core/base/assert.js'
import type { Micros } from '../../src/core/base/machine.js'
import type { Host } from './host.js'
import { TCP_SEGMENT_BYTES, TCP_WIRE_BYTES } from './link.js'
import { DIRECT, isCut, type Path } from './place.js'
import type { Scheduler } from './scheduler.js'

export const QUANTUM_BYTES = 16 * 1024
const WINDOW_BYTES = 256 * 1024
const WINDOW_FIRST_BYTES = 2 * QUANTUM_BYTES
const LOCAL_BYTES = 2 * QUANTUM_BYTES
const RTT_LEAST_MICROS = 200
const TIMEOUT_MICROS = 200_000
const TIMEOUT_SECONDS_CUBIC = 9.4

interface Entry {
  readonly payload: unknown
  bytes: number
  readonly taken: (() => void) | undefined
}

interface Quantum {
  readonly number: number
  readonly bytes: number
  /** Messages that end in it. */
  readonly payloads: unknown[]
}

export class Pipe {
  readonly #scheduler: Scheduler
  readonly #from: Host
  readonly #to: Host
  readonly #path: Path
  readonly #deliver: (payloads: readonly unknown[]) => void
  readonly #queue: Entry[] = []
  #head = 0
  #queuedBytes = 0
  #windowBytes = WINDOW_FIRST_BYTES
  #thresholdBytes = WINDOW_BYTES
  #flightBytes = 0
  #localBytes = 0
  #sent = 0
  #arrived = 0
  /** Segments that came before one that is awaited, once there were any. */
  #early: Map<number, Quantum> | undefined
  #recoverTo = 0
  #paceAt: Micros = 0
  #paceTimer = false
  #isCorked = false
  readonly #microsPerByte: number
  readonly #inflation: number
  readonly #rttMicros: Micros
  #dead = false
  /** Segments that the switch dropped. */
  drops = 0

  constructor(
    scheduler: Scheduler,
    from: Host,
    to: Host,
    deliver: (payloads: readonly unknown[]) => void,
    path: Path = DIRECT,
  ) {
    this.#scheduler = scheduler
    this.#from = from
    this.#to = to
    this.#deliver = deliver
    this.#path = path
    this.#rttMicros = Math.max(RTT_LEAST_MICROS, 2 * this.#trip)
    const p = 1 - (1 - to.loss.tcp) * (1 - path.loss)
    assert(p >= 0 && p < 1, 'a TCP loss is a fraction')
    this.#inflation = 1 / (1 - p)
    const perSegment =
      this.#rttMicros * Math.sqrt((2 * p) / 3) + 1e6 * TIMEOUT_SECONDS_CUBIC * p ** 3
    this.#microsPerByte = from.congestion === 'cubic' ? perSegment / TCP_SEGMENT_BYTES : 0
  }

  get #trip(): Micros {
    return this.#from.delayMicros + this.#path.delayMicros + this.#to.delayMicros
  }

  /** Bytes that no segment has taken yet. */
  get bufferedBytes(): number {
    return this.#queuedBytes
  }

  /** Queues a message; `taken` is called when its last byte is in a segment. */
  send(payload: unknown, bytes: number, taken?: () => void): void {
    assert(bytes > 0, 'a message has bytes')
    if (this.#dead) return
    this.#queue.push({ payload, bytes, taken })
    this.#queuedBytes += bytes
    if (this.#isCorked) return
    this.#isCorked = true
    this.#scheduler.soon(() => {
      this.#isCorked = false
      this.#pump()
    })
  }

  /** Nothing moves any more, what is on its way included. */
  kill(): void {
    this.#dead = true
    this.#queue.length = 0
    this.#head = 0
    this.#queuedBytes = 0
  }

  #pump(): void {
    while (this.#queuedBytes > 0 && !this.#dead) {
      const bytes = Math.min(QUANTUM_BYTES, this.#queuedBytes)
      if (this.#flightBytes > 0 && this.#flightBytes + bytes > this.#windowBytes) return
      if (this.#localBytes > 0 && this.#localBytes + bytes > LOCAL_BYTES) return
      if (this.#scheduler.now < this.#paceAt) {
        this.#wakeAtPace()
        return
      }
      this.#paceAt = Math.max(this.#paceAt, this.#scheduler.now) + bytes * this.#microsPerByte
      this.#emit(this.#cut(bytes))
    }
  }

  #wakeAtPace(): void {
    if (this.#paceTimer) return
    this.#paceTimer = true
    this.#scheduler.at(this.#paceAt, () => {
      this.#paceTimer = false
      this.#pump()
    })
  }

  /** Cuts a segment off the queue. */
  #cut(bytes: number): Quantum {
    const payloads: unknown[] = []
    let left = bytes
    this.#queuedBytes -= bytes
    while (left > 0) {
      const entry = this.#queue[this.#head]
      const part = Math.min(left, entry.bytes)
      entry.bytes -= part
      left -= part
      if (entry.bytes > 0) break
      this.#head++
      payloads.push(entry.payload)
      // `taken` may send more: not before this segment is out.
      if (entry.taken) this.#scheduler.soon(entry.taken)
    }
    // Ten thousand receivers have half a million of these: what has left is not kept.
    if (
      this.#head === this.#queue.length ||
      (this.#head > 64 && this.#head * 2 > this.#queue.length)
    ) {
      this.#queue.splice(0, this.#head)
      this.#head = 0
    }
    this.#flightBytes += bytes
    return { number: this.#sent++, bytes, payloads }
  }

  #emit(quantum: Quantum): void {
    const segments = Math.ceil(quantum.bytes / TCP_SEGMENT_BYTES)
    const wireBytes = quantum.bytes + segments * TCP_WIRE_BYTES
    const inflated = wireBytes * this.#inflation
    this.#localBytes += quantum.bytes
    const leftAt = this.#from.up.push(inflated, segments * this.#inflation, this.#scheduler.now)
    this.#scheduler.at(leftAt, () => {
      this.#localBytes -= quantum.bytes
      if (this.#dead) return
      this.#atSwitch(quantum, wireBytes, segments)
      this.#pump()
    })
  }

  #atSwitch(quantum: Quantum, wireBytes: number, segments: number): void {
    const { now } = this.#scheduler
    const cut = this.#from.island !== this.#to.island || isCut(this.#path)
    if (cut || this.#to.loss.dark('tcp', now) || this.#from.loss.dark('tcp', now)) {
      this.#windowBytes = QUANTUM_BYTES
      this.#again(quantum, TIMEOUT_MICROS)
      return
    }
    this.#forward(quantum, wireBytes, segments, 0)
  }

  /** Over the lines between the two hosts' switches, and then over the last metre. */
  #forward(quantum: Quantum, wireBytes: number, segments: number, hop: number): void {
    const { now } = this.#scheduler
    const { hops } = this.#path
    const link = hop < hops.length ? hops[hop].link : this.#to.down
    if (!link.fits(wireBytes, now)) {
      link.drop(segments)
      this.drops++
      this.#shrink(quantum)
      this.#again(quantum, this.#rttMicros + link.micros(link.queueBytes))
      return
    }
    const leftAt = link.push(wireBytes * this.#inflation, segments * this.#inflation, now)
    const trip = this.#trip
    if (hop === hops.length) this.#scheduler.at(leftAt + trip, () => this.#arrive(quantum, trip))
    else
      this.#scheduler.at(leftAt, () => {
        if (!this.#dead) this.#forward(quantum, wireBytes, segments, hop + 1)
      })
  }

  #again(quantum: Quantum, micros: Micros): void {
    this.#scheduler.after(micros, () => {
      if (!this.#dead) this.#emit(quantum)
    })
  }

  /** One halving per window of segments, as one loss event (RFC 6582). */
  #shrink(quantum: Quantum): void {
    if (quantum.number < this.#recoverTo) return
    this.#recoverTo = this.#sent
    this.#thresholdBytes = Math.max(QUANTUM_BYTES, this.#windowBytes / 2)
    this.#windowBytes = this.#thresholdBytes
  }

  #arrive(quantum: Quantum, trip: Micros): void {
    if (this.#dead) return
    if (this.#queuedBytes === 0) this.#acknowledge(quantum.bytes)
    else this.#scheduler.after(trip, () => this.#acknowledge(quantum.bytes))
    if (quantum.number === this.#arrived && this.#early === undefined) {
      this.#arrived++
      return this.#handAll(quantum)
    }
    this.#early ??= new Map()
    const early = this.#early
    early.set(quantum.number, quantum)
    for (let next = early.get(this.#arrived); next; next = early.get(this.#arrived)) {
      early.delete(this.#arrived++)
      this.#handAll(next)
    }
    if (early.size === 0) this.#early = undefined
  }

  #handAll({ payloads }: Quantum): void {
    if (payloads.length === 0) return
    this.#to.whenAwake(() => {
      if (!this.#dead) this.#deliver(payloads)
    })
  }

  #acknowledge(bytes: number): void {
    this.#flightBytes -= bytes
    const window = this.#windowBytes
    const step = window < this.#thresholdBytes ? bytes : (TCP_SEGMENT_BYTES * bytes) / window
    this.#windowBytes = Math.min(WINDOW_BYTES, window + step)
    this.#pump()
  }
}
