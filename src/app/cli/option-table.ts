// The options as a table for the README, made from the option table itself. `mcp2p help options`
// prints it, and a test compares it with what the README has between its two markers.

import { environmentName, type OptionSpec } from './option-spec.js'
import { OPTIONS } from './options.js'

export const TABLE_BEGIN = '<!-- options -->'
export const TABLE_END = '<!-- /options -->'

/** Markdown, one row per option, ending with a line end. */
export function optionTable(): string {
  const specs: readonly OptionSpec[] = OPTIONS
  const rows = specs.map(option => [
    code(flagsOf(option)),
    option.commands?.join(', ') ?? 'all',
    option.help,
    option.default === undefined ? (option.otherwise ?? '') : code(option.default),
    code(environmentName(option.name)),
  ])
  const head = ['Flag', 'Commands', 'Meaning', 'Default', 'Environment']
  const lines = [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`)
  return `${lines.join('\n')}\n`
}

/** `-o, --out <dir>`, as the help has it. */
export function flagsOf(option: OptionSpec): string {
  const short = option.short === undefined ? '' : `-${option.short}, `
  const value = option.value === undefined ? '' : ` ${option.value}`
  return `${short}--${option.name}${value}`
}

/** A bar would end the cell, even inside code. */
function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``
}
