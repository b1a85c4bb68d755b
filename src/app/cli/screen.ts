// Where everything a command says goes. stdout has the answer and nothing else; stderr has progress:
// a block redrawn four times a second on a terminal, a line per interval elsewhere, nothing when
// quiet. Whatever is said in between takes the block away first and puts it back after.

import { LiveBlock } from './live.js'
import type { World } from './world.js'

const REDRAW_MILLIS = 250

/** How a running job looks. */
export interface View {
  /** Lines of at most `columns` cells, at most `rows` of them. */
  block(columns: number, rows: number): string[]
  /** One line without its end, or undefined while there is nothing to say. */
  line(): string | undefined
}

export interface ScreenOptions {
  readonly mode: 'live' | 'lines' | 'silent'
  /** Whether stdout belongs to JSON. */
  readonly answersJson: boolean
  readonly statsMillis: number
}

export class Screen {
  readonly #world: World
  readonly #options: ScreenOptions
  readonly #block: LiveBlock
  #view: View | undefined
  #stop: (() => void) | undefined

  constructor(world: World, options: ScreenOptions) {
    this.#world = world
    this.#options = options
    this.#block = new LiveBlock(world.stderr)
  }

  get isLive(): boolean {
    return this.#options.mode === 'live'
  }

  /** Shows `view` until `hide`. */
  show(view: View): void {
    this.hide()
    this.#view = view
    const { mode, statsMillis } = this.#options
    if (mode === 'silent') return
    this.#stop = this.#world.every(mode === 'live' ? REDRAW_MILLIS : statsMillis, () => {
      if (mode === 'live') this.#draw()
      else this.stats()
    })
  }

  hide(): void {
    this.#stop?.()
    this.#stop = undefined
    this.#view = undefined
    this.#block.clear()
  }

  /** A line of progress that stays; not said when quiet. */
  note(line: string): void {
    if (this.#options.mode !== 'silent') this.alert(line)
  }

  /** A line on stderr that is said even when quiet. */
  alert(line: string): void {
    this.#above(() => this.#world.stderr.write(`${line}\n`))
  }

  /** A line of the answer, on stdout; where JSON was asked for, that is the answer instead. */
  answer(line: string): void {
    if (!this.#options.answersJson) this.raw(`${line}\n`)
  }

  /** Text on stdout as it is. */
  raw(text: string): void {
    // Two streams, one terminal: the block must not be where the answer is written.
    this.#above(() => this.#world.stdout.write(text))
  }

  /** The line of now, whatever the interval. */
  stats(): void {
    const line = this.#view?.line()
    if (line !== undefined) this.alert(line)
  }

  #above(write: () => void): void {
    this.#block.clear()
    write()
    if (this.#options.mode === 'live') this.#draw()
  }

  #draw(): void {
    if (this.#view === undefined) return
    const { stderr } = this.#world
    // The last column stays free: some terminals wrap as soon as it is written.
    this.#block.draw(this.#view.block(Math.max(20, stderr.columns() - 1), stderr.rows() - 1))
  }
}
