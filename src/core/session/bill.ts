// What a transmitter says of its session: to everybody in announcements, to each receiver on its
// control connection. Session, sequence and symbol size are those that the sender has at the moment.

import type { Geometry } from '../meta/geometry.js'
import type { Sender } from '../multicast/sender.js'
import type { RateController } from '../rate/controller.js'
import type { Announce } from '../wire/announce.js'
import { sessionText } from '../wire/datagram.js'
import type { Blast } from '../wire/message.js'

export interface BillOptions {
  readonly id: string
  readonly name: string
  readonly port: number
  readonly geometry: Geometry
  readonly metaBytes: Uint8Array
  readonly metaSha256: string
  readonly group: string
  readonly dataPort: number
  readonly rate: RateController
  /** Whether it has had everything from the start. */
  readonly role: Announce['role']
}

export class Bill {
  readonly #options: BillOptions
  readonly #sender: Sender

  constructor(options: BillOptions, sender: Sender) {
    this.#options = options
    this.#sender = sender
  }

  /** `withPlace`: also where the blast is to be heard, which is said once of each session. */
  blast(state: Blast['state'], reportMillis: number, withPlace: boolean): Blast {
    const { group, dataPort, rate } = this.#options
    const { session, sequence, pass, symbolBytes } = this.#sender
    const said = {
      type: 'blast' as const,
      session: sessionText(session),
      state,
      sequence,
      pass,
      rateBps: Math.round(rate.rateBps),
      reportMillis,
    }
    return withPlace ? { ...said, group, dataPort, symbolBytes } : said
  }

  announce(multicast: boolean): Announce {
    const { id, name, geometry, port, group, dataPort, metaBytes, rate, role } = this.#options
    const { sequence, pass, symbolBytes } = this.#sender
    return {
      id,
      name,
      size: geometry.totalBytes,
      files: geometry.fileCount,
      role,
      port,
      channels: multicast ? [{ channel: 1, group, port: dataPort, next: sequence }] : [],
      symbolBytes,
      rateBps: Math.round(rate.rateBps),
      pass,
      meta: { bytes: metaBytes.length, sha256: this.#options.metaSha256 },
    }
  }
}
