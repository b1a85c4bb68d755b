// The folder `.mcp2p-<id8>` inside the destination: unfinished files, one part each, named by their
// number in the meta, beside the journal and the lock. It is on the destination's filesystem, so a
// finished file is renamed into place, and it goes when the transfer is complete.

import { constants, fsync, open } from 'node:fs'
import { chmod, lstat, mkdir, readdir, rmdir, stat, unlink } from 'node:fs/promises'
import { promisify } from 'node:util'
import { BLOCK_BYTES } from '../../core/base/limits.js'
import type { Confine } from './confine.js'
import { errnoOf, storageError } from './fault.js'
import { closeFile } from './handles.js'
import { JOURNAL_DRAFT, JOURNAL_NAME } from './journal.js'
import { NODE_NAME } from './node.js'

const openFd = promisify(open)
const fsyncFd = promisify(fsync)

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

  /** A descriptor to read and write the file's part, made empty when `make` and there is none. */
  openPart(file: number, make: boolean): Promise<number> {
    const flags = constants.O_RDWR | (constants.O_NOFOLLOW ?? 0) | (make ? constants.O_CREAT : 0)
    return openFd(this.pathOf(file), flags, 0o600)
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

/** Blocks of a file that lie wholly within the first `sizeBytes` of its part. */
export function blocksWithin(sizeBytes: number, fileBytes: number): number {
  return sizeBytes >= fileBytes
    ? Math.ceil(fileBytes / BLOCK_BYTES)
    : Math.floor(sizeBytes / BLOCK_BYTES)
}
