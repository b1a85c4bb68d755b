// Datagrams for a stream to hear, one at a time, as tests want them.

import { Batch } from '../../../src/core/multicast/batch.js'
import type { Stream } from '../../../src/core/multicast/stream.js'
import { DATAGRAM, emptyHeader } from '../../../src/core/wire/datagram.js'

const nothing = new Uint8Array(0)
const batch = new Batch(1)

/** The stream hears one datagram of 1398 bytes, sent at `timestampMicros`, come at `arrived` or `now`. */
export function hearOne(
  stream: Stream,
  sequence: number,
  timestampMicros: number,
  now: number,
  arrived = now,
): void {
  const header = { ...emptyHeader(), type: DATAGRAM.data, sequence, timestampMicros }
  batch.clear()
  batch.hear(header, nothing, 0, 1398, '', arrived)
  stream.hear(batch, 0, 1, now)
}
