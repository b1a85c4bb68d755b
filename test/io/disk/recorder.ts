// A disk that remembers what is durable and what only seems to be: stands between the store and
// node:fs, lets everything happen, and keeps beside it what a crash could leave. A write is durable
// when a sync of its file that began after the write's end has ended; a name, when the same is true
// of its folder. Everything else may be there after a crash, in part or not at all.

import type * as Fs from 'node:fs'
import type * as FsPromises from 'node:fs/promises'
import type { Prng } from '../../../src/core/base/prng.js'

const SECTOR_BYTES = 512

interface Change<State> {
  /** The system call has returned. */
  done: boolean
  /** What comes of `state` when it reaches the disk; with `torn`, only these sectors of it do. */
  apply(state: State, torn?: Prng): State
}

class Node<State> {
  #durable: State
  #pending: Change<State>[] = []

  constructor(empty: State) {
    this.#durable = empty
  }

  change(apply: Change<State>['apply']): Change<State> {
    const change = { done: false, apply }
    this.#pending.push(change)
    return change
  }

  /** Begins a sync; call what it returns at its end. */
  sync(): () => void {
    const covered = new Set(this.#pending.filter(({ done }) => done))
    return () => {
      this.#durable = apply(this.#durable, [...covered])
      this.#pending = this.#pending.filter(change => !covered.has(change))
    }
  }

  /** As programs see it. */
  get now(): State {
    return apply(this.#durable, this.#pending)
  }

  /** After a crash; without luck nothing survives that need not. */
  after(luck: Prng | undefined): State {
    if (luck === undefined) return this.#durable
    return apply(
      this.#durable,
      this.#pending.filter(() => luck.unit() < 0.5),
      luck,
    )
  }
}

function apply<State>(state: State, changes: readonly Change<State>[], torn?: Prng): State {
  return changes.reduce((before, change) => change.apply(before, torn), state)
}

type File = Node<Uint8Array>
type Names = ReadonlyMap<string, File | Folder>
class Folder extends Node<Names> {}
const isFolder = (node: File | Folder): node is Folder => node instanceof Folder

/** Files by path. */
export type Image = ReadonlyMap<string, Uint8Array>

export class Recorder {
  readonly #root = new Folder(new Map())
  readonly #rootPath: string
  readonly #open = new Map<number, File | Folder>()
  readonly #onStep: (step: string) => void

  /** `onStep` after everything that may change what a crash leaves. */
  constructor(rootPath: string, onStep: (step: string) => void) {
    this.#rootPath = rootPath
    this.#onStep = onStep
  }

  crash(luck: Prng | undefined): Image {
    const image = new Map<string, Uint8Array>()
    const visit = (folder: Folder, path: string): void => {
      for (const [name, node] of folder.after(luck)) {
        if (isFolder(node)) visit(node, `${path}${name}/`)
        else image.set(path + name, node.after(luck))
      }
    }
    visit(this.#root, '')
    return image
  }

  opened(fd: number, path: string, creates: boolean): void {
    const node = creates ? this.#made(path) : this.#at(path)
    if (node !== undefined) this.#open.set(fd, node)
  }

  closed(fd: number): void {
    this.#open.delete(fd)
  }

  /** Begins a write; call what it returns at its end. */
  write(fd: number, offset: number, parts: readonly Uint8Array[]): () => void {
    const bytes = Uint8Array.from(Buffer.concat(parts))
    const file = this.#open.get(fd) as File
    return this.#over(
      'write',
      file.change((before, torn) => written(before, offset, bytes, torn)),
    )
  }

  /** Begins to change a file's length; call what it returns at its end. */
  resize(fd: number, bytes: number): () => void {
    const file = this.#open.get(fd) as File
    const resized = (before: Uint8Array): Uint8Array => {
      const after = new Uint8Array(bytes)
      after.set(before.subarray(0, bytes))
      return after
    }
    return this.#over('resize', file.change(resized))
  }

  sync(fd: number): () => void {
    const done = this.#open.get(fd)?.sync()
    return () => {
      done?.()
      this.#onStep('sync')
    }
  }

  named(path: string, node?: File | Folder): void {
    const [folder, name] = this.#in(path)
    const made = node ?? new Folder(new Map())
    if (folder?.now.has(name) && node === undefined) return
    if (folder)
      this.#over(
        'name',
        folder.change(names => new Map(names).set(name, made)),
      )()
  }

  removed(path: string): void {
    const [folder, name] = this.#in(path)
    if (folder)
      this.#over(
        'remove',
        folder.change(names => without(names, name)),
      )()
  }

  renamed(from: string, to: string): void {
    const [source, before] = this.#in(from)
    const [target, after] = this.#in(to)
    const node = source?.now.get(before)
    if (source === undefined || target === undefined || node === undefined) return
    if (source !== target) {
      // Two folders, two changes: a crash may keep either without the other.
      this.removed(from)
      return this.named(to, node)
    }
    const change = source.change(names => new Map(without(names, before)).set(after, node))
    this.#over('rename', change)()
  }

