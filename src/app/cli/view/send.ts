// How a sender looks while it runs: the pass and its rate, and the receivers, the slowest first,
// since those are the ones somebody waits for.

import type { ReceiverRow, SendProgress } from '../../../engine/api.js'
import type { View } from '../screen.js'
import { fitFields, fitLine, type Part, type Style } from '../style.js'
import { clip, padEnd, padStart, printable } from '../text.js'
import { formatBytes, formatLoss, formatPercent, formatRate, formatSeconds } from '../units.js'
import { titleLine } from './title.js'

const HOST_CELLS_MAX = 24
const ROWS_MAX = 8
const BAR_CELLS = 12

const PHASES: Readonly<Record<SendProgress['phase'], string>> = {
  hashing: 'hashing',
  waiting: 'waiting for receivers',
  blasting: 'multicasting',
  repairing: 'repairing',
  serving: 'serving',
  done: 'done',
}

export class SendView implements View {
  readonly #style: Style
  readonly #title: string
  #progress: SendProgress | undefined

  constructor(style: Style, title: string) {
    this.#style = style
    this.#title = title
  }

  update(progress: SendProgress): void {
    this.#progress = progress
  }

  /** The receivers as last heard of: what is left to print when the job was interrupted. */
  get receivers(): readonly ReceiverRow[] {
    return this.#progress?.receivers ?? []
  }

