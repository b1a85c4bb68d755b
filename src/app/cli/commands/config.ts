// `mcp2p config`: every setting as a run would have it, and where it came from, so that nobody has
// to guess which of flag, environment and file has won.

import { environmentName } from '../option-spec.js'
import { EXCLUSIVE } from '../options.js'
import type { Command } from '../run.js'
import type { Setting } from '../settings.js'
import { tableLines } from '../table.js'
import { printable } from '../text.js'

export const config: Command = async ({ resolved, screen }) => {
  const settings = [...resolved.sources.values()]
  const rows = settings.map(setting => [
    setting.option.name,
    setting.text ?? `(${otherwiseOf(setting)})`,
    setting.where ?? (setting.source === 'unset' ? 'default' : setting.source),
  ])
  const columns = [{ title: 'SETTING' }, { title: 'VALUE' }, { title: 'FROM' }]
  for (const line of tableLines(columns, rows)) screen.answer(line)
  const { path, exists } = resolved.file
  screen.note(`config file: ${printable(path)}${exists ? '' : ' (there is none)'}`)
  return {
    document: {
      file: { path, exists },
      settings: settings.map(({ option, text, source, where }) => ({
        name: option.name,
        value: text ?? null,
        from: source,
        where: where ?? null,
        environment: environmentName(option.name),
      })),
    },
  }
}

/** Why a setting has no value: by its nature, or because a stronger one excludes it. */
function otherwiseOf({ option }: Setting): string {
  const rivals = EXCLUSIVE.flatMap(([a, b]) =>
    a === option.name ? [b] : b === option.name ? [a] : [],
  )
  return option.otherwise ?? `given way to ${rivals.join(', ')}`
}
