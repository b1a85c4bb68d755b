// A folder of documents by their ids: what peers publish, kept on disk and not in memory. It holds so
// many bytes; beyond that the one that nobody asked for the longest goes.

import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const SUFFIX = '.p2pmeta'

export class MetaFolder {
  readonly #folder: string
  readonly #bytesMax: number
  /** Bytes by id, in the order of their last use. */
  readonly #kept = new Map<string, number>()
  #bytes = 0

  private constructor(folder: string, bytesMax: number) {
    this.#folder = folder
    this.#bytesMax = bytesMax
  }

  /** Rejects with the system's error. */
  static async open(folder: string, bytesMax: number): Promise<MetaFolder> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const metas = new MetaFolder(folder, bytesMax)
    for (const name of await readdir(folder)) {
      const id = name.slice(0, -SUFFIX.length)
      if (!/^[0-9a-f]{64}$/.test(id) || !name.endsWith(SUFFIX)) continue
      metas.#note(id, (await stat(join(folder, name))).size)
    }
    return metas
  }

  get count(): number {
    return this.#kept.size
  }

  has(id: string): boolean {
    return this.#kept.has(id)
  }

  /** The document, or undefined when there is none, or none any more. */
  async read(id: string): Promise<Uint8Array | undefined> {
    const bytes = this.#kept.get(id)
    if (bytes === undefined) return undefined
    try {
      const document = await readFile(this.#pathOf(id))
      this.#note(id, bytes)
      return document
    } catch {
      this.#forget(id)
      return undefined
    }
  }

  /** Rejects with the system's error. */
  async write(id: string, document: Uint8Array): Promise<void> {
    const draft = `${this.#pathOf(id)}.new`
    try {
      await writeFile(draft, document, { mode: 0o600 })
      await rename(draft, this.#pathOf(id))
    } finally {
      await rm(draft, { force: true })
    }
    this.#note(id, document.length)
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#bytesMax || oldest === id) break
      this.#forget(oldest)
      await rm(this.#pathOf(oldest), { force: true })
    }
  }

  #note(id: string, bytes: number): void {
    this.#forget(id)
    this.#kept.set(id, bytes)
    this.#bytes += bytes
  }

  #forget(id: string): void {
    this.#bytes -= this.#kept.get(id) ?? 0
    this.#kept.delete(id)
  }

  #pathOf(id: string): string {
    return join(this.#folder, `${id}${SUFFIX}`)
  }
}
