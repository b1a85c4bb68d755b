// The folder `.mcp2p-<id8>` inside the destination: unfinished files, one part each, named by their
// number in the meta, beside the journal and the lock. It is on the destination's filesystem, so a
// finished file is renamed into place, and it goes when the transfer is complete.
//
// A part of several blocks is longer than its file from the beginning, by a byte that nobody writes:
// whoever cuts it while we write takes that byte, and no later write of ours brings it back. So one
// look at its length tells whether it has a hole that we did not leave. One block is written at once.

import { constants, fstat, fsync, ftruncate, open } from 'node:fs'
import { chmod, lstat, mkdir, readdir, rmdir, stat, unlink } from 'node:fs/promises'
import { promisify } from 'node:util'
import { Mcp2pError } from '../../core/base/errors.js'
import { BLOCK_BYTES } from '../../core/base/limits.js'
import type { MetaFile } from '../../core/meta/p2pmeta.js'
import type { Confine } from './confine.js'
import { errnoOf, storageError } from './fault.js'
import { closeFile } from './handles.js'
import { JOURNAL_DRAFT, JOURNAL_NAME } from './journal.js'
import { NODE_NAME } from './node.js'

const openFd = promisify(open)
const fsyncFd = promisify(fsync)
const statFd = promisify(fstat)
const truncateFd = promisify(ftruncate)

const MEDDLED = 'MEDDLED'

/** A part that a former run left: its length, and what it takes on the disk. */
export interface Part {
  readonly sizeBytes: number
  readonly allocatedBytes: number
}

/** Name of the folder below the destination. */
export function partsFolder(id: string): string {
  return `.mcp2p-${id.slice(0, 8)}`
}

export class Parts {
  /** What the system finds the folder by, whatever happens to its name. */
  readonly folder: string
  /** The same for every process that uses the same folder. */
  readonly identity: string
  readonly #confine: Confine
  readonly #name: string
  readonly #fd: number | undefined

  private constructor(
    confine: Confine,
    name: string,
    folder: string,
    identity: string,
    fd?: number,
  ) {
    this.#confine = confine
    this.#name = name
    this.folder = folder
    this.identity = identity
    this.#fd = fd
  }

  static async open(confine: Confine, id: string): Promise<Parts> {
    const name = partsFolder(id)
    const parts = await confine.at(name, 'make', async location => {
      try {
        await mkdir(location, { mode: 0o700 }).catch(error => {
          if (errnoOf(error) !== 'EEXIST') throw error
        })
        // A link or a file under this name is an error here: nothing is written through it.
        const flags =
          constants.O_RDONLY | (constants.O_DIRECTORY ?? 0) | (constants.O_NOFOLLOW ?? 0)
        if (!location.startsWith('/proc/')) {
          const { dev, ino } = await lstat(location)
          return new Parts(confine, name, location, `${dev}:${ino}`)
        }
        const fd = await openFd(location, flags)
        const { dev, ino } = await stat(`/proc/self/fd/${fd}/.`)
        return new Parts(confine, name, `/proc/self/fd/${fd}`, `${dev}:${ino}`, fd)
      } catch (error) {
        throw storageError(error, 'make the folder', name)
      }
    })
    return parts!
  }

  pathOf(file: number): string {
    return `${this.folder}/${file}.part`
  }

  /**
   * A descriptor to read and write the file's part, for the first time in this run: made when none was
   * `left`, and as long as it has to be.
   */
  async beginPart(file: number, meta: MetaFile, left: Part | undefined): Promise<number> {
    const fd = await this.#openPart(file, left === undefined ? constants.O_CREAT : 0)
    try {
      if (left !== undefined && (await statFd(fd)).size !== left.sizeBytes) throw meddled(meta.path)
      if (left !== undefined || isGuarded(meta.size)) await truncateFd(fd, partBytesOf(meta.size))
      return fd
    } catch (error) {
      await closeFile(fd)
      throw error
    }
  }

  /** The same, of a part that was begun. */
  openPart(file: number): Promise<number> {
    return this.#openPart(file, 0)
  }

