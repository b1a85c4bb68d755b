// Peers' byte streams into a machine: what connections do, without sockets. One that does not speak
// the protocol is closed, as a real one would be.

import type { SwarmIn } from '../../src/core/swarm/swarm.js'
import { FrameParser } from '../../src/core/wire/frame.js'
import { decodeMessage } from '../../src/core/wire/peer.js'

export class Wires {
  readonly #parsers = new Map<number, FrameParser>()
  readonly #feed: (input: SwarmIn) => void

  /** `feed` hands the input to the machine and polls it dry. */
  constructor(feed: (input: SwarmIn) => void) {
    this.#feed = feed
  }

  connect(peer: number, host: string, port: number, outbound: boolean): void {
    this.#parsers.set(peer, new FrameParser())
    this.#feed({ type: 'connected', peer, host, port, outbound })
  }

  has(peer: number): boolean {
    return this.#parsers.has(peer)
  }

  /** The machine closed it. */
  close(peer: number): void {
    this.#parsers.delete(peer)
  }

  /** Bytes of a peer's stream, as its connection reads them. */
  push(peer: number, bytes: Uint8Array): void {
    let broken = false
    const isStream = this.#parsers.get(peer)?.push(bytes, frame => {
      if (broken || !this.has(peer)) return
      const message = decodeMessage(frame)
      if (message === null) broken = true
      else if (message) this.#feed({ type: 'message', peer, message })
    })
    if (isStream !== false && !broken) return
    this.close(peer)
    this.#feed({ type: 'closed', peer, reason: 'no such protocol' })
  }
}
