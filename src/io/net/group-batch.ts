// A group heard through native batches. While nothing comes the event loop watches the socket; once
// datagrams flow it is looked at by a timer instead, as network cards moderate their interrupts:
// waking up for each of the 9000 datagrams a second of a 100 Mbit/s line costs more than handling
// them. The kernel notes when each arrived, so nothing is measured worse for it.

import { constants } from 'node:os'
import { systemError } from '../native/errno.js'
import {
  type NativeUdp,
  UDP_CALL_MAX,
  UDP_MESSAGES_MAX,
  UDP_OPTION,
  UDP_READABLE,
  UDP_RECORD_WORDS,
  type UdpHandle,
} from '../native/load.js'
import {
  type Group,
  type GroupOptions,
  isScoped,
  joinEach,
  noListening,
  RECEIVE_BUFFER_BYTES,
} from './group.js'
import type { Interface } from './interfaces.js'
import { Sources } from './sources.js'

/**
 * A super-datagram of the kernel is an IP packet, of 64 KiB at most. Slots begin at different lines of
 * the processor's cache: were they a power of two apart, single datagrams would push out each other.
 */
const SLOT_BYTES = 65_536 + 1472
/** Between two looks at the socket, while datagrams flow; shorter where the buffer fills faster. */
const REST_MILLIS_MAX = 10
/** Kernel memory that a datagram of an Ethernet frame takes in a socket's buffer. */
const TRUE_BYTES = 2304
/** Looks without a datagram until the loop watches again. */
const IDLE_LOOKS = 3
/** Full batches in one turn of the loop: others want to run, too. */
const TURNS = 4

// One slab for all sockets of the process: what is in it is used before the next look.
let slab: Uint8Array | undefined
const records = new Int32Array(UDP_MESSAGES_MAX * UDP_RECORD_WORDS)

export class BatchGroup implements Group {
  readonly #udp: NativeUdp
  readonly #handle: UdpHandle
  readonly #options: GroupOptions
  readonly #sources = new Sources()
  readonly #sourceOf = (message: number): string =>
    this.#sources.text(records, message * UDP_RECORD_WORDS)
  readonly joinedOn: readonly Interface[]
  /** Socket buffer that was really granted. */
  readonly #bufferBytes: number
  #timer: NodeJS.Timeout | undefined
  #immediate: NodeJS.Immediate | undefined
  #restMillis = 1
  #idleLooks = 0
  #watching = false
  #closed = false
  #messages = 0
  #datagrams = 0
  #rawDrops = 0
  #drops = 0

