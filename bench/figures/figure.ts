// What a figure is: curves and marks, a table with the seed's values beside the model's and ours, and
// the reasons for differences. Pages and charts are made of this alone.

export interface Series {
  readonly name: string
  /** How it is drawn: what a document says, computes, what a model makes of its design, what mcp2p does. */
  readonly role: 'seed' | 'formula' | 'model' | 'ours'
  /** Series of one hue belong together; see chart.ts. */
  readonly hue: Hue
  readonly points: readonly (readonly [x: number, y: number])[]
  /** A few hosts' values rather than a curve: no line between them. */
  readonly loose?: boolean
}

export type Hue = 'black' | 'orange' | 'sky' | 'green' | 'blue' | 'vermilion' | 'purple'

export interface Axis {
  readonly label: string
  readonly log?: boolean
  readonly from?: number
  readonly to?: number
  /** Where the ticks are; default as the chart likes. */
  readonly ticks?: readonly number[]
}

export interface Row {
  readonly what: string
  /** What the seed's text says; absent where it says nothing. */
  readonly seed?: string
  readonly model?: string
  readonly ours?: string
}

export interface Figure {
  /** Its file's name. */
  readonly name: string
  /** Of which seed, which figure. */
  readonly source: string
  readonly title: string
  /** What was simulated: file, lines, hosts. */
  readonly setting: string
  readonly x: Axis
  readonly y: Axis
  readonly series: readonly Series[]
  readonly rows: readonly Row[]
  /** Why ours, or the model, differs from the seed's value; what was assumed. */
  readonly notes: readonly string[]
}

export interface Effort {
  /** A few seconds for all: small files, few hosts; for tests. */
  readonly quick: boolean
  readonly seed: number
}

export function seconds(value: number): string {
  return `${value.toFixed(1)} s`
}

export function times(value: number): string {
  return `${value.toFixed(2)} ×`
}
