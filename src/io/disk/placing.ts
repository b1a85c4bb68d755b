// How a thing gets its final name: content durable first, then mode and time, then the rename. A
// name that is taken meanwhile stays as it is unless the user said otherwise.

import { constants, fchmod, fsync, futimes, open } from 'node:fs'
import { lstat, lutimes, mkdir, rename, symlink, unlink } from 'node:fs/promises'
import { promisify } from 'node:util'
import { Mcp2pError } from '../../core/base/errors.js'
import type { MetaFile } from '../../core/meta/p2pmeta.js'
import { errnoOf } from './fault.js'
import { closeFile } from './handles.js'

const openFd = promisify(open)
const chmodFd = promisify(fchmod)
const utimesFd = promisify(futimes)
const fsyncFd = promisify(fsync)

/** Mode and modification time of an open file or folder. */
export async function dress(fd: number, file: MetaFile): Promise<void> {
  await chmodFd(fd, file.mode & 0o777)
  await utimesFd(fd, secondsOf(file.mtime), secondsOf(file.mtime))
}

/** The same for something that stood there before; who does not own it may not change it. */
export async function dressStanding(location: string, file: MetaFile): Promise<void> {
  const folder = file.dir ? (constants.O_DIRECTORY ?? 0) : 0
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | (constants.O_NOFOLLOW ?? 0) | folder
  try {
    const fd = await openFd(location, flags)
    try {
      await dress(fd, file)
      if (!file.dir) await fsyncFd(fd)
    } finally {
      await closeFile(fd)
    }
  } catch (error) {
    // Its content is right, and that is what counts; `verify` names the difference.
    if (!['EPERM', 'EACCES', 'EROFS'].includes(errnoOf(error))) throw error
  }
}

/** Renames `from` to `location`. */
export async function place(
  from: string,
  location: string,
  file: MetaFile,
  overwrite: boolean,
): Promise<void> {
  if (!overwrite && (await exists(location))) throw existing(file.path, 1)
  await rename(from, location)
}

/** Makes a link at `draft` and moves it to `location`, so that it replaces what may be there. */
export async function placeLink(
  draft: string,
  location: string,
  file: MetaFile,
  overwrite: boolean,
): Promise<void> {
  await unlink(draft).catch(() => {})
  await symlink(file.link!, draft)
  const seconds = secondsOf(file.mtime)
  await lutimes(draft, seconds, seconds).catch(() => {}) // not every filesystem keeps it
  await place(draft, location, file, overwrite)
}

/** Makes a folder and dresses it; a file under its name goes only when `overwrite` says so. */
export async function placeFolder(
  location: string,
  file: MetaFile,
  overwrite: boolean,
): Promise<void> {
  try {
    await mkdir(location)
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error
    if (!(await lstat(location)).isDirectory()) {
      if (!overwrite) throw existing(file.path, 1)
      await unlink(location)
      await mkdir(location)
    }
  }
  await dressStanding(location, file)
}

/** What a destination says that holds something else under the names of a transfer. */
export function existing(path: string, count: number): Mcp2pError {
  const message =
    count === 1
      ? `${path} exists and is different`
      : `${count} files exist and are different, the first is ${path}`
  const hint = 'Nothing was changed. Choose another folder, or replace with --overwrite.'
  return new Mcp2pError('EXISTS', 'storage', message, hint)
}

async function exists(location: string): Promise<boolean> {
  try {
    await lstat(location)
    return true
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false
    throw error
  }
}

/** Half a microsecond more, for the system cuts a floating number of seconds off at microseconds. */
function secondsOf(millis: number): number {
  return (millis + 0.0005) / 1000
}