  block(columns: number, rows: number): string[] {
    const progress = this.#progress
    if (progress === undefined) return [titleLine(this.#style, this.#title, 'starting', columns)]
    const pass = progress.pass > 1 ? ` (pass ${progress.pass})` : ''
    const elapsed = formatSeconds(progress.elapsedMillis / 1000)
    const state = `${PHASES[progress.phase]}${pass}  ${elapsed}`
    return [
      titleLine(this.#style, progress.name || this.#title, state, columns),
      this.#passLine(progress, columns),
      this.#totals(progress, columns),
      ...this.#receiverLines(progress.receivers, columns, Math.min(ROWS_MAX, rows - 5)),
    ]
  }

  line(): string | undefined {
    const progress = this.#progress
    if (progress === undefined) return undefined
    const slowest = slowestFirst(progress.receivers).find(row => row.state === 'receiving')
    const of = progress.phase === 'waiting' ? ' of' : ''
    return [
      `${PHASES[progress.phase]}${of} ${printable(progress.name || this.#title)}`,
      doingOf(progress),
      slowest === undefined ? '' : `, slowest ${formatPercent(fractionOf(slowest))}`,
    ].join('')
  }

  #passLine(progress: SendProgress, columns: number): string {
    const { passFraction, sentBps, rateBps, rateReason, totalBytes } = progress
    const limit = rateBps > 0 ? ` of ${formatRate(rateBps)}, ${printable(rateReason)}` : ''
    const figures = [
      ` ${padStart(formatPercent(passFraction), 4)}`,
      `  of ${formatBytes(totalBytes)}`,
      `  ${padStart(formatRate(sentBps), 11)}${limit}`,
    ].join('')
    const bar = this.#style.bar(passFraction, Math.max(BAR_CELLS, columns - figures.length))
    return fitLine([[bar, this.#style.good], figures], columns)
  }

  #totals({ receivers, multicastBytes, servedBytes }: SendProgress, columns: number): string {
    const { dim, separator } = this.#style
    const fields: Part[][] = [
      [['receivers ', dim], countsOf(receivers)],
      [['multicast ', dim], formatBytes(multicastBytes)],
      [['served ', dim], formatBytes(servedBytes)],
    ]
    return fitFields(fields, [separator, dim], columns)
  }

  #receiverLines(receivers: readonly ReceiverRow[], columns: number, most: number): string[] {
    if (most < 1) return []
    const rows = slowestFirst(receivers)
    const shown = rows.length > most ? rows.slice(0, most - 1) : rows
    const hosts = shown.map(row => clip(printable(row.host), HOST_CELLS_MAX))
    const hostCells = Math.max(0, ...hosts.map(host => host.length))
    const lines = shown.map((row, at) =>
      fitLine(this.#receiverParts(row, padEnd(hosts[at], hostCells)), columns),
    )
    const left = rows.length - shown.length
    return left === 0
      ? lines
      : [...lines, fitLine([[`  and ${left} more`, this.#style.dim]], columns)]
  }

  #receiverParts(row: ReceiverRow, host: string): Part[] {
    const fraction = fractionOf(row)
    const paint = { complete: this.#style.good, receiving: this.#style.bold, gone: this.#style.bad }
    return [
      `  ${host}  `,
      [this.#style.bar(fraction, BAR_CELLS), paint[row.state]],
      ` ${padStart(formatPercent(fraction), 4)}`,
      `  ${padStart(formatRate(row.rateBps), 11)}`,
      `  loss ${padStart(formatLoss(row.pathLossFraction), 5)}`,
      row.state === 'receiving' ? ownTrouble(row) : '',
      row.state === 'receiving' ? '' : [`  ${row.state}`, paint[row.state]],
    ]
  }
}

function slowestFirst(receivers: readonly ReceiverRow[]): ReceiverRow[] {
  const order = { receiving: 0, gone: 1, complete: 2 }
  return [...receivers].sort(
    (a, b) => order[a.state] - order[b.state] || fractionOf(a) - fractionOf(b),
  )
}

/** What a line says between its title and the slowest receiver: only what its phase is about. */
function doingOf(progress: SendProgress): string {
  const { phase, pass, passFraction, sentBps, rateReason, receivers } = progress
  const percent = formatPercent(passFraction)
  if (phase === 'hashing') return `: ${percent}`
  const counts = countsOf(receivers)
  if (phase !== 'blasting') return `: ${counts}`
  const told = `${formatRate(sentBps)} (${printable(rateReason)}); ${counts}`
  return `: pass ${pass}, ${percent}, ${told}${worstTrouble(receivers)}`
}

/** What a receiver's own host has to do with it: its socket, which nobody empties, and its disk. */
function ownTrouble({ lossFraction, pathLossFraction, diskQueueBytes }: ReceiverRow): string {
  const drops = lossFraction - pathLossFraction
  const socket = drops < SHOWN_LOSS ? '' : `, socket drops ${formatLoss(drops)}`
  return diskQueueBytes < SHOWN_QUEUE_BYTES
    ? socket
    : `${socket}, disk behind ${formatBytes(diskQueueBytes)}`
}

/** The most that any receiver has of each trouble, network, socket and disk told apart. */
function worstTrouble(receivers: readonly ReceiverRow[]): string {
  const rows = receivers.filter(row => row.state === 'receiving')
  const most = (of: (row: ReceiverRow) => number): number => Math.max(0, ...rows.map(of))
  const pathLossFraction = most(row => row.pathLossFraction)
  const drops = most(row => row.lossFraction - row.pathLossFraction)
  const lossFraction = pathLossFraction + drops
  const diskQueueBytes = most(row => row.diskQueueBytes)
  const own = ownTrouble({ ...rows[0], lossFraction, pathLossFraction, diskQueueBytes })
  return pathLossFraction < SHOWN_LOSS ? own : `, loss ${formatLoss(pathLossFraction)}${own}`
}

/** Less than that is not worth a word. */
const SHOWN_LOSS = 0.001
const SHOWN_QUEUE_BYTES = 2 ** 20

/** `6 receiving, 2 complete, 1 gone`, without those that are none. */
function countsOf(receivers: readonly ReceiverRow[]): string {
  const texts = (['receiving', 'complete', 'gone'] as const).flatMap(state => {
    const count = receivers.filter(row => row.state === state).length
    return count === 0 ? [] : [`${count} ${state}`]
  })
  return texts.length === 0 ? 'none yet' : texts.join(', ')
}

export function fractionOf(row: ReceiverRow): number {
  if (row.state === 'complete') return 1
  return row.totalBytes === 0 ? 0 : row.verifiedBytes / row.totalBytes
}