  private constructor(udp: NativeUdp, handle: UdpHandle, options: GroupOptions) {
    this.#udp = udp
    this.#handle = handle
    this.#options = options
    this.joinedOn = joinEach(options, on => this.#member(true, on))
    this.#bufferBytes = udp.option(handle, UDP_OPTION.receiveBuffer, RECEIVE_BUFFER_BYTES)
    this.#watch()
  }

  static open(options: GroupOptions, udp: NativeUdp): BatchGroup {
    const { group, port, interfaces } = options
    const six = group.includes(':')
    const scope = six ? udp.interfaceIndex(interfaces[0]?.name ?? '') : 0
    const address = isScoped(group) && interfaces.length > 1 ? '' : group
    const handle = udp.open(six ? 6 : 4, address, scope, port, true)
    if (typeof handle === 'number') throw noListening(options, systemError('bind', handle))
    try {
      return new BatchGroup(udp, handle, options)
    } catch (cause) {
      udp.close(handle)
      throw noListening(options, cause)
    }
  }

  get drops(): number {
    const raw = this.#udp.drops(this.#handle)
    // The kernel counts messages, of which each was several datagrams where it joins them.
    const each = this.#messages === 0 ? 1 : this.#datagrams / this.#messages
    this.#drops += Math.round(((raw - this.#rawDrops) >>> 0) * each)
    this.#rawDrops = raw
    return this.#drops
  }

  leave(): void {
    this.#members(false)
  }

  join(): void {
    this.#members(true)
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    clearImmediate(this.#immediate)
    this.#udp.close(this.#handle)
  }

  #members(join: boolean): void {
    for (const each of this.joinedOn) {
      try {
        this.#member(join, each)
      } catch {
        // It may be gone already, or the cable is out; the next round tries again.
      }
    }
  }

  #member(join: boolean, { name }: Interface): void {
    const index = indexOf(this.#udp, name)
    const { group, source = '' } = this.#options
    const bad = this.#udp.membership(this.#handle, join, group, index, source)
    if (bad < 0) throw systemError('membership', bad)
  }

  #watch(): void {
    this.#watching = true
    this.#udp.watch(this.#handle, UDP_READABLE, status => {
      this.look()
      // After an error the loop no longer watches by itself.
      if (status < 0 && this.#watching && !this.#closed) this.#watch()
    })
  }

  look(): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#immediate)
    const before = this.#datagrams
    let messages = 0
    let isDrained = false
    for (let turn = 0; turn < TURNS && !this.#closed; turn++) {
      const got = this.#take()
      messages += got
      isDrained = got % UDP_CALL_MAX > 0 || got === 0
      if (isDrained) break
    }
    if (this.#closed) return
    if (this.#watching && messages === 0) return
    this.#idleLooks = messages > 0 ? 0 : this.#idleLooks + 1
    if (this.#idleLooks >= IDLE_LOOKS) {
      this.#idleLooks = 0
      return this.#watch()
    }
    if (this.#watching) {
      this.#watching = false
      this.#udp.watch(this.#handle, 0)
    }
    this.#rest(isDrained, this.#datagrams - before)
  }

  /** Looks again before much of the buffer can be full. */
  #rest(isDrained: boolean, datagrams: number): void {
    const filled = (datagrams * TRUE_BYTES) / this.#bufferBytes
    if (!isDrained || filled > 0.5) {
      this.#restMillis = 1
      this.#immediate = setImmediate(() => this.look())
      return
    }
    if (filled > 0.1) this.#restMillis = Math.max(1, this.#restMillis / 2)
    else if (filled < 0.04) this.#restMillis = Math.min(REST_MILLIS_MAX, this.#restMillis * 2)
    this.#timer = setTimeout(() => this.look(), this.#restMillis)
  }

  /** Takes one batch; returns its messages. An error of the socket is an interface's, not ours. */
  #take(): number {
    slab ??= new Uint8Array(UDP_MESSAGES_MAX * SLOT_BYTES)
    const count = this.#udp.receive(this.#handle, slab, SLOT_BYTES, records)
    const now = Math.floor(performance.now() * 1000)
    if (count <= 0) return 0
    const { onMessages, onPause } = this.#options
    if (onMessages) {
      const messages = { slab, slotBytes: SLOT_BYTES, records, count, nowMicros: now }
      const datagrams = onMessages({ ...messages, sourceOf: this.#sourceOf })
      // What is none of ours is no row: it counts as one datagram a message.
      this.#datagrams += Math.max(count, datagrams)
    } else this.#oneByOne(slab, count, now)
    this.#messages += count
    // The next look fills the slab anew.
    onPause?.()
    return count
  }

  #oneByOne(slab: Uint8Array, count: number, now: number): void {
    const { onDatagram } = this.#options
    for (let i = 0; i < count; i++) {
      const record = i * UDP_RECORD_WORDS
      const lengthBytes = records[record]
      const segmentBytes = records[record + 1]
      const source = this.#sources.text(records, record)
      const arrivedMicros = now - records[record + 2]
      const start = i * SLOT_BYTES
      for (let at = 0; at < lengthBytes; at += segmentBytes) {
        const bytes = Math.min(segmentBytes, lengthBytes - at)
        onDatagram(slab, start + at, bytes, source, arrivedMicros)
        this.#datagrams++
      }
    }
  }
}

function indexOf(udp: NativeUdp, name: string): number {
  // `eth0:1` is a second address of eth0.
  const index = udp.interfaceIndex(name.replace(/:.*$/, ''))
  if (index === 0) throw systemError('membership', -constants.errno.ENODEV)
  return index
}
