// What stands below the paths that a user names: the files of a meta, without their hashes. A
// folder `photos` gives `photos/a.jpg`, so that receivers get the folder and not a heap of files;
// a file gives its own name. Names must be UTF-8, because they travel in JSON and have to be the
// same on every system; what is neither file, folder nor link is an error that names it, because
// leaving it out silently would be a wrong copy.

import type { Stats } from 'node:fs'
import { lstat, readdir, readlink, stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { textOf } from '../../core/base/bytes.js'
import { Mcp2pError } from '../../core/base/errors.js'
import { LIMITS } from '../../core/base/limits.js'
import type { MetaFile } from '../../core/meta/p2pmeta.js'
import { errnoOf, stopIfAborted, storageError } from './fault.js'

export type ScannedFile = Pick<MetaFile, 'path' | 'size' | 'mode' | 'mtime' | 'link' | 'dir'> & {
  /** Where it was found, absolute. */
  readonly source: string
}

/** Looks at so many entries of a folder at once. */
const LOOKS_AT_ONCE = 64

/**
 * All entries below `paths`, in byte order of path components. A link among `paths` is followed,
 * links below them are kept as links; a folder is only listed itself when it is empty.
 *
 * Rejects with a `Mcp2pError`: `notFound` for a missing path, `usage` for two paths of one name,
 * a name that is not UTF-8 or an entry of another kind, `storage` for what cannot be read.
 */
export async function scan(
  paths: readonly string[],
  options: { readonly signal?: AbortSignal } = {},
): Promise<ScannedFile[]> {
  const roots = paths.map(path => ({ path: resolve(path), name: basename(resolve(path)) }))
  roots.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))
  const walk = new Walk(options.signal)
  for (const [index, { path, name }] of roots.entries()) {
    if (name === '') throw nameless(path)
    if (index > 0 && roots[index - 1].name === name) throw twice(roots[index - 1].path, path)
    await walk.visit(path, name, await looked(path, stat))
  }
  return walk.found
}

/** The folder that each top-level name of `paths` lies in: a meta's file is `<folder>/<path>`. */
export function rootOf(paths: readonly string[]): ReadonlyMap<string, string> {
  return new Map(paths.map(path => [basename(resolve(path)), dirname(resolve(path))]))
}

class Walk {
  readonly found: ScannedFile[] = []
  readonly #signal: AbortSignal | undefined

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal
  }

  /** Appends the entry, or what is below it. */
  async visit(source: string, path: string, stats: Stats): Promise<void> {
    const { size } = stats
    const mode = stats.mode & 0o777
    const mtime = Math.floor(stats.mtimeMs)
    if (stats.isDirectory()) return this.#enter({ path, mode, mtime, source })
    // Spelled out: objects copied by `...` would each have a shape of its own.
    if (stats.isFile()) return this.#add({ path, mode, mtime, source, size })
    if (!stats.isSymbolicLink()) throw oddKind(source, stats)
    this.#add({ path, mode, mtime, source, size: 0, link: await targetOf(source) })
  }

  async #enter(folder: Omit<ScannedFile, 'size'>): Promise<void> {
    stopIfAborted(this.#signal)
    const names = await namesIn(folder.source)
    if (names.length === 0) return this.#add({ ...folder, size: 0, dir: true })
    for (let from = 0; from < names.length; from += LOOKS_AT_ONCE) {
      const some = names.slice(from, from + LOOKS_AT_ONCE)
      const sources = some.map(name => `${folder.source === '/' ? '' : folder.source}/${name}`)
      const all = await Promise.all(sources.map(source => looked(source, lstat)))
      for (const [i, name] of some.entries())
        await this.visit(sources[i], `${folder.path}/${name}`, all[i])
    }
  }

  #add(file: ScannedFile): void {
    if (this.found.length === LIMITS.metaFilesMax) {
      const what = `more than ${LIMITS.metaFilesMax} files`
      throw new Mcp2pError('TOO_MANY', 'usage', what, 'Send fewer at once, or an archive of them.')
    }
    this.found.push(file)
  }
}

/** Names in a folder, in byte order. */
async function namesIn(folder: string): Promise<string[]> {
  let raw: Buffer[]
  try {
    raw = await readdir(folder, { encoding: 'buffer' })
  } catch (cause) {
    throw storageError(cause, 'read', folder)
  }
  return raw.sort(Buffer.compare).map(name => textOf(name) ?? refuseName(folder, name))
}

async function targetOf(source: string): Promise<string> {
  let raw: Buffer
  try {
    raw = await readlink(source, { encoding: 'buffer' })
  } catch (cause) {
    throw storageError(cause, 'read', source)
  }
  const target = textOf(raw)
  if (target !== undefined) return target
  const message = `the link ${source} points to a name that is not UTF-8: ${escaped(raw)}`
  throw new Mcp2pError(
    'NAME_NOT_UTF8',
    'usage',
    message,
    'Make it anew with convmv, or leave it out.',
  )
}

async function looked(path: string, look: (path: string) => Promise<Stats>): Promise<Stats> {
  try {
    return await look(path)
  } catch (cause) {
    const isGiven = look === stat
    if (!isGiven || errnoOf(cause) !== 'ENOENT') throw storageError(cause, 'read', path)
    const message = `${path} does not exist`
    throw new Mcp2pError('NOT_FOUND', 'notFound', message, 'Check the path.', cause)
  }
}

function refuseName(folder: string, name: Buffer): never {
  const message = `a name is not UTF-8: ${folder}/${escaped(name)}`
  const hint = 'Rename it (convmv renames whole trees), or leave it out.'
  throw new Mcp2pError('NAME_NOT_UTF8', 'usage', message, hint)
}

/** Bytes as a shell's $'…' would take them. */
function escaped(name: Buffer): string {
  const parts = Array.from(name, byte =>
    byte >= 0x20 && byte < 0x7f
      ? String.fromCharCode(byte)
      : `\\x${byte.toString(16).padStart(2, '0')}`,
  )
  return parts.join('')
}

function oddKind(source: string, stats: Stats): Mcp2pError {
  const kind = stats.isFIFO() ? 'a pipe' : stats.isSocket() ? 'a socket' : 'a device'
  const hint = 'Only files, folders and links can be sent: leave it out.'
  return new Mcp2pError('ODD_KIND', 'usage', `${source} is ${kind}`, hint)
}

function nameless(path: string): Mcp2pError {
  return new Mcp2pError('NAMELESS', 'usage', `${path} has no name`, 'Name the folders in it.')
}

function twice(first: string, second: string): Mcp2pError {
  const message = `${first} and ${second} would have one name at the receivers`
  return new Mcp2pError(
    'NAME_TWICE',
    'usage',
    message,
    'Send the folder that holds both, or one of them.',
  )
}
