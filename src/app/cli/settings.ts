// What a run goes by: for each option the first of flag, environment, config file and default, and
// where it came from. Options that contradict each other are refused only within one source;
// across sources the stronger one wins, so that a flag can always undo a file.

import { Mcp2pError } from '../../core/base/errors.js'
import { type ConfigFile, readConfigFile } from './config-file.js'
import { type CommandName, environmentName, type OptionSpec } from './option-spec.js'
import { EXCLUSIVE, optionsOf, type Settings } from './options.js'
import { readValue, type Value } from './value.js'

export type Source = 'flag' | 'environment' | 'file' | 'default' | 'unset'

const STRENGTH: Readonly<Record<Source, number>> = {
  flag: 4,
  environment: 3,
  file: 2,
  default: 1,
  unset: 0,
}

/** One option as this run has it. */
export interface Setting {
  readonly option: OptionSpec
  readonly value: Value | undefined
  /** As it was written. */
  readonly text: string | undefined
  readonly source: Source
  /** The flag, the variable or the file. */
  readonly where: string | undefined
}

export interface Resolved {
  readonly settings: Settings
  readonly sources: ReadonlyMap<string, Setting>
  readonly file: ConfigFile
}

/**
 * Settles all options of `command`. `flags` has the texts of the command line by option name,
 * `flag` kinds as `true`. Throws usage errors that name the source, and those of the config file.
 */
export async function resolveSettings(
  command: CommandName,
  flags: ReadonlyMap<string, string>,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Resolved> {
  const explicit = flags.get('config') ?? (env[environmentName('config')] || undefined)
  if (explicit === '')
    throw new Mcp2pError(
      'USAGE',
      'usage',
      '--config: an empty value',
      'Give <file> or leave it out.',
    )
  const file = await readConfigFile(explicit, env)
  const fromEnvironment = (name: string) => env[environmentName(name)] || undefined
  const options = optionsOf(command)
  const layers: Layer[] = [
    { source: 'flag', text: name => flags.get(name), where: name => `--${name}` },
    { source: 'environment', text: fromEnvironment, where: environmentName },
    { source: 'file', text: name => file.texts.get(name), where: () => file.path },
  ]
  const sources = new Map<string, Setting>()
  for (const option of options) {
    if (option.means === undefined) sources.set(option.name, settle(option, options, layers))
  }
  for (const [one, other] of EXCLUSIVE) exclude(sources, one, other)
  const settings: Record<string, Value> = {}
  for (const [name, { value }] of sources) if (value !== undefined) settings[name] = value
  return { settings: settings as Settings, sources, file }
}

interface Layer {
  readonly source: Source
  text(name: string): string | undefined
  where(name: string): string
}

function settle(
  option: OptionSpec,
  options: readonly OptionSpec[],
  layers: readonly Layer[],
): Setting {
  const shorts = options.filter(other => other.means?.name === option.name)
  for (const layer of layers) {
    const own = layer.text(option.name)
    const found = own === undefined ? [] : [read(option, own, layer, option.name)]
    for (const short of shorts) {
      const text = layer.text(short.name)
      if (text === undefined || !read(short, text, layer, short.name).value) continue
      const setting = read(option, short.means?.value ?? '', layer, short.name)
      if (found.some(other => other.value !== setting.value)) {
        throw contradiction(`--${option.name}`, `--${short.name}`)
      }
      found.push(setting)
    }
    if (found.length > 0) return found[0]
  }
  const text = option.default
  if (text === undefined) {
    return { option, value: undefined, text, source: 'unset', where: undefined }
  }
  return { option, value: readValue(option, text), text, source: 'default', where: undefined }
}

function read(option: OptionSpec, text: string, layer: Layer, name: string): Setting {
  const where = layer.where(name)
  try {
    return { option, value: readValue(option, text), text, source: layer.source, where }
  } catch (error) {
    if (!(error instanceof Mcp2pError)) throw error
    const place = layer.source === 'file' ? `"${name}" in ${where}` : where
    throw new Mcp2pError('USAGE', 'usage', `${place}: ${error.message}`, error.hint)
  }
}

/** Of two that contradict each other the weaker one falls away; within one source both are meant. */
function exclude(sources: Map<string, Setting>, one: string, other: string): void {
  const [a, b] = [sources.get(one), sources.get(other)]
  // A flag that is off contradicts nothing.
  if (a === undefined || b === undefined || !isOn(a) || !isOn(b)) return
  if (a.source === b.source) throw contradiction(`--${one}`, `--${other}`)
  const weaker = STRENGTH[a.source] < STRENGTH[b.source] ? a : b
  sources.set(weaker.option.name, {
    option: weaker.option,
    value: undefined,
    text: undefined,
    source: 'unset',
    where: undefined,
  })
}

function isOn(setting: Setting): boolean {
  const { value } = setting
  return value !== undefined && value !== false && !(setting.option.kind === 'level' && value === 0)
}

function contradiction(one: string, other: string): Mcp2pError {
  return new Mcp2pError(
    'USAGE',
    'usage',
    `${one} and ${other} contradict each other`,
    'Leave one of them out.',
  )
}
