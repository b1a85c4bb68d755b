// One transfer as the engine would tell it: the events and results that the tests of the command
// line are made of, with figures that are all different.

import type {
  ReceiveProgress,
  ReceiveResult,
  ReceiverRow,
  SendProgress,
  SendResult,
} from '../../../src/engine/api.js'

const MiB = 2 ** 20
export const ID = '0123456789abcdef'.repeat(4)

export const session = { id: ID, name: 'photos', totalBytes: 256 * MiB, files: 12 }

export const received: ReceiveResult = {
  id: ID,
  name: 'photos',
  out: '/srv/in',
  totalBytes: 256 * MiB,
  files: 12,
  seconds: 22.4,
  rateBps: 95_700_000,
  resumedBytes: 0,
  multicastBytes: 250 * MiB,
  peerBytes: 5 * MiB,
  seederBytes: 1 * MiB,
  uploadedBytes: 7 * MiB,
  wrongBlocks: 0,
}

export const receiving: ReceiveProgress = {
  phase: 'receiving',
  id: ID,
  name: 'photos',
  totalBytes: 256 * MiB,
  verifiedBytes: 128 * MiB,
  resumedBytes: 0,
  elapsedMillis: 12_000,
  rateBps: 94_000_000,
  etaSeconds: 11,
  multicast: {
    state: 'receiving',
    rateBps: 91_000_000,
    lossFraction: 0.012,
    bytes: 120 * MiB,
    duplicateDatagrams: 0,
    kernelDrops: 0,
  },
  peers: 7,
  peerBytes: 6 * MiB,
  seederBytes: 2 * MiB,
  uploadedBytes: 9 * MiB,
  wrongBlocks: 0,
}

export function row(host: string, change: Partial<ReceiverRow> = {}): ReceiverRow {
  return {
    node: host,
    host,
    state: 'complete',
    totalBytes: 256 * MiB,
    verifiedBytes: 256 * MiB,
    resumedBytes: 0,
    multicastBytes: 250 * MiB,
    peerBytes: 5 * MiB,
    seederBytes: 1 * MiB,
    seconds: 22.4,
    rateBps: 95_700_000,
    lossFraction: 0.01,
    pathLossFraction: 0.01,
    kernelDrops: 0,
    diskQueueBytes: 0,
    ...change,
  }
}

export const halfway: Partial<ReceiverRow> = { state: 'receiving', verifiedBytes: 128 * MiB }

export const sending: SendProgress = {
  phase: 'blasting',
  id: ID,
  name: 'photos',
  files: 2,
  totalBytes: 256 * MiB,
  elapsedMillis: 12_000,
  pass: 1,
  passFraction: 0.5,
  rateBps: 95_000_000,
  sentBps: 94_000_000,
  rateReason: 'steady',
  datagramBytes: 1398,
  multicastBytes: 128 * MiB,
  servedBytes: 3 * MiB,
  receivers: [row('10.0.0.2', halfway), row('10.0.0.3')],
}

export const sent: SendResult = {
  id: ID,
  name: 'photos',
  totalBytes: 256 * MiB,
  seconds: 23.1,
  passes: 2,
  multicastBytes: 260 * MiB,
  servedBytes: 8 * MiB,
  receivers: [row('10.0.0.2'), row('10.0.0.30')],
  complete: true,
}
