// A reception in figures, as its progress event carries them: what the cores counted, and rates of it
// between two looks.

import { LIMITS } from '../core/base/limits.js'
import type { Fetch } from '../core/session/fetch.js'
import type { ReceiveProgress } from './api.js'
import { nowMicros } from './drive.js'
import type { Meter } from './meter.js'

/** The progress of a reception that has not begun to receive; `startedAt` by `performance.now()`. */
export function idleReception(
  what: Pick<ReceiveProgress, 'phase' | 'id' | 'name' | 'totalBytes' | 'verifiedBytes'>,
  listening: boolean,
  startedAt: number,
): ReceiveProgress {
  return {
    ...what,
    resumedBytes: 0,
    elapsedMillis: Math.round(performance.now() - startedAt),
    rateBps: 0,
    etaSeconds: null,
    multicast: {
      state: listening ? 'waiting' : 'off',
      rateBps: 0,
      lossFraction: 0,
      bytes: 0,
      duplicateDatagrams: 0,
      kernelDrops: 0,
    },
    peers: 0,
    peerBytes: 0,
    seederBytes: 0,
    uploadedBytes: 0,
    wrongBlocks: 0,
  }
}

/** How the blast is heard, rates and loss since the last call with this meter. */
export function multicastStatus(
  fetch: Fetch,
  listening: boolean,
  meter: Meter,
): ReceiveProgress['multicast'] {
  let bytes = 0
  let received = 0
  let span = 0
  let duplicateDatagrams = 0
  let heardAt = Number.NEGATIVE_INFINITY
  for (const stream of fetch.transmitters.streams()) {
    bytes += stream.totalBytes
    received += stream.totalReceived
    span += stream.totalSpan
    duplicateDatagrams += stream.totalDuplicates
    heardAt = Math.max(heardAt, stream.heardAt)
  }
  const lost = meter.delta('lost', Math.max(0, span - received))
  const expected = meter.delta('span', span)
  const now = nowMicros()
  return {
    state: listening ? stateOf(fetch, now - heardAt < LIMITS.silenceRejoinMicros, now) : 'off',
    rateBps: meter.rateBps('multicast', bytes, now / 1000),
    lossFraction: expected > 0 ? Math.min(1, lost / expected) : 0,
    bytes,
    duplicateDatagrams,
    kernelDrops: fetch.kernelDrops,
  }
}

function stateOf(
  fetch: Fetch,
  recent: boolean,
  now: number,
): ReceiveProgress['multicast']['state'] {
  if (recent) return 'receiving'
  if (fetch.transmitters.haveEnded) return 'ended'
  return fetch.isDeaf(now) ? 'silent' : 'waiting'
}
