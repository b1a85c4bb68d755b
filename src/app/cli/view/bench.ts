// A bench as text: iperf 2's lines, one stream a number, and the sender's table of all receivers.

import type {
  BenchReceiveEvents,
  BenchRow,
  BenchSendEvents,
  Figures,
  HostPart,
  Sent,
} from '../../../engine/bench/api.js'
import {
  bandwidthOf,
  formatBandwidth,
  formatInterval,
  formatJitter,
  formatLost,
  formatTransfer,
} from '../iperf.js'
import { type Column, tableLines } from '../table.js'
import { formatLoss, formatRate } from '../units.js'

export const SENT_TITLE = '[ ID] Interval       Transfer     Bandwidth'
export const HEARD_TITLE = `${SENT_TITLE}        Jitter   Lost/Total Datagrams  Out-of-order`

export function sentLine(id: number, { bytes, startMicros, endMicros }: Sent): string {
  return `${mark(id)} ${moved(bytes, startMicros, endMicros)}`
}

export function heardLine(id: number, figures: Figures): string {
  const { receivedBytes, startMicros, endMicros, outOfOrder } = figures
  const line = `${mark(id)} ${moved(receivedBytes, startMicros, endMicros)}`
  if (figures.total === 0) return line // TCP
  const counted = `${formatJitter(figures)} ${formatLost(figures)}  ${outOfOrder}`
  return `${line}   ${counted}`
}

/** What a run had beside loss and jitter; nothing when all was in order. */
export function remarksOf(id: number, run: BenchReceiveEvents['summary']): string[] {
  const { outOfOrder, duplicates, startMicros, endMicros } = run.figures
  const head = `${mark(id)} ${formatInterval(startMicros, endMicros)}`
  const lines: string[] = []
  if (outOfOrder > 0) lines.push(`${head}  ${outOfOrder} datagrams received out-of-order`)
  if (duplicates > 0) lines.push(`${head}  ${duplicates} datagrams came again`)
  if (run.isLate) lines.push(`${head}  joined late: what was sent before is not counted`)
  return lines
}

export function probeLine(probe: BenchSendEvents['probe']): string {
  const { sentBps, arrivalBps, lossFraction } = probe
  const tried = `tried ${formatBandwidth(sentBps).trim()}`
  return `${tried}: arrived at ${formatBandwidth(arrivalBps).trim()}, loss ${formatLoss(lossFraction)}`
}

export function mark(id: number): string {
  return `[${String(id).padStart(3)}]`
}

function moved(bytes: number, startMicros: number, endMicros: number): string {
  const rate = formatBandwidth(bandwidthOf(bytes, endMicros - startMicros))
  return `${formatInterval(startMicros, endMicros)}  ${formatTransfer(bytes)}  ${rate}`
}

const COLUMNS: readonly Column[] = [
  { title: 'RECEIVER' },
  { title: 'GROUP' },
  { title: 'TRANSFER', align: 'right' },
  { title: 'BANDWIDTH', align: 'right' },
  { title: 'JITTER', align: 'right' },
  { title: 'LOST/TOTAL', align: 'right' },
  { title: 'OUT-OF-ORDER', align: 'right' },
]

/** One row for each receiver, in the order in which they came. */
export function receiverTable(receivers: readonly BenchRow[]): string[] {
  const rows = receivers.map(({ host, group, figures }) => {
    if (figures === undefined) return [host, group, 'no report', '', '', '', '']
    const { receivedBytes, endMicros, outOfOrder } = figures
    return [
      host,
      group,
      formatTransfer(receivedBytes).trim(),
      formatBandwidth(bandwidthOf(receivedBytes, endMicros)).trim(),
      ...(figures.total === 0
        ? ['', '', ''] // TCP
        : [formatJitter(figures), formatLost(figures), String(outOfOrder)]),
    ]
  })
  return tableLines(COLUMNS, rows)
}

const HOST_COLUMNS: readonly Column[] = [
  { title: 'PART' },
  { title: 'RATE', align: 'right' },
  { title: 'HOW' },
]

/** What this machine can do, the slowest part first. */
export function hostTable(parts: readonly HostPart[]): string[] {
  const sorted = [...parts].sort((a, b) => a.rateBps - b.rateBps)
  return tableLines(
    HOST_COLUMNS,
    sorted.map(({ name, rateBps, how }) => [name, formatRate(rateBps), how]),
  )
}
