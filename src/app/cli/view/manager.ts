// How a manager looks while it runs: how much it keeps and how busy it is, drawn from the last
// progress event alone.

import type { ManageResult } from '../../../engine/api.js'
import type { View } from '../screen.js'
import type { Style } from '../style.js'
import { formatSeconds } from '../units.js'
import { titleLine } from './title.js'

export class ManagerView implements View {
  readonly #style: Style
  #progress: ManageResult | undefined

  constructor(style: Style) {
    this.#style = style
  }

  update(progress: ManageResult): void {
    this.#progress = progress
  }

  block(columns: number): string[] {
    const seconds = this.#progress?.seconds ?? 0
    return [titleLine(this.#style, this.#text(), formatSeconds(seconds), columns)]
  }

  line(): string {
    return this.#text()
  }

  #text(): string {
    if (this.#progress === undefined) return 'starting'
    const { swarms, peers, metas, requests } = this.#progress
    return `managing ${peers} peers in ${swarms} swarms, ${metas} metas, ${requests} requests`
  }
}
