// A file of lines that only grows, until it is written anew. A line is with the system before the
// next statement runs, so a process that is killed has lost nothing that it told anybody; a line that
// a crash or a full disk cut short is dropped by whoever reads it, and spoils no other.

import { closeSync, openSync, renameSync, writeSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'

const LINES_PER_TURN = 200

export class AppendLog {
  readonly #path: string
  #file: number
  #bytes: number
  /** The last line has no end. */
  #isTorn: boolean
  /** The new file, while it is being written beside. */
  #draft: number | undefined
  /** Appended while it is. */
  #late: string[] = []
  #isClosed = false

  private constructor(path: string, text: string) {
    this.#path = path
    this.#file = openSync(path, 'a', 0o600)
    this.#bytes = Buffer.byteLength(text)
    this.#isTorn = text !== '' && !text.endsWith('\n')
  }

  /** Opens or makes it. Rejects with the system's error. */
  static async open(path: string): Promise<{ log: AppendLog; lines: string[] }> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return ''
      throw error
    })
    return { log: new AppendLog(path, text), lines: text.split('\n') }
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Throws the system's error. */
  append(line: string): void {
    if (this.#draft !== undefined) this.#late.push(line)
    const bytes = Buffer.from(this.#isTorn ? `\n${line}\n` : `${line}\n`)
    const written = writeSync(this.#file, bytes)
    this.#bytes += written
    if (written > 0) this.#isTorn = written < bytes.length
  }

  /**
   * Puts these items, and what is appended meanwhile, in the place of all that there were: the old
   * file or the new one stands. It takes many turns of the loop, so that nobody waits for it.
   */
  async rewrite<T>(items: readonly T[], lineOf: (item: T) => string): Promise<void> {
    if (this.#draft !== undefined) return
    const path = `${this.#path}.new`
    const draft = openSync(path, 'w', 0o600)
    this.#draft = draft
    this.#late = []
    try {
      let bytes = 0
      for (let at = 0; at < items.length && !this.#isClosed; at += LINES_PER_TURN) {
        bytes += writeLines(draft, items.slice(at, at + LINES_PER_TURN).map(lineOf))
        await new Promise(resolve => setImmediate(resolve))
      }
      if (this.#isClosed) return closeSync(draft)
      bytes += writeLines(draft, this.#late)
      renameSync(path, this.#path)
      closeSync(this.#file)
      this.#file = draft
      this.#bytes = bytes
      this.#isTorn = false
    } catch (error) {
      closeSync(draft)
      throw error
    } finally {
      this.#draft = undefined
    }
  }

  close(): void {
    this.#isClosed = true
    closeSync(this.#file)
  }
}

function writeLines(file: number, lines: readonly string[]): number {
  const bytes = Buffer.from(lines.map(line => `${line}\n`).join(''))
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
  return bytes.length
}
