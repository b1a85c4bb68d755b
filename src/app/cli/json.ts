// The answer for programs: one document at the end, or one event per line as it happens. Names of
// fields are those of the engine's API with their units; `exit` is the exit code.

import type { Mcp2pError } from '../../core/base/errors.js'

export type JsonMode = 'none' | 'document' | 'stream'

export class JsonOutput {
  readonly #mode: JsonMode
  readonly #write: (text: string) => void
  readonly #nowMillis: () => number
  #progress: object | undefined

  constructor(mode: JsonMode, write: (text: string) => void, nowMillis: () => number) {
    this.#mode = mode
    this.#write = write
    this.#nowMillis = nowMillis
  }

  event(type: string, event: object): void {
    if (type === 'progress') this.#progress = event
    if (this.#mode === 'stream') this.#line(type, event)
  }

  result(result: object, exit: number): void {
    if (this.#mode === 'stream') this.#line('result', { ...result, exit })
    if (this.#mode === 'document') this.#document({ ...result, exit })
  }

  /** A document also says how far it came, which a stream has said already. */
  error({ code, message, hint }: Mcp2pError, exit: number): void {
    const error = { code, message, hint }
    if (this.#mode === 'stream') this.#line('error', { ...error, exit })
    if (this.#mode === 'document') this.#document({ error, progress: this.#progress, exit })
  }

  #line(type: string, fields: object): void {
    this.#write(`${JSON.stringify({ type, time: this.#nowMillis(), ...fields })}\n`)
  }

  #document(document: object): void {
    this.#write(`${JSON.stringify(document, null, 2)}\n`)
  }
}
