// Never outside of the destination, whatever was planted in it. Node has no openat, but Linux has
// /proc/self/fd/N/name: folders are opened one component at a time without following links, and
// everything happens relative to the descriptor of the last one, so that a folder which becomes a
// link in between changes nothing. Whoever writes goes down anew: a folder that was open from before
// may have been moved out, and a link may stand where it was. Only who comes while others are at work
// in the same folder, and went there a moment ago, goes with them: small files come by the thousand,
// and most of what they cost was the way. Elsewhere every component is looked at before each use,
// which leaves a moment between the look and the use.

import { constants, existsSync, fsync, open } from 'node:fs'
import { lstat, mkdir, realpath, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { Mcp2pError } from '../../core/base/errors.js'
import { errnoOf, storageError } from './fault.js'
import { closeFile, Handles } from './handles.js'

const openFd = promisify(open)
const fsyncFd = promisify(fsync)
const FOLDERS_MAX = 32
/** Whoever went down to a folder longer ago takes nobody with him. */
const COMPANY_MILLIS = 20

/** Opens a folder and never what a link points to. */
const FOLDER = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0) | (constants.O_NOFOLLOW ?? 0)

/** A folder that somebody works in. */
interface Visit {
  readonly fd: Promise<number>
  readonly since: number
  users: number
}

/** `look` finds missing parents missing; `make` makes them. */
export type Parents = 'look' | 'make'

export class Confine {
  readonly dir: string
  readonly #base: string
  readonly #rootFd: number | undefined
  /** For looking only. */
  readonly #folders: Handles<string>
  /** Where somebody makes something, by path. */
  readonly #visits = new Map<string, Visit>()
  /** Folders whose entries changed since the last `sync`; '' is the destination itself. */
  readonly #changed = new Set<string>()
  /** Folders known to be missing, so that a tree that isn't there costs one look. */
  readonly #missing = new Set<string>()

  private constructor(dir: string, rootFd: number | undefined) {
    this.dir = dir
    this.#rootFd = rootFd
    this.#base = rootFd === undefined ? dir : `/proc/self/fd/${rootFd}`
    this.#folders = new Handles(FOLDERS_MAX, path => this.#descend(path, false))
  }

  /**
   * @param dir made when it is missing; links on the way *to* it are the user's own and followed
   * @param byDescriptor whether the system has names for open folders
   */
  static async open(dir: string, byDescriptor = existsSync('/proc/self/fd')): Promise<Confine> {
    try {
      await makeAll(dir)
      const real = await realpath(dir)
      if (!byDescriptor) return new Confine(real, undefined)
      return new Confine(real, await openFd(real, FOLDER))
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') throw unmakeable(dir, error)
      throw storageError(error, 'use the folder', dir)
    }
  }