  #openPart(file: number, flags: number): Promise<number> {
    return openFd(this.pathOf(file), flags | constants.O_RDWR | (constants.O_NOFOLLOW ?? 0), 0o600)
  }

  /**
   * Gives the part, open as `fd` and all there, the length of its file. Throws `MEDDLED` when somebody
   * cut it before us, or when its name leads to something else.
   */
  async sealPart(file: number, fd: number, meta: MetaFile): Promise<void> {
    const { size, ino } = await statFd(fd)
    if (size !== partBytesOf(meta.size)) throw meddled(meta.path)
    if (!isGuarded(meta.size)) return
    if ((await lstat(this.pathOf(file))).ino !== ino) throw meddled(meta.path)
    await truncateFd(fd, meta.size)
  }

  /**
   * Parts of a former run, by file number; each is writable afterwards. What has a part's name but is
   * no file of its own (a link, symbolic or hard, would have us write elsewhere) is removed.
   */
  async list(fileCount: number): Promise<Map<number, Part>> {
    const found = new Map<number, Part>()
    for (const name of await readdir(this.folder)) {
      const file = Number(/^(0|[1-9][0-9]*)\.part$/.exec(name)?.[1])
      if (!Number.isSafeInteger(file) || file >= fileCount) continue
      const status = await lstat(this.pathOf(file))
      if (!status.isFile() || status.nlink > 1) {
        await unlink(this.pathOf(file))
        continue
      }
      // A crash between chmod and rename leaves the mode of the final file, maybe read-only.
      if ((status.mode & 0o600) !== 0o600) await chmod(this.pathOf(file), 0o600)
      const allocatedBytes = status.blocks === undefined ? status.size : status.blocks * 512
      found.set(file, { sizeBytes: status.size, allocatedBytes })
    }
    return found
  }

  /** Makes the names of new parts durable. */
  async sync(): Promise<void> {
    if (this.#fd !== undefined) await fsyncFd(this.#fd)
  }

  async discard(file: number): Promise<void> {
    await unlink(this.pathOf(file)).catch(error => {
      if (errnoOf(error) !== 'ENOENT') throw error
    })
  }

  /** A later run looks at the parts instead. */
  async forgetJournal(): Promise<void> {
    await unlink(`${this.folder}/${JOURNAL_NAME}`).catch(() => {})
  }

  /** Removes parts, journal and name, everything that is ours but locks. */
  async clear(): Promise<void> {
    for (const name of await readdir(this.folder)) {
      const ours = [JOURNAL_NAME, JOURNAL_DRAFT, NODE_NAME]
      if (!/^\d+\.(part|link)$/.test(name) && !ours.includes(name)) continue
      await unlink(`${this.folder}/${name}`)
    }
  }

  /** Closes the folder and removes it when nothing is left in it but a name. */
  async close(): Promise<void> {
    const left = await readdir(this.folder).catch(() => [])
    if (left.every(name => name === NODE_NAME))
      await unlink(`${this.folder}/${NODE_NAME}`).catch(() => {})
    if (this.#fd !== undefined) await closeFile(this.#fd)
    await this.#confine.at(this.#name, 'make', location => rmdir(location)).catch(() => {})
  }
}

/** Bytes that the part of a file of `fileBytes` has, when nobody cuts it. */
export function partBytesOf(fileBytes: number): number {
  return isGuarded(fileBytes) ? fileBytes + 1 : fileBytes
}

function isGuarded(fileBytes: number): boolean {
  return fileBytes > BLOCK_BYTES
}

/** What is said when another program changed what was received. */
export function meddled(path: string): Mcp2pError {
  const message = `something else changed ${path} while it was received`
  const hint = 'Find out what it was, then run the same command again: it fetches what is wrong.'
  return new Mcp2pError(MEDDLED, 'storage', message, hint)
}

/** Whether somebody else changed a part. */
export function isMeddled(error: unknown): error is Mcp2pError {
  return error instanceof Mcp2pError && error.code === MEDDLED
}
