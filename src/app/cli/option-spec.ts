// What can be said about one option. The options themselves are `options.ts`; everything that walks
// over them (grammar, values, help, table) knows only this shape.

export type CommandName =
  | 'meta'
  | 'send'
  | 'recv'
  | 'verify'
  | 'manager'
  | 'doctor'
  | 'config'
  | 'bench'

/** How an option's text is read; `value.ts` has one reader for each. */
export type Kind =
  | 'flag'
  | 'level'
  | 'text'
  | 'choice'
  | 'group'
  | 'address'
  | 'location'
  | 'redis'
  | 'endpoints'
  | 'integer'
  | 'rate'
  | 'size'
  | 'time'
  | 'fec'
  | 'bandwidth'
  | 'amount'
  | 'seconds'

export interface OptionSpec {
  /** Long flag without dashes. Environment: `MCP2P_` and the name in capitals. */
  readonly name: string
  readonly short?: string
  readonly kind: Kind
  /** What stands for the value in the help; none for flags. */
  readonly value?: string
  /** In the notation of the flag itself. */
  readonly default?: string
  /** What happens without it, where that is no value. */
  readonly otherwise?: string
  readonly choices?: readonly string[]
  /** Of an integer, or of a time in ms. */
  readonly min?: number
  readonly max?: number
  /** The flag is short for another option with this value. */
  readonly means?: { readonly name: string; readonly value: string }
  readonly help: string
  readonly topic: Topic
  /** Commands that have it; absent: all. */
  readonly commands?: readonly CommandName[]
}

export type Topic = 'Files' | 'Network' | 'Rate' | 'When' | 'Bench' | 'Output'

/** `MCP2P_CHUNK_SIZE` of `chunk-size`. */
export function environmentName(name: string): string {
  return `MCP2P_${name.toUpperCase().replaceAll('-', '_')}`
}
