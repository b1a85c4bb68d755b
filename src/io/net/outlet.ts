// The socket that sends to a group. It joins nothing and receives nothing. Datagrams are written one
// behind the other and leave together; how many still fit is the back-pressure that the sender feels.
// Two twins keep this contract, as for the groups that are heard.

export interface OutletOptions {
  readonly group: string
  readonly ttl: number
  /** Differentiated services code point, for those who ask for one (RFC 2474). */
  readonly dscp?: number
  /** What the kernel is asked to keep for a line that is slower; its own default when absent. */
  readonly sendBufferBytes?: number
  /** Address of the interface to send by; without one the route to the group decides. */
  readonly address: string | undefined
  /** Name of that interface, which IPv6 needs. */
  readonly interfaceName: string | undefined
  /** Room of one datagram. */
  readonly datagramBytes: number
  /** Datagrams that may be under way. */
  readonly slots: number
}

export interface Outlet {
  /** Called when the kernel refuses a datagram. */
  onError: (error: NodeJS.ErrnoException) => void
  /** Datagrams that the kernel took. */
  readonly sent: number
  /** How many datagrams may be written right now. */
  readonly room: number
  /** Room for the next datagram; write it there, then `send` its length. At most `room` in a row. */
  slot(): Uint8Array
  /** The datagram in the slot goes to `port`, with the next `flush` at the latest. */
  send(bytes: number, port: number): void
  /**
   * Datagrams of `bytes` each, which `write` writes one behind the other; at most `room` of them.
   * Absent where each needs a slot of its own.
   */
  readonly sendAll?: (
    count: number,
    bytes: number,
    port: number,
    write: (into: Uint8Array) => void,
  ) => void
  flush(): void
  /**
   * The datagram in the slot leaves at once by itself and may be cut nowhere on its way; where that
   * cannot be had, or it does not fit, it does not leave at all.
   */
  sendWhole(bytes: number, port: number): void
  /** Calls once when there is room again. */
  whenRoom(call: () => void): void
  close(): Promise<void>
}
