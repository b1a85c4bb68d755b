// How a receiver looks while it runs: what it fetches, how far it is, and by which way the bytes
// come. Drawn from the last progress event alone, so that a frame never mixes two moments.

import type { ReceiveProgress } from '../../../engine/api.js'
import type { View } from '../screen.js'
import { fitFields, fitLine, type Part, type Style } from '../style.js'
import { padStart, printable } from '../text.js'
import { formatBytes, formatLoss, formatPercent, formatRate, formatSeconds } from '../units.js'
import { titleLine } from './title.js'

const PHASES: Readonly<Record<ReceiveProgress['phase'], string>> = {
  discovering: 'looking for it',
  checking: 'checking what is here',
  receiving: 'receiving',
  serving: 'complete, serving others',
  done: 'complete',
}

export class RecvView implements View {
  readonly #style: Style
  /** What is said before anything is known, e.g. where it listens. */
  readonly #waiting: string
  #progress: ReceiveProgress | undefined

  constructor(style: Style, waiting: string) {
    this.#style = style
    this.#waiting = waiting
  }

  update(progress: ReceiveProgress): void {
    this.#progress = progress
  }

  block(columns: number): string[] {
    const progress = this.#progress
    if (progress === undefined || progress.phase === 'discovering') {
      const seconds = (progress?.elapsedMillis ?? 0) / 1000
      return [titleLine(this.#style, this.#waiting, formatSeconds(seconds), columns)]
    }
    const state = `${PHASES[progress.phase]}  ${formatSeconds(progress.elapsedMillis / 1000)}`
    return [
      titleLine(this.#style, progress.name, state, columns),
      this.#barLine(progress, columns),
      this.#ways(progress, columns),
    ]
  }

  line(): string | undefined {
    const progress = this.#progress
    if (progress === undefined || progress.phase === 'discovering') return this.#waiting
    const done = `${formatBytes(progress.verifiedBytes)} of ${formatBytes(progress.totalBytes)}`
    const { multicast } = progress
    return [
      `${PHASES[progress.phase]} ${printable(progress.name)}: ${formatPercent(fractionOf(progress))}`,
      ` (${done}), ${formatRate(progress.rateBps)}, ETA ${etaOf(progress)}`,
      `; multicast ${multicast.state} ${formatRate(multicast.rateBps)}`,
      `, loss ${formatLoss(multicast.lossFraction)}; ${peersOf(progress.peers)}`,
    ].join('')
  }

  #barLine(progress: ReceiveProgress, columns: number): string {
    const fraction = fractionOf(progress)
    const figures = [
      ` ${padStart(formatPercent(fraction), 4)}`,
      `  ${formatBytes(progress.verifiedBytes)} / ${formatBytes(progress.totalBytes)}`,
      `  ${padStart(formatRate(progress.rateBps), 11)}`,
      `  ETA ${padStart(etaOf(progress), 7)}`,
    ].join('')
    const bar = this.#style.bar(fraction, Math.max(0, columns - figures.length))
    return fitLine([[bar, this.#style.good], figures], columns)
  }

  /** By which ways the bytes come; what matters least is last, where a narrow terminal cuts. */
  #ways(progress: ReceiveProgress, columns: number): string {
    const { multicast, peers, peerBytes, seederBytes, uploadedBytes, wrongBlocks } = progress
    const { dim, warn, separator } = this.#style
    const blast: Part =
      multicast.state === 'receiving'
        ? `${formatRate(multicast.rateBps)}, loss ${formatLoss(multicast.lossFraction)}`
        : [multicast.state, multicast.state === 'silent' ? warn : dim]
    const fields: Part[][] = [
      [['multicast ', dim], blast],
      [`${peersOf(peers)} ${formatBytes(peerBytes)}`],
      [['seeder ', dim], formatBytes(seederBytes)],
    ]
    if (multicast.kernelDrops > 0) fields.push([[`${multicast.kernelDrops} dropped here`, warn]])
    if (wrongBlocks > 0) fields.push([[`${wrongBlocks} blocks came wrong`, warn]])
    if (uploadedBytes > 0) fields.push([['given ', dim], formatBytes(uploadedBytes)])
    return fitFields(fields, [separator, dim], columns)
  }
}

function fractionOf({ verifiedBytes, totalBytes }: ReceiveProgress): number {
  return totalBytes === 0 ? 1 : verifiedBytes / totalBytes
}

function etaOf({ etaSeconds }: ReceiveProgress): string {
  return formatSeconds(etaSeconds ?? Number.NaN)
}

function peersOf(count: number): string {
  return count === 1 ? '1 peer' : `${count} peers`
}
