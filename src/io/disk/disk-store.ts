// The receiver's disk: blocks land in part files, what is verified is journalled, a finished file is
// renamed into place. Nothing that stood there before is replaced unless the user says so, nothing is
// written outside of the destination, and the journal never claims what may not be on the disk.

import { constants, fdatasync, fsync, open } from 'node:fs'
import { lstat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { assert } from '../../core/base/assert.js'
import { Bitmap } from '../../core/base/bitmap.js'
import { Mcp2pError } from '../../core/base/errors.js'
import { BLOCK_BYTES } from '../../core/base/limits.js'
import type { P2pMeta } from '../../core/meta/p2pmeta.js'
import type { ChunkStore } from '../../ports.js'
import type { Confine } from './confine.js'
import { errnoOf, storageError } from './fault.js'
import { type Handle, Handles, readAt } from './handles.js'
import { writeSparse } from './holes.js'
import { encodeJournal, writeJournal } from './journal.js'
import { inLanes } from './lanes.js'
import type { Lock } from './lock.js'
import { isMeddled, meddled, type Part, type Parts } from './parts.js'
import { dress, dressStanding, place, placeFolder, placeLink } from './placing.js'
import type { Standing } from './present.js'

const openFd = promisify(open)
const datasyncFd = promisify(fdatasync)
const syncFd = promisify(fsync)

/** Small files stay open from their first byte to their name. */
const HANDLES_MAX = 256
const SYNCS_AT_ONCE = 8
const PLACINGS_AT_ONCE = 16

/** Where a file's bytes are: in its part, on their way, or under the final name. */
const PART = 0
const MOVING = 1
const FINAL = 2

export interface DiskOptions {
  readonly meta: P2pMeta
  readonly blockCount: number
  readonly overwrite: boolean
  readonly confine: Confine
  readonly parts: Parts
  readonly lock: Lock
  readonly standing: Standing
  /** Parts that a former run left, as they were found. */
  readonly left: ReadonlyMap<number, Part>
  /** Files with parts that a former run wrote, and perhaps did not sync. */
  readonly unsynced: Iterable<number>
}

export class DiskStore implements ChunkStore {
  readonly #meta: P2pMeta
  readonly #blockCount: number
  readonly #overwrite: boolean
  readonly #confine: Confine
  readonly #parts: Parts
  readonly #lock: Lock
  readonly #left: ReadonlyMap<number, Part>
  readonly #state: Uint8Array
  /** Parts that were opened in this run. */
  readonly #begun: Bitmap
  /** Files being finished; each resolves, never rejects, when that is over. */
  readonly #finishing = new Map<number, Promise<void>>()
  readonly #handles: Handles<number>
  /** Files written since their last sync. */
  readonly #dirty: Set<number>
  /** Right before we came; all they may need is mode and time. */
  readonly #right: ReadonlySet<number>
  readonly #unlike: ReadonlySet<number>
  /** Syncs and journals one after another: one that returns early must not speak for another. */
  #turn: Promise<unknown> = Promise.resolve()
  /**
   * A sync that failed may have lost what it should have kept, and the next one would not know
   * (fsync(2)): from then on no journal is written, the last one stands. After a part that somebody else
   * changed there is none.
   */
  #fault: Error | undefined
  #completed = false
  #closed: Promise<void> | undefined

  /** Takes over `confine`, `parts` and `lock`, and gives them back at its end. */
  constructor(options: DiskOptions) {
    const { meta, standing } = options
    this.#meta = meta
    this.#blockCount = options.blockCount
    this.#overwrite = options.overwrite
    this.#confine = options.confine
    this.#parts = options.parts
    this.#lock = options.lock
    this.#right = standing.right
    this.#unlike = standing.unlike
    this.#left = options.left
    this.#state = new Uint8Array(meta.files.length)
    this.#begun = new Bitmap(meta.files.length)
    for (const file of standing.right) this.#state[file] = FINAL
    this.#dirty = new Set(options.unsynced)
    this.#handles = new Handles(HANDLES_MAX, file => this.#open(file))
  }

  read(file: number, offset: number, into: Uint8Array): Promise<void> {
    if (this.#state[file] === MOVING) return this.#readAfter(file, offset, into)
    const handle = this.#handles.take(file)
    return handle instanceof Promise
      ? handle.then(opened => this.#get(opened, offset, into), this.#failed(file, 'open'))
      : this.#get(handle, offset, into)
  }

  write(file: number, offset: number, parts: readonly Uint8Array[]): Promise<void> {
    assert(this.#state[file] === PART, 'writes go to unfinished files')
    const handle = this.#handles.take(file)
    return handle instanceof Promise
      ? handle.then(opened => this.#put(opened, offset, parts), this.#failed(file, 'open'))
      : this.#put(handle, offset, parts)
  }

  sync(): Promise<void> {
    return this.#inTurn(() => this.#syncDirty())
  }

  finish(file: number): Promise<void> {
    assert(this.#state[file] === PART && !this.#finishing.has(file), 'a file is finished once')
    const finished = this.#finish(file)
    const over = finished.catch(() => {}).then(() => void this.#finishing.delete(file))
    this.#finishing.set(file, over)
    return finished
  }

  saveJournal(bitmap: Uint8Array): Promise<void> {
    if (this.#completed) return Promise.resolve()
    const bytes = encodeJournal(this.#meta.id, this.#blockCount, bitmap)
    return this.#inTurn(async () => {
      if (this.#completed) return
      await this.#syncDirty()
      try {
        await this.#confine.sync()
        await this.#parts.sync()
        await writeJournal(this.#parts.folder, bytes)
      } catch (error) {
        throw storageError(error, 'keep the journal of', this.#meta.name)
      }
    })
  }

  complete(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#completed) return
      const { files } = this.#meta
      await inLanes(files.length, PLACINGS_AT_ONCE, file => this.#placeRest(file))
      // Folders last and the deepest first: what is put into a folder changes its time.
      for (let file = files.length - 1; file >= 0; file--) {
        if (files[file].dir) await this.#placeFolder(file)
      }
      await this.#confine.sync()
      if (!(await this.#confine.isInPlace())) throw meddled(this.#confine.dir)
      await this.#parts.clear().catch(error => {
        throw storageError(error, 'clear the parts of', this.#meta.name)
      })
      this.#completed = true
      await this.#leave()
      await this.#confine.sync()
    })
  }

  close(): Promise<void> {
    this.#closed ??= this.#inTurn(async () => {
      await Promise.all(this.#finishing.values())
      await this.#handles.close()
      if (!this.#completed) await this.#leave()
      await this.#confine.close()
    })
    return this.#closed
  }

  // ---- reading and writing

  async #open(file: number): Promise<number> {
    if (this.#closed !== undefined) {
      const hint = 'Run the same command again: it goes on where it stopped.'
      throw new Mcp2pError('CLOSED', 'interrupted', 'the destination is closed', hint)
    }
    if (this.#state[file] !== FINAL) {
      try {
        return await this.#openPart(file)
      } catch (error) {
        // It got its final name a moment ago.
        if (this.#state[file] === PART || errnoOf(error) !== 'ENOENT') throw error
      }
    }
    const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
    const { path } = this.#meta.files[file]
    const fd = await this.#confine.at(path, 'look', location => openFd(location, flags))
    if (fd !== undefined) return fd
    throw Object.assign(new Error('a parent folder is gone'), { code: 'ENOENT' })
  }

  async #openPart(file: number): Promise<number> {
    if (this.#begun.has(file)) return this.#parts.openPart(file)
    const fd = await this.#parts.beginPart(file, this.#meta.files[file], this.#left.get(file))
    this.#begun.add(file)
    return fd
  }

  async #readAfter(file: number, offset: number, into: Uint8Array): Promise<void> {
    await this.#finishing.get(file)
    return this.read(file, offset, into)
  }

  async #get(handle: Handle<number>, offset: number, into: Uint8Array): Promise<void> {
    const { path } = this.#meta.files[handle.key]
    try {
      const count = await readAt(handle.fd, into, offset)
      if (count === into.length) return
      const hint = 'Something cut it off meanwhile; run the same command again to repair it.'
      throw new Mcp2pError('VANISHED', 'storage', `${path} is shorter than it was`, hint)
    } catch (error) {
      throw storageError(error, 'read', path)
    } finally {
      this.#handles.give(handle)
    }
  }

  async #put(handle: Handle<number>, offset: number, parts: readonly Uint8Array[]): Promise<void> {
    try {
      await writeSparse(handle.fd, parts, offset)
    } catch (error) {
      throw storageError(error, 'write', this.#meta.files[handle.key].path)
    } finally {
      // After the write, so that a sync under way cannot take this for synced.
      this.#dirty.add(handle.key)
      this.#handles.give(handle)
    }
  }

  #failed(file: number, doing: string): (error: unknown) => never {
    return error => {
      throw storageError(error, doing, this.#meta.files[file].path)
    }
  }

  // ---- durable

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work, work)
    this.#turn = turn.catch(() => {})
    return turn
  }

  async #syncDirty(): Promise<void> {
    if (this.#fault) throw this.#fault
    const files = [...this.#dirty]
    await inLanes(files.length, SYNCS_AT_ONCE, async at => {
      const file = files[at]
      // A file that moves is synced by then: the move begins with that.
      if (this.#state[file] !== PART) return
      this.#dirty.delete(file)
      try {
        await this.#handles.with(file, fd => datasyncFd(fd))
      } catch (error) {
        this.#fault = storageError(error, 'sync', this.#meta.files[file].path)
        throw this.#fault
      }
    })
  }

  // ---- final names

  /** Mode, time and content of a part, durable. */
  async #seal(file: number): Promise<void> {
    const meta = this.#meta.files[file]
    await this.#handles.with(file, async fd => {
      await this.#parts.sealPart(file, fd, meta)
      await dress(fd, meta)
      // An empty file has nothing to lose: its folder is synced with all the others.
      if (meta.size > 0) await syncFd(fd)
    })
    this.#dirty.delete(file)
  }

  /** What is in the journals is not on the disk: a later run shall look for itself. */
  async #distrust(fault: Error): Promise<void> {
    this.#fault ??= fault
    await this.#inTurn(() => this.#parts.forgetJournal())
  }

  async #finish(file: number): Promise<void> {
    const meta = this.#meta.files[file]
    try {
      await this.#seal(file)
      this.#state[file] = MOVING
      await this.#handles.drop(file)
      await this.#confine.at(meta.path, 'make', location =>
        place(this.#parts.pathOf(file), location, meta, this.#overwrite),
      )
      this.#state[file] = FINAL
    } catch (error) {
      this.#state[file] = PART
      if (isMeddled(error)) await this.#distrust(error)
      throw storageError(error, 'finish', meta.path)
    }
  }

  /**
   * Empty files and links, and the mode and time of files that were here before. What has had its
   * final name for hours may be gone again; small files are too many to look at each.
   */
  async #placeRest(file: number): Promise<void> {
    const meta = this.#meta.files[file]
    if (meta.dir) return
    try {
      if (meta.size > BLOCK_BYTES) {
        const status = await this.#confine.at(meta.path, 'look', location => lstat(location))
        if (!status?.isFile() || status.size !== meta.size) throw meddled(meta.path)
      }
      if (this.#right.has(file)) {
        if (this.#unlike.has(file))
          await this.#confine.at(meta.path, 'make', location => dressStanding(location, meta))
      } else if (meta.link !== undefined) {
        const draft = `${this.#parts.folder}/${file}.link`
        await this.#confine.at(meta.path, 'make', location =>
          placeLink(draft, location, meta, this.#overwrite),
        )
      } else if (this.#state[file] !== FINAL) {
        assert(meta.size === 0, 'files with content are finished before')
        await this.finish(file)
      }
    } catch (error) {
      throw storageError(error, 'make', meta.path)
    }
  }

  async #placeFolder(file: number): Promise<void> {
    const meta = this.#meta.files[file]
    try {
      await this.#confine.at(meta.path, 'make', location =>
        placeFolder(location, meta, this.#overwrite),
      )
    } catch (error) {
      throw storageError(error, 'make the folder', meta.path)
    }
  }

  async #leave(): Promise<void> {
    await this.#lock.release()
    await this.#parts.close()
  }
}
