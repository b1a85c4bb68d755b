// Open files, few of them: a bounded cache of descriptors by key, least recently used out first.
// Blocks come in thousands a second, so the hot case, a file that is open, costs one map look-up and
// no promise. A descriptor in use is never closed; when all are in use, the next open waits.

import { close, read, writev } from 'node:fs'
import { assert } from '../../core/base/assert.js'

export interface Handle<Key> {
  readonly key: Key
  readonly fd: number
  users: number
  /** Set when it is to be closed after its last use. */
  closed: (() => void) | undefined
}

export class Handles<Key> {
  readonly #limit: number
  readonly #openFile: (key: Key) => Promise<number>
  /** In the order of use, oldest first. */
  readonly #open = new Map<Key, Handle<Key>>()
  readonly #opening = new Map<Key, Promise<Handle<Key>>>()
  #latest: Handle<Key> | undefined
  /** Descriptors that exist or are being opened. */
  #count = 0
  readonly #waiting: (() => void)[] = []

  constructor(limit: number, openFile: (key: Key) => Promise<number>) {
    this.#limit = limit
    this.#openFile = openFile
  }

  get count(): number {
    return this.#count
  }

  /** A handle to be given back; at once when the file is open, else a promise of it. */
  take(key: Key): Handle<Key> | Promise<Handle<Key>> {
    const handle = this.#open.get(key)
    if (handle === undefined) return this.#takeClosed(key)
    handle.users++
    if (handle !== this.#latest) {
      this.#open.delete(key)
      this.#open.set(key, handle)
      this.#latest = handle
    }
    return handle
  }

  give(handle: Handle<Key>): void {
    assert(handle.users > 0, 'a handle is given back once')
    handle.users--
    if (handle.users > 0) return
    if (handle.closed !== undefined) void this.#end(handle, handle.closed)
    else this.#wake()
  }

  /** Takes, works, gives back. */
  async with<T>(key: Key, work: (fd: number) => Promise<T>): Promise<T> {
    const handle = await this.take(key)
    try {
      return await work(handle.fd)
    } finally {
      this.give(handle)
    }
  }

  /** Closes the key's descriptor after its last use; resolves when it is closed. */
  async drop(key: Key): Promise<void> {
    await this.#opening.get(key)?.catch(() => {})
    const handle = this.#open.get(key)
    if (handle === undefined) return
    this.#forget(handle)
    await new Promise<void>(resolve => {
      if (handle.users > 0) handle.closed = resolve
      else void this.#end(handle, resolve)
    })
  }

  /** Closes everything, each after its last use. */
  async close(): Promise<void> {
    const keys = new Set([...this.#open.keys(), ...this.#opening.keys()])
    await Promise.all([...keys].map(key => this.drop(key)))
  }

  async #takeClosed(key: Key): Promise<Handle<Key>> {
    for (;;) {
      const open = this.#open.get(key)
      if (open !== undefined) {
        open.users++
        return open
      }
      const opening = this.#opening.get(key)
      if (opening !== undefined) {
        // That it failed says nothing to us: it may have begun before what we open was made.
        await opening.catch(() => {})
        continue
      }
      const own = this.#start(key)
      this.#opening.set(key, own)
      return await own
    }
  }

  async #start(key: Key): Promise<Handle<Key>> {
    try {
      await this.#room()
      try {
        const fd = await this.#openFile(key)
        const handle: Handle<Key> = { key, fd, users: 1, closed: undefined }
        this.#open.set(key, handle)
        this.#latest = handle
        return handle
      } catch (error) {
        this.#count--
        this.#wake()
        throw error
      }
    } finally {
      this.#opening.delete(key)
    }
  }

  async #room(): Promise<void> {
    while (this.#count >= this.#limit) {
      const idle = this.#idle()
      if (idle === undefined) await new Promise<void>(resolve => this.#waiting.push(resolve))
      else {
        this.#forget(idle)
        await new Promise<void>(resolve => void this.#end(idle, resolve))
      }
    }
    this.#count++
  }

  #idle(): Handle<Key> | undefined {
    for (const handle of this.#open.values()) if (handle.users === 0) return handle
    return undefined
  }

  #forget(handle: Handle<Key>): void {
    this.#open.delete(handle.key)
    if (this.#latest === handle) this.#latest = undefined
  }

  /** What `close` says is of no use: data that must last was synced before. */
  async #end(handle: Handle<Key>, done: () => void): Promise<void> {
    await closeFile(handle.fd)
    this.#count--
    this.#wake()
    done()
  }

  #wake(): void {
    this.#waiting.shift()?.()
  }
}

export function closeFile(fd: number): Promise<void> {
  return new Promise(resolve => close(fd, () => resolve()))
}

/** Writes all of `parts` from `offset` on; rejects with the system's error. */
export function writeAt(fd: number, parts: readonly Uint8Array[], offset: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = parts
    let at = offset
    const more = (): void =>
      writev(fd, left, at, (error, count) => {
        if (error !== null) return reject(error)
        at += count
        left = after(left, count)
        if (left.length > 0) more()
        else resolve()
      })
    more()
  })
}

/** What remains of `parts` when the first `count` bytes are done. */
function after(parts: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let skip = 0
  let done = count
  while (skip < parts.length && done >= parts[skip].length) done -= parts[skip++].length
  if (skip === parts.length) return []
  return [parts[skip].subarray(done), ...parts.slice(skip + 1)]
}

/** Fills `into` from `offset`; resolves with fewer bytes only at the end of the file. */
export function readAt(fd: number, into: Uint8Array, offset: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let done = 0
    const more = (): void =>
      read(fd, into, done, into.length - done, offset + done, (error, count) => {
        if (error !== null) return reject(error)
        done += count
        if (count > 0 && done < into.length) more()
        else resolve(done)
      })
    more()
  })
}
