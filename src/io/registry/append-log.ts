// A file of lines that only grows, until it is written anew. A line is with the system before the
// next statement runs, so a process that is killed has lost nothing that it told anybody; a line that
// a crash cut short is dropped by whoever reads it.

import { closeSync, openSync, renameSync, writeSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'

export class AppendLog {
  readonly #path: string
  #file: number
  #bytes: number

  private constructor(path: string, bytes: number) {
    this.#path = path
    this.#file = openSync(path, 'a', 0o600)
    this.#bytes = bytes
  }

  /** Opens or makes it. Rejects with the system's error. */
  static async open(path: string): Promise<{ log: AppendLog; lines: string[] }> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return ''
      throw error
    })
    return { log: new AppendLog(path, Buffer.byteLength(text)), lines: text.split('\n') }
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Throws the system's error. */
  append(line: string): void {
    this.#bytes += writeSync(this.#file, `${line}\n`)
  }

  /** Puts these lines in the place of all that there were: the old file or the new one stands. */
  rewrite(lines: Iterable<string>): void {
    const draft = `${this.#path}.new`
    const file = openSync(draft, 'w', 0o600)
    let bytes = 0
    try {
      let text = ''
      for (const line of lines) text += `${line}\n`
      const all = Buffer.from(text)
      while (bytes < all.length) bytes += writeSync(file, all, bytes)
      renameSync(draft, this.#path)
    } catch (error) {
      closeSync(file)
      throw error
    }
    closeSync(this.#file)
    this.#file = file
    this.#bytes = bytes
  }

  close(): void {
    closeSync(this.#file)
  }
}