  /**
   * Calls `work` with a name under which the system finds `path` (relative, `/`), and nothing else.
   * `work` must not follow the last component. Undefined when a parent is missing and not made.
   * Rejects with `IN_THE_WAY` when a parent is a link or no folder.
   */
  async at<T>(
    path: string,
    parents: Parents,
    work: (location: string) => Promise<T>,
  ): Promise<T | undefined> {
    const cut = path.lastIndexOf('/')
    const parent = path.slice(0, Math.max(0, cut))
    const name = path.slice(cut + 1)
    if (parents === 'look' && this.#isMissing(parent)) return undefined
    try {
      if (parent === '') return await work(`${this.#base}/${name}`)
      if (this.#rootFd === undefined) {
        await this.#lookDown(parent, parents === 'make')
        return await work(join(this.dir, path))
      }
      const there = (fd: number) => work(`/proc/self/fd/${fd}/${name}`)
      if (parents === 'look') return await this.#folders.with(parent, there)
      return await this.#visit(parent, there)
    } catch (error) {
      if (parents === 'look' && errnoOf(error) === 'ENOENT' && this.#isMissing(parent))
        return undefined
      throw error
    } finally {
      // Only now: a sync that began during the work has not made durable what the work did.
      if (parents === 'make') this.#changed.add(parent)
    }
  }

  /** Makes changed folders durable. */
  async sync(): Promise<void> {
    const changed = [...this.#changed]
    this.#changed.clear()
    for (const path of changed) {
      try {
        if (path === '') await this.#syncRoot()
        else if (this.#rootFd !== undefined) await using(await this.#descend(path, false), fsyncFd)
        else await syncFolder(join(this.dir, path))
      } catch (error) {
        // Another program took the folder away: there is nothing left in it to make durable.
        if (errnoOf(error) === 'ENOENT') continue
        this.#changed.add(path)
        throw storageError(error, 'sync the folder', path === '' ? this.dir : path)
      }
    }
  }

  /** Whether the destination's name still leads to it. */
  async isInPlace(): Promise<boolean> {
    if (this.#rootFd === undefined) return isFolder(this.dir)
    const [named, own] = await Promise.all([
      stat(this.dir).catch(() => undefined),
      stat(`${this.#base}/.`),
    ])
    return named?.ino === own.ino && named.dev === own.dev
  }

  async close(): Promise<void> {
    await this.#folders.close()
    if (this.#rootFd !== undefined) await closeFile(this.#rootFd)
  }

  #syncRoot(): Promise<void> {
    return this.#rootFd === undefined ? syncFolder(this.dir) : fsyncFd(this.#rootFd)
  }

  /** Works in a folder, reached now or with others a moment ago; the last to leave closes it. */
  async #visit<T>(path: string, work: (fd: number) => Promise<T>): Promise<T> {
    const now = performance.now()
    let visit = this.#visits.get(path)
    if (visit === undefined || now - visit.since > COMPANY_MILLIS) {
      visit = { fd: this.#reach(path), since: now, users: 0 }
      this.#visits.set(path, visit)
    }
    visit.users++
    try {
      return await work(await visit.fd)
    } finally {
      if (--visit.users === 0) {
        if (this.#visits.get(path) === visit) this.#visits.delete(path)
        await visit.fd.then(closeFile, () => {})
      }
    }
  }

  /** As `#descend`, and makes what is missing on the way. */
  async #reach(path: string): Promise<number> {
    try {
      return await this.#descend(path, false)
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error
      this.#missing.clear()
      return await this.#descend(path, true)
    }
  }

  /** The descriptor of a folder below the destination, reached without following links. */
  async #descend(path: string, make: boolean): Promise<number> {
    let fd = this.#rootFd!
    let gone = ''
    try {
      for (const name of path.split('/')) {
        const location = `/proc/self/fd/${fd}/${name}`
        if (make) await this.#makeOne(location, gone)
        gone = gone === '' ? name : `${gone}/${name}`
        const next = await openFd(location, FOLDER)
        if (fd !== this.#rootFd) await closeFile(fd)
        fd = next
      }
      return fd
    } catch (error) {
      if (fd !== this.#rootFd) await closeFile(fd)
      const errno = errnoOf(error)
      if (errno === 'ENOENT') this.#missing.add(gone)
      if (errno === 'ENOTDIR' || errno === 'ELOOP') throw inTheWay(gone, this.dir)
      throw error
    }
  }

  async #makeOne(location: string, parent: string): Promise<void> {
    try {
      await mkdir(location)
      this.#changed.add(parent)
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error
    }
  }

  async #lookDown(path: string, make: boolean): Promise<void> {
    let reached = ''
    for (const name of path.split('/')) {
      const parent = reached
      reached = reached === '' ? name : `${reached}/${name}`
      if (make) {
        this.#missing.clear()
        await this.#makeOne(join(this.dir, reached), parent)
      }
      try {
        const stat = await lstat(join(this.dir, reached))
        if (!stat.isDirectory()) throw inTheWay(reached, this.dir)
      } catch (error) {
        if (errnoOf(error) === 'ENOENT') this.#missing.add(reached)
        throw error
      }
    }
  }

  #isMissing(path: string): boolean {
    if (this.#missing.size === 0 || path === '') return false
    if (this.#missing.has(path)) return true
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1))
      if (this.#missing.has(path.slice(0, at))) return true
    return false
  }
}

/** Node's own recursion never ends where a filesystem says ENOENT to every mkdir, as /proc does. */
async function makeAll(dir: string): Promise<void> {
  try {
    await make(dir)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' || dirname(dir) === dir) throw error
    await makeAll(dirname(dir))
    await make(dir)
  }
}

function unmakeable(dir: string, cause: unknown): Mcp2pError {
  const message = `cannot make the folder ${dir}: the filesystem takes none there`
  return new Mcp2pError('NAME_REFUSED', 'storage', message, 'Choose another folder.', cause)
}

/** Makes one folder; another process may do so at the same time. */
async function make(dir: string): Promise<void> {
  await mkdir(dir).catch(async error => {
    if (!(await isFolder(dir))) throw error
  })
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    status => status.isDirectory(),
    () => false,
  )
}

async function using<T>(fd: number, work: (fd: number) => Promise<T>): Promise<T> {
  try {
    return await work(fd)
  } finally {
    await closeFile(fd)
  }
}

/** Makes a folder's entries durable, where the system knows how to. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  await using(await openFd(path, constants.O_RDONLY), fsyncFd)
}

function inTheWay(path: string, dir: string): Mcp2pError {
  return new Mcp2pError(
    'IN_THE_WAY',
    'storage',
    `${path} in ${dir} is a link or a file where a folder should be`,
    'Move it away or choose another folder: nothing is written through links.',
  )
}
