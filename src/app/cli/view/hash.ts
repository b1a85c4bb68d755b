// How hashing looks, for `meta` and `verify`: one bar over all files.

import type { MetaEvents } from '../../../engine/api.js'
import type { View } from '../screen.js'
import { fitLine, type Style } from '../style.js'
import { padStart } from '../text.js'
import { formatBytes, formatPercent, formatSeconds } from '../units.js'

export class HashView implements View {
  readonly #style: Style
  readonly #title: string
  #progress: MetaEvents['progress'] | undefined

  constructor(style: Style, title: string) {
    this.#style = style
    this.#title = title
  }

  update(progress: MetaEvents['progress']): void {
    this.#progress = progress
  }

  block(columns: number): string[] {
    const progress = this.#progress
    if (progress === undefined) return [fitLine([`${this.#title}: reading folders`], columns)]
    const fraction = fractionOf(progress)
    const figures = [
      ` ${padStart(formatPercent(fraction), 4)}`,
      `  ${formatBytes(progress.hashedBytes)} / ${formatBytes(progress.totalBytes)}`,
      `  ${padStart(speedOf(progress), 10)}`,
      `  ETA ${padStart(etaOf(progress), 7)}`,
    ].join('')
    const barCells = Math.max(0, columns - figures.length)
    return [
      fitLine([[this.#title, this.#style.bold], `  ${progress.files} files`], columns),
      fitLine([[this.#style.bar(fraction, barCells), this.#style.good], figures], columns),
    ]
  }

  line(): string | undefined {
    const progress = this.#progress
    if (progress === undefined) return undefined
    const done = `${formatBytes(progress.hashedBytes)} of ${formatBytes(progress.totalBytes)}`
    const percent = formatPercent(fractionOf(progress))
    return `${this.#title}: ${percent} (${done}), ${speedOf(progress)}, ETA ${etaOf(progress)}`
  }
}

function fractionOf({ hashedBytes, totalBytes }: MetaEvents['progress']): number {
  return totalBytes === 0 ? 1 : hashedBytes / totalBytes
}

/** Disks are measured in bytes, lines in bits. */
function speedOf({ rateBps }: MetaEvents['progress']): string {
  return `${formatBytes(rateBps / 8)}/s`
}

function etaOf({ hashedBytes, totalBytes, rateBps }: MetaEvents['progress']): string {
  return formatSeconds(rateBps > 0 ? ((totalBytes - hashedBytes) * 8) / rateBps : Number.NaN)
}
