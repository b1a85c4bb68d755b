// One process of the real command line, its `--json-stream` read as it comes. Tests, benches and
// the demo know mcp2p only through this: what a user cannot see, they do not measure.

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { repositoryRoot } from './root.js'

/** The command line's program file. */
export const cliPath = join(repositoryRoot, 'dist/bin/mcp2p.js')

/** A line of `--json-stream`: `type`, `time` (unix ms), and the event's own fields. */
export interface CliEvent {
  readonly type: string
  readonly time: number
  readonly [field: string]: unknown
}

/** How to start a program: here, or in a host of the lab. */
export type Spawn = (argv: readonly string[], options: SpawnOptions) => ChildProcess

const here: Spawn = (argv, options) => spawn(argv[0], argv.slice(1), options)
const maxStderrChars = 4000

interface Waiter {
  readonly wanted: (event: CliEvent) => boolean
  readonly resolve: (event: CliEvent) => void
  readonly reject: (reason: Error) => void
}

export class CliProcess {
  readonly name: string
  /** Unix ms just before the process was started. */
  readonly startedMillis = Date.now()
  /** Resolves with the exit code, or 128 + n for a signal's end; never rejects. */
  readonly exited: Promise<number>
  readonly #child: ChildProcess
  readonly #last = new Map<string, CliEvent>()
  readonly #listeners: ((event: CliEvent) => void)[] = []
  readonly #waiters = new Set<Waiter>()
  #stderr = ''
  #running = true

  /** Starts `mcp2p ARGS --json-stream`; `name` is for messages. */
  constructor(name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}, start = here) {
    this.name = name
    this.#child = start([process.execPath, cliPath, ...args, '--json-stream'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    })
    createInterface({ input: this.#child.stdout! }).on('line', line => this.#onLine(line))
    this.#child.stderr!.on('data', bytes => {
      this.#stderr = (this.#stderr + bytes).slice(-maxStderrChars)
    })
    this.exited = new Promise(resolve => {
      this.#child.once('error', reason => {
        this.#stderr += String(reason)
        resolve(this.#onEnd(127))
      })
      // 'close' comes after the last line was read, 'exit' may come before.
      this.#child.once('close', (code, signal) => resolve(this.#onEnd(code ?? signalCode(signal))))
    })
  }

  get running(): boolean {
    return this.#running
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** What it last wrote to stderr. */
  get stderr(): string {
    return this.#stderr.trim()
  }

  on(listener: (event: CliEvent) => void): this {
    this.#listeners.push(listener)
    return this
  }

  /** The last event of a type. */
  last(type: string): CliEvent | undefined {
    return this.#last.get(type)
  }

  /** The first event that fits, also a last one of its type that came already. Rejects at its end. */
  until(type: string, fits: (event: CliEvent) => boolean = () => true): Promise<CliEvent> {
    const known = this.#last.get(type)
    if (known && fits(known)) return Promise.resolve(known)
    return new Promise((resolve, reject) => {
      const wanted = (event: CliEvent) => event.type === type && fits(event)
      if (this.#running) this.#waiters.add({ wanted, resolve, reject })
      else reject(this.#ended(type))
    })
  }

  kill(signal: NodeJS.Signals): void {
    if (this.#running) this.#child.kill(signal)
  }

  /** Asks it to stop, and makes it after `graceMillis`. Resolves with its exit code. */
  async stop(graceMillis = 5000): Promise<number> {
    this.kill('SIGTERM')
    const timer = setTimeout(() => this.kill('SIGKILL'), graceMillis)
    const code = await this.exited
    clearTimeout(timer)
    return code
  }

  #onLine(line: string): void {
    let event: CliEvent
    try {
      event = JSON.parse(line)
    } catch {
      this.#stderr = `${this.#stderr}\nno JSON on stdout: ${line}`.slice(-maxStderrChars)
      return
    }
    this.#last.set(event.type, event)
    for (const listener of this.#listeners) listener(event)
    for (const waiter of this.#waiters) {
      if (!waiter.wanted(event)) continue
      this.#waiters.delete(waiter)
      waiter.resolve(event)
    }
  }

  #onEnd(code: number): number {
    this.#running = false
    for (const waiter of this.#waiters) waiter.reject(this.#ended('what was awaited', code))
    this.#waiters.clear()
    return code
  }

  #ended(before: string, code?: number): Error {
    const exit = code === undefined ? '' : ` with exit ${code}`
    return new Error(`${this.name} ended${exit} before "${before}": ${this.stderr}`)
  }
}

function signalCode(signal: NodeJS.Signals | null): number {
  return signal === 'SIGINT' ? 130 : signal === 'SIGTERM' ? 143 : 137
}
