// What a command is pointed at: paths of this machine, links and ids, told apart before anything is
// opened, so that a slip of the pen is an answer in milliseconds rather than a search for a swarm.

import { stat } from 'node:fs/promises'
import { Mcp2pError } from '../../core/base/errors.js'
import { parseLink } from '../../engine/link.js'
import type { ReceiveSource, SendSource } from './engine.js'
import { printable } from './text.js'

const ID_CHARS = 64
const ID_CHARS_MIN = 8

/** `recv`'s argument. Throws errors of exit `notFound` and `usage`. */
export async function receiveSource(argument: string | undefined): Promise<ReceiveSource> {
  if (argument === undefined) return {}
  const kind = await kindOf(argument)
  if (kind === 'folder') throw notAMeta(argument, 'is a folder')
  if (kind !== undefined) return { meta: argument }
  if (/^mcp2p:/i.test(argument)) {
    const link = parseLink(argument)
    if (link !== undefined) return { link }
    throw new Mcp2pError(
      'LINK_INVALID',
      'usage',
      `not a link: ${shown(argument)}`,
      'Copy it whole and in quotes: mcp2p: and 64 hex digits, then perhaps ?m=host:port&n=name.',
    )
  }
  if (argument.endsWith('.p2pmeta')) throw noSuchFile(argument)
  if (/^[0-9a-f]+$/i.test(argument) && argument.length <= ID_CHARS) {
    if (argument.length >= ID_CHARS_MIN) return { id: argument.toLowerCase() }
    throw new Mcp2pError(
      'ID_SHORT',
      'usage',
      `the id "${argument}" is too short to be sure`,
      `Give at least its first ${ID_CHARS_MIN} digits.`,
    )
  }
  throw new Mcp2pError(
    'SOURCE_UNKNOWN',
    'notFound',
    `neither a file nor a link nor an id: ${shown(argument)}`,
    'Give a .p2pmeta, the mcp2p: link or the id that the sender printed, or nothing at all.',
  )
}

/** `send`'s arguments: one `.p2pmeta`, or paths. Throws errors of exit `notFound` and `usage`. */
export async function sendSource(paths: readonly string[]): Promise<SendSource> {
  for (const path of paths) {
    const kind = await kindOf(path)
    if (kind === undefined) throw noSuchFile(path)
    if (kind === 'folder' || !path.endsWith('.p2pmeta')) continue
    if (paths.length === 1) return { meta: path }
    throw new Mcp2pError(
      'USAGE',
      'usage',
      `${shown(path)} cannot be sent together with other paths`,
      'Send one .p2pmeta, or paths without one.',
    )
  }
  return { paths: [...paths] }
}

/** Throws errors of exit `notFound`, `usage`, `storage` unless there is such a file. */
export async function needMetaFile(path: string): Promise<void> {
  const kind = await kindOf(path)
  if (kind === undefined) throw noSuchFile(path)
  if (kind === 'folder') throw notAMeta(path, 'is a folder')
}

/** Throws an error of exit `notFound` unless there is such a folder. */
export async function needFolder(path: string): Promise<void> {
  const kind = await kindOf(path)
  if (kind === 'folder') return
  throw new Mcp2pError(
    'NOT_FOUND',
    'notFound',
    kind === undefined ? `no such folder: ${shown(path)}` : `not a folder: ${shown(path)}`,
    'Check the path.',
  )
}

/** Throws an error of exit `notFound` unless there is something at each path. */
export async function needPaths(paths: readonly string[]): Promise<void> {
  for (const path of paths) if ((await kindOf(path)) === undefined) throw noSuchFile(path)
}

/** What there is under a name; a pipe counts as a device. */
export async function kindOf(path: string): Promise<'file' | 'folder' | 'device' | undefined> {
  try {
    const status = await stat(path)
    return status.isDirectory() ? 'folder' : status.isFile() ? 'file' : 'device'
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return undefined
    throw unreadable(path, error)
  }
}

function noSuchFile(path: string): Mcp2pError {
  return new Mcp2pError(
    'NOT_FOUND',
    'notFound',
    `no such file: ${shown(path)}`,
    'Check the path; it is looked up from the current folder.',
  )
}

function notAMeta(path: string, why: string): Mcp2pError {
  return new Mcp2pError(
    'NOT_A_META',
    'usage',
    `not a .p2pmeta: ${shown(path)} ${why}`,
    'Give the file that `mcp2p meta` wrote.',
  )
}

function unreadable(path: string, error: unknown): Mcp2pError {
  const code = (error as NodeJS.ErrnoException).code ?? String(error)
  return new Mcp2pError(
    'UNREADABLE',
    'storage',
    `cannot read ${shown(path)} (${code})`,
    'Check its permissions and those of the folders above it.',
    error,
  )
}

/** As it may stand in a message, where nothing would look like a mistake of ours. */
function shown(path: string): string {
  return path === '' ? '""' : printable(path)
}