  #made(path: string): File | Folder {
    const there = this.#at(path)
    if (there !== undefined) return there
    const file: File = new Node(new Uint8Array(0))
    this.named(path, file)
    return file
  }

  #over(step: string, change: { done: boolean }): () => void {
    return () => {
      change.done = true
      this.#onStep(step)
    }
  }

  #at(path: string): File | Folder | undefined {
    if (path === this.#rootPath) return this.#root
    const fd = /^\/proc\/self\/fd\/(\d+)$/.exec(path)?.[1]
    if (fd !== undefined) return this.#open.get(Number(fd))
    const [folder, name] = this.#in(path)
    return folder?.now.get(name)
  }

  #in(path: string): [Folder | undefined, string] {
    const cut = path.lastIndexOf('/')
    const folder = cut > 0 ? this.#at(path.slice(0, cut)) : undefined
    return [folder && isFolder(folder) ? folder : undefined, path.slice(cut + 1)]
  }
}

function written(before: Uint8Array, at: number, bytes: Uint8Array, torn?: Prng): Uint8Array {
  // A file may have grown already although what it grew by has not come.
  const after = new Uint8Array(Math.max(before.length, at + bytes.length))
  after.set(before)
  for (let from = 0; from < bytes.length; from += SECTOR_BYTES) {
    if (torn === undefined || torn.unit() < 0.7)
      after.set(bytes.subarray(from, from + SECTOR_BYTES), at + from)
  }
  return after
}

function without(names: Names, name: string): Names {
  return new Map([...names].filter(([each]) => each !== name))
}

/** The one that listens now; none while a crash is looked at. */
export const listening: { recorder: Recorder | undefined } = { recorder: undefined }

/** node:fs as it is, overheard: what the store writes, syncs and opens by callback. */
export function overheardFs(fs: typeof Fs): object {
  const callback = (rest: unknown[]) => rest[rest.length - 1] as (...results: unknown[]) => void
  const after = (rest: unknown[], heard: (result: never) => void) => [
    ...rest.slice(0, -1),
    (error: unknown, result: never) => {
      if (!error) heard(result)
      callback(rest)(error, result)
    },
  ]
  const loose = fs as unknown as Record<string, (...args: unknown[]) => void>
  const open = (path: string, flags: number, ...rest: unknown[]) => {
    const { recorder } = listening
    const creates = (flags & fs.constants.O_CREAT) !== 0
    loose.open(path, flags, ...after(rest, fd => recorder?.opened(fd, path, creates)))
  }
  const writev = (fd: number, parts: Uint8Array[], at: number, ...rest: unknown[]) => {
    const done = listening.recorder?.write(fd, at, parts)
    loose.writev(fd, parts, at, ...after(rest, () => done?.()))
  }
  const syncs =
    (name: string) =>
    (fd: number, ...rest: unknown[]) => {
      const done = listening.recorder?.sync(fd)
      loose[name](fd, ...after(rest, () => done?.()))
    }
  const close = (fd: number, ...rest: unknown[]) => {
    listening.recorder?.closed(fd)
    loose.close(fd, ...rest)
  }
  const ftruncate = (fd: number, bytes: number, ...rest: unknown[]) => {
    const done = listening.recorder?.resize(fd, bytes)
    loose.ftruncate(fd, bytes, ...after(rest, () => done?.()))
  }
  const changed = {
    open,
    writev,
    close,
    ftruncate,
    fsync: syncs('fsync'),
    fdatasync: syncs('fdatasync'),
  }
  return { ...fs, ...changed, default: { ...fs, ...changed } }
}

/** node:fs/promises, overheard: names, and the journal, which is written by a handle. */
export function overheardPromises(fs: typeof FsPromises): object {
  const open = async (path: string, flags: string, mode?: number) => {
    const handle = await fs.open(path, flags, mode)
    const { recorder } = listening
    const { fd } = handle
    recorder?.opened(fd, path, /^[wa]/.test(String(flags)))
    const writeFile = async (bytes: Uint8Array) => {
      const done = recorder?.write(fd, 0, [Buffer.from(bytes)])
      await handle.writeFile(bytes)
      done?.()
    }
    const datasync = async () => {
      const done = recorder?.sync(fd)
      await handle.datasync()
      done?.()
    }
    const close = () => {
      recorder?.closed(fd)
      return handle.close()
    }
    const plain = { stat: handle.stat.bind(handle), readFile: handle.readFile.bind(handle) }
    return { ...plain, writeFile, datasync, close }
  }
  const mkdir = async (path: string, options?: Fs.MakeDirectoryOptions) => {
    await fs.mkdir(path, options)
    listening.recorder?.named(path)
  }
  const removes = (name: 'unlink' | 'rmdir') => async (path: string) => {
    await fs[name](path)
    listening.recorder?.removed(path)
  }
  const rename = async (from: string, to: string) => {
    await fs.rename(from, to)
    listening.recorder?.renamed(from, to)
  }
  const changed = { open, mkdir, rename, unlink: removes('unlink'), rmdir: removes('rmdir') }
  return { ...fs, ...changed, default: { ...fs, ...changed } }
}
