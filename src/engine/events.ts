// The one typed event emitter: a running job with events, and the promise of its result.

import { EventEmitter } from 'node:events'

/** A running job. `done` resolves with the result or rejects with a `Mcp2pError`. */
export class Job<Events, Result> {
  readonly #emitter = new EventEmitter()
  readonly done: Promise<Result>

  /** Starts `run` on the next tick, so that listeners added right away miss nothing. */
  constructor(run: (emit: Emit<Events>) => Promise<Result>) {
    this.#emitter.setMaxListeners(0)
    const emit: Emit<Events> = (type, event) => {
      this.#emitter.emit(`on:${String(type)}`, event)
    }
    this.done = Promise.resolve().then(() => run(emit))
    this.done.catch(() => {}) // whoever awaits `done` sees it; nobody awaiting is no crash
  }

  on<K extends keyof Events>(type: K, listener: (event: Events[K]) => void): this {
    this.#emitter.on(`on:${String(type)}`, listener)
    return this
  }
}

export type Emit<Events> = <K extends keyof Events>(type: K, event: Events[K]) => void
