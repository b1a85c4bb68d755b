// The answer for programs: one document at the end, or one event per line as it happens. Names of
// fields are those of the engine's API with their units; `exit` is the exit code.

import type { Mcp2pError } from '../../core/base/errors.js'

export type JsonMode = 'none' | 'document' | 'stream'

export class JsonOutput {
  readonly #mode: JsonMode
  readonly #write: (text: string) => void
  readonly #nowMillis: () => number

  constructor(mode: JsonMode, write: (text: string) => void, nowMillis: () => number) {
    this.#mode = mode
    this.#write = write
    this.#nowMillis = nowMillis
  }

  event(type: string, event: object): void {
    if (this.#mode === 'stream') this.#line(type, event)
  }

  result(result: object, exit: number): void {
    if (this.#mode === 'stream') this.#line('result', { ...result, exit })
    if (this.#mode === 'document') this.#document({ ...result, exit })
  }

  error({ code, message, hint }: Mcp2pError, exit: number): void {
    if (this.#mode === 'stream') this.#line('error', { code, message, hint, exit })
    if (this.#mode === 'document') this.#document({ error: { code, message, hint }, exit })
  }

  #line(type: string, fields: object): void {
    this.#write(`${JSON.stringify({ type, time: this.#nowMillis(), ...fields })}\n`)
  }

  #document(document: object): void {
    this.#write(`${JSON.stringify(document, null, 2)}\n`)
  }
}
