// Sends to a group through native batches: datagrams of equal size that stand behind each other leave
// by one call, and the kernel or the network card cuts them. The kernel copies what it takes, so the
// slab is free again at once; what it has no room for waits in the slab for the socket.

import { systemError } from '../native/errno.js'
import { type NativeUdp, UDP_OPTION, UDP_WRITABLE, type UdpHandle } from '../native/load.js'
import { interfacesOf, ownAddresses } from './interfaces.js'
import type { Outlet, OutletOptions } from './outlet.js'

/** Datagrams to one port, equal in size but for the last one. */
interface Run {
  readonly port: number
  readonly segmentBytes: number
  from: number
  end: number
  open: boolean
}

export class BatchOutlet implements Outlet {
  readonly #udp: NativeUdp
  #handle: UdpHandle
  readonly #options: OutletOptions
  #scope: number
  /** What the socket is bound to. */
  #address: string | undefined
  readonly #slab: Uint8Array
  readonly #runs: Run[] = []
  #end = 0
  #targetPort = 0
  #full = false
  #onRoom: (() => void) | undefined
  onError: (error: NodeJS.ErrnoException) => void = () => {}
  sent = 0

  private constructor(udp: NativeUdp, handle: UdpHandle, options: OutletOptions, scope: number) {
    this.#udp = udp
    this.#handle = handle
    this.#options = options
    this.#scope = scope
    this.#address = options.address
    this.#slab = new Uint8Array(options.datagramBytes * options.slots)
  }

  static open(options: OutletOptions, udp: NativeUdp): BatchOutlet {
    const { interfaceName } = options
    const scope = interfaceName ? udp.interfaceIndex(interfaceName.replace(/:.*$/, '')) : 0
    return new BatchOutlet(udp, openHandle(udp, options, options.address, scope), options, scope)
  }

  get room(): number {
    if (this.#full) return 0
    return Math.floor((this.#slab.length - this.#end) / this.#options.datagramBytes)
  }

  slot(): Uint8Array {
    return this.#slab.subarray(this.#end, this.#end + this.#options.datagramBytes)
  }

  sendAll(count: number, bytes: number, port: number, write: (into: Uint8Array) => void): void {
    write(this.#slab.subarray(this.#end, this.#end + count * bytes))
    this.#add(bytes, count * bytes, port)
  }

  send(bytes: number, port: number): void {
    this.#add(bytes, bytes, port)
  }

  /** What stands behind the rest goes too: datagrams of `bytes`, `allBytes` in all. */
  #add(bytes: number, allBytes: number, port: number): void {
    const from = this.#end
    this.#end += allBytes
    const last = this.#runs[this.#runs.length - 1]
    if (last?.open && last.port === port && bytes <= last.segmentBytes) {
      last.end = this.#end
      last.open = bytes === last.segmentBytes
    } else {
      this.#runs.push({ port, segmentBytes: bytes, from, end: this.#end, open: true })
    }
  }

  flush(): void {
    while (this.#runs.length > 0 && this.#leaves(this.#runs[0])) this.#runs.shift()
    if (this.#runs.length > 0) return
    this.#end = 0
    this.#full = false
  }

  sendWhole(bytes: number, port: number): void {
    if (this.#end > 0 || this.#udp.option(this.#handle, UDP_OPTION.whole, 1) < 0) return
    this.#aim(port)
    this.#udp.send(this.#handle, this.#slab, 0, bytes, bytes)
    this.#udp.option(this.#handle, UDP_OPTION.whole, 0)
  }

  whenRoom(call: () => void): void {
    this.#onRoom = call
  }

  async close(): Promise<void> {
    this.#runs.length = 0
    this.#udp.close(this.#handle)
  }

  /** True when the run is dealt with: it left, or was refused. */
  #leaves(run: Run): boolean {
    const { from, end, segmentBytes, port } = run
    this.#aim(port)
    const left = this.#udp.send(this.#handle, this.#slab, from, end - from, segmentBytes)
    if (left >= 0) {
      this.sent += Math.ceil(left / segmentBytes)
      run.from += left
      return run.from === end || this.#wait()
    }
    const error = systemError('send', left)
    if (error.code === 'EAGAIN') return this.#wait()
    if (this.#interfaceIsNew() || this.#addressIsOld()) return this.#leaves(run)
    for (let at = from; at < end; at += segmentBytes) this.onError(error)
    return true
  }

  #aim(port: number): void {
    if (port === this.#targetPort) return
    this.#udp.target(this.#handle, this.#options.group, this.#scope, port)
    this.#targetPort = port
  }

  /** An interface that went away and came back has another number: it is looked up by name. */
  #interfaceIsNew(): boolean {
    const { interfaceName } = this.#options
    const index = interfaceName ? this.#udp.interfaceIndex(interfaceName.replace(/:.*$/, '')) : 0
    if (index === 0 || index === this.#scope) return false
    this.#scope = index
    this.#targetPort = 0
    return this.#udp.option(this.#handle, UDP_OPTION.interface, index) >= 0
  }

  /** The interface got another address: a socket of the old one sends nothing any more. */
  #addressIsOld(): boolean {
    const own = ownAddresses()
    if (this.#address === undefined || own === undefined || own.has(this.#address)) return false
    try {
      const { group, interfaceName } = this.#options
      const [{ address }] = interfacesOf(interfaceName, group.includes(':') ? 6 : 4)
      const handle = openHandle(this.#udp, this.#options, address, this.#scope)
      this.#udp.close(this.#handle)
      this.#handle = handle
      this.#address = address
      this.#targetPort = 0
      return true
    } catch {
      return false // it has none at the moment
    }
  }

  /** The line, not the schedule, holds the rest; always false. */
  #wait(): false {
    this.#full = true
    this.#udp.watch(this.#handle, UDP_WRITABLE, () => this.#writable())
    return false
  }

  #writable(): void {
    this.flush()
    if (this.#full) return
    this.#udp.watch(this.#handle, 0)
    const call = this.#onRoom
    this.#onRoom = undefined
    call?.()
  }
}

/** A socket that sends, from `address` where one is given, by the interface with index `scope`. */
function openHandle(
  udp: NativeUdp,
  { group, ttl, dscp, sendBufferBytes }: OutletOptions,
  address: string | undefined,
  scope: number,
): UdpHandle {
  const six = group.includes(':')
  // Bound, so that what is announced comes from where the peer port listens; the zone is the scope.
  const bare = address?.replace(/%.*$/, '') ?? ''
  const handle = udp.open(six ? 6 : 4, bare, six ? scope : 0, 0, false)
  if (typeof handle === 'number') throw systemError('bind', handle)
  const set = (option: number, value: number): void => {
    const bad = udp.option(handle, option, value)
    if (bad >= 0) return
    udp.close(handle)
    throw systemError('setsockopt', bad)
  }
  set(UDP_OPTION.ttl, ttl)
  set(UDP_OPTION.loopback, 1)
  if (dscp !== undefined) set(UDP_OPTION.dscp, dscp)
  if (sendBufferBytes !== undefined) set(UDP_OPTION.sendBuffer, sendBufferBytes)
  if (scope > 0) set(UDP_OPTION.interface, scope)
  return handle
}
