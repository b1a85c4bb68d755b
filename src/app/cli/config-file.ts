// The config file: one JSON object whose names are those of the flags and whose values are written
// as on the command line. It is read strictly, because a misspelt setting that is silently ignored
// is found out during the transfer that needed it.

import { createReadStream } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { Mcp2pError } from '../../core/base/errors.js'
import type { OptionSpec } from './option-spec.js'
import { OPTIONS } from './options.js'
import { printable } from './text.js'

export interface ConfigFile {
  readonly path: string
  readonly exists: boolean
  /** Texts by option name, as flags would have them. */
  readonly texts: ReadonlyMap<string, string>
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads the file at `explicitPath`, which must exist, or else the user's own, which need not
 * (XDG Base Directory Specification). Throws errors of exit `notFound` and `usage`.
 */
export async function readConfigFile(
  explicitPath: string | undefined,
  env: Environment,
): Promise<ConfigFile> {
  const path = explicitPath ?? defaultPath(env)
  let text: string
  try {
    text = await readText(path)
  } catch (error) {
    if (error instanceof Mcp2pError) throw error
    const code = (error as NodeJS.ErrnoException).code
    if (explicitPath === undefined && (code === 'ENOENT' || code === 'ENOTDIR')) {
      return { path, exists: false, texts: new Map() }
    }
    throw new Mcp2pError(
      'CONFIG_UNREADABLE',
      'notFound',
      `cannot read the config file ${printable(path)} (${code})`,
      'Pass another one with --config, or leave it out.',
      error,
    )
  }
  return { path, exists: true, texts: textsOf(path, text) }
}

/** A path may name a device without an end. */
const TEXT_BYTES_MAX = 1024 * 1024

async function readText(path: string): Promise<string> {
  const pieces: Buffer[] = []
  // One byte more than may be there, to know that it is not too long.
  for await (const piece of createReadStream(path, { end: TEXT_BYTES_MAX })) pieces.push(piece)
  const bytes = Buffer.concat(pieces)
  if (bytes.length <= TEXT_BYTES_MAX) return bytes.toString('utf8')
  throw invalid(path, 'is larger than 1 MiB', 'Pass another one with --config, or leave it out.')
}

function defaultPath(env: Environment): string {
  // The specification says that a relative XDG_CONFIG_HOME is to be ignored.
  const xdg = env.XDG_CONFIG_HOME
  const base = xdg?.startsWith('/') ? xdg : join(env.HOME || homedir(), '.config')
  return join(base, 'mcp2p', 'config.json')
}

function textsOf(path: string, json: string): ReadonlyMap<string, string> {
  let document: unknown
  try {
    document = JSON.parse(json)
  } catch (error) {
    throw invalid(path, `is not JSON: ${(error as Error).message}`, 'Correct it.')
  }
  if (document === null || typeof document !== 'object' || Array.isArray(document)) {
    throw invalid(path, 'is not an object', 'Write { "rate": "900Mbit" }, for example.')
  }
  const specs: readonly OptionSpec[] = OPTIONS
  const texts = new Map<string, string>()
  for (const [name, value] of Object.entries(document)) {
    const option = specs.find(spec => spec.name === name && spec.name !== 'config')
    if (option === undefined) {
      throw invalid(path, `has an unknown setting "${name}"`, 'See `mcp2p config` for the names.')
    }
    texts.set(name, textOf(path, option, value))
  }
  return texts
}

function textOf(path: string, option: OptionSpec, value: unknown): string {
  const isFlag = option.kind === 'flag' || option.kind === 'level'
  if (typeof value === 'string') return value
  if (typeof value === 'boolean' && isFlag) return String(value)
  if (typeof value === 'number' && !isFlag && Number.isFinite(value)) return String(value)
  if (typeof value === 'number' && option.kind === 'level') return String(value)
  if (option.kind === 'endpoints' && Array.isArray(value)) {
    if (value.every(item => typeof item === 'string')) return value.join(' ')
  }
  const example = isFlag ? 'true' : option.kind === 'endpoints' ? '["10.0.0.1:9990"]' : '"…"'
  throw invalid(
    path,
    `has a value of the wrong type for "${option.name}"`,
    `Write "${option.name}": ${example}.`,
  )
}

function invalid(path: string, message: string, hint: string): Mcp2pError {
  return new Mcp2pError(
    'CONFIG_INVALID',
    'usage',
    printable(`the config file ${path} ${message}`),
    hint,
  )
}
