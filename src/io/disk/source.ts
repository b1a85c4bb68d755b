// The sender's files, read where they are. Every file is looked at first, so that a missing one is
// known before anybody is told of the transfer; whether its bytes still are the meta's is found by
// whoever hashes what is read.

import { close, constants, fstat, open } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Mcp2pError } from '../../core/base/errors.js'
import type { P2pMeta } from '../../core/meta/p2pmeta.js'
import { errnoOf, stopIfAborted, storageError } from './fault.js'
import { type Handle, Handles, readAt } from './handles.js'
import { inLanes } from './lanes.js'

const openFd = promisify(open)
const closeFd = promisify(close)
const statFd = promisify(fstat)
const HANDLES_MAX = 64
const LOOKS_AT_ONCE = 16

export interface Source {
  /**
   * Reads exactly `into.length` bytes of the file at byte `offset`. Rejects with a `Mcp2pError` that
   * names the file, of exit `storage`: it is gone, became shorter or cannot be read.
   */
  read(file: number, offset: number, into: Uint8Array): Promise<void>
  /** Changes whenever the file's content may have: its inode and times. Rejects as `read` does. */
  stamp(file: number): Promise<string>
  /** The next read opens the file anew: another one may stand under its name by now. */
  reopen(file: number): Promise<void>
  close(): Promise<void>
}

/**
 * @param from the folder that holds the meta's paths, or the path of each file by its index in the
 *   meta (links and folders are never read)
 */
export async function openSource(
  meta: P2pMeta,
  from: string | readonly string[],
  signal?: AbortSignal,
): Promise<Source> {
  const pathOf = (file: number): string =>
    typeof from === 'string' ? join(from, ...meta.files[file].path.split('/')) : from[file]
  await inLanes(meta.files.length, LOOKS_AT_ONCE, async file => {
    stopIfAborted(signal)
    const { size, link, dir } = meta.files[file]
    if (link !== undefined || dir) return
    const path = pathOf(file)
    const status = await stat(path).catch(error => {
      throw isGone(error) ? missing(path, error) : storageError(error, 'read', path)
    })
    if (!status.isFile()) throw changed(path, 'is no regular file')
    needSize(path, status.size, size)
  })
  return new DiskSource(meta, pathOf)
}

class DiskSource implements Source {
  readonly #meta: P2pMeta
  readonly #pathOf: (file: number) => string
  readonly #handles: Handles<number>

  constructor(meta: P2pMeta, pathOf: (file: number) => string) {
    this.#meta = meta
    this.#pathOf = pathOf
    this.#handles = new Handles(HANDLES_MAX, file => openFile(pathOf(file)))
  }

  read(file: number, offset: number, into: Uint8Array): Promise<void> {
    const handle = this.#handles.take(file)
    if (!(handle instanceof Promise)) return this.#get(handle, offset, into)
    return handle.then(
      opened => this.#get(opened, offset, into),
      error => {
        throw sourceError(error, this.#pathOf(file))
      },
    )
  }

  async stamp(file: number): Promise<string> {
    const path = this.#pathOf(file)
    try {
      const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
      needSize(path, Number(size), this.#meta.files[file].size)
      return `${ino} ${mtimeNs} ${ctimeNs}`
    } catch (error) {
      throw sourceError(error, path)
    }
  }

  reopen(file: number): Promise<void> {
    return this.#handles.drop(file)
  }

  close(): Promise<void> {
    return this.#handles.close()
  }

  async #get(handle: Handle<number>, offset: number, into: Uint8Array): Promise<void> {
    try {
      const count = await readAt(handle.fd, into, offset)
      if (count < into.length) throw changed(this.#pathOf(handle.key), 'became shorter')
    } catch (error) {
      throw sourceError(error, this.#pathOf(handle.key))
    } finally {
      this.#handles.give(handle)
    }
  }
}

/** What was a file when it was looked at may be a pipe by now, which nobody may wait for. */
async function openFile(path: string): Promise<number> {
  const fd = await openFd(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  if ((await statFd(fd)).isFile()) return fd
  await closeFd(fd)
  throw changed(path, 'is no regular file any more')
}

function needSize(path: string, bytes: number, wanted: number): void {
  if (bytes !== wanted) throw changed(path, `has ${bytes} bytes, not ${wanted}`)
}

/** After the first look: what is gone by now was taken away during the transfer. */
function sourceError(cause: unknown, path: string): Error {
  return isGone(cause) ? changed(path, 'is gone') : storageError(cause, 'read', path)
}

function isGone(cause: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(errnoOf(cause))
}

function missing(path: string, cause: unknown): Mcp2pError {
  const hint = 'Put it back, or say with --root where the files are.'
  return new Mcp2pError('SOURCE_MISSING', 'notFound', `${path} is missing`, hint, cause)
}

function changed(path: string, how: string): Mcp2pError {
  const hint = 'It changed after the meta was made: restore it, or make the meta again.'
  return new Mcp2pError('SOURCE_CHANGED', 'storage', `${path} ${how}`, hint)
}
