// A world for the command line's tests: streams that remember, time that passes when told, signals
// that are function calls, and an engine whose jobs do what the test says.

import type { Engine } from '../../../src/app/cli/engine.js'
import { runCommandLine } from '../../../src/app/cli/shell.js'
import type { SignalName, Sink, World } from '../../../src/app/cli/world.js'
import { type Emit, Job } from '../../../src/engine/events.js'

/** A stream that keeps what is written. */
export class Page implements Sink {
  text = ''
  isTerminal = false
  width = 80

  trouble(): undefined {}

  write(text: string): void {
    this.text += text
  }

  columns(): number {
    return this.width
  }

  rows(): number {
    return 24
  }

  get lines(): string[] {
    return this.text.split('\n').slice(0, -1)
  }

  /** Every line as JSON. */
  get documents(): Record<string, unknown>[] {
    return this.lines.map(line => JSON.parse(line))
  }
}

/** The call of a job as a test sees it: its arguments, and the strings to pull. */
export interface Call<Events, Result> {
  readonly args: readonly unknown[]
  readonly emit: Emit<Events>
  readonly world: FakeWorld
  readonly signal: AbortSignal
  /** The type of the result, for inference. */
  readonly result?: Result
}

export type Script<Events, Result> = (call: Call<Events, Result>) => Promise<Result> | Result

type EventsOf<F> = F extends (...args: never[]) => Job<infer E, unknown> ? E : never
type ResultOf<F> = F extends (...args: never[]) => Job<never, infer R>
  ? R
  : F extends (...args: never[]) => Job<infer _E, infer R>
    ? R
    : never
type Started<K extends keyof Engine> = Awaited<ReturnType<Engine[K]>>

export type Scripts = {
  [K in keyof Engine]?: Script<EventsOf<Started<K>>, ResultOf<Started<K>>>
}

export class FakeWorld implements World {
  readonly stdout = new Page()
  readonly stderr = new Page()
  readonly env: Record<string, string | undefined>
  readonly platform = 'linux'
  readonly engine: Engine
  readonly args: readonly string[]
  /** Codes of ends at once. */
  readonly exits: number[] = []
  millis = 1_700_000_000_000
  readonly #timers = new Set<{ every: number; tick: () => void }>()
  readonly #listeners = new Map<SignalName, Set<() => void>>()

  constructor(args: readonly string[], scripts: Scripts = {}, env: Record<string, string> = {}) {
    this.args = args
    // No test may read the config file of whoever runs it.
    this.env = { XDG_CONFIG_HOME: '/nonexistent', LANG: 'C.UTF-8', ...env }
    const job = <K extends keyof Engine>(name: K): Engine[K] => {
      const start = (...args: unknown[]) => {
        const options = args[args.length - 1] as { signal: AbortSignal }
        const script = scripts[name] as Script<unknown, unknown> | undefined
        if (script === undefined) throw new Error(`no script for ${name}`)
        return new Job<unknown, unknown>(async emit =>
          script({ args, emit, world: this, signal: options.signal }),
        )
      }
      return (async () => start) as unknown as Engine[K]
    }
    this.engine = {
      createMeta: job('createMeta'),
      verify: job('verify'),
      send: job('send'),
      receive: job('receive'),
      benchSend: job('benchSend'),
      benchReceive: job('benchReceive'),
      benchHost: job('benchHost'),
      doctor: job('doctor'),
      doctorListen: job('doctorListen'),
      manage: job('manage'),
    }
  }

  now = () => this.millis

  every(millis: number, tick: () => void): () => void {
    const timer = { every: millis, tick }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Lets every timer of that interval fire once. */
  tick(everyMillis: number): number {
    const due = [...this.#timers].filter(timer => timer.every === everyMillis)
    for (const timer of due) timer.tick()
    return due.length
  }

  get timers(): number {
    return this.#timers.size
  }

  readonly #enters = new Set<() => void>()

  /** Somebody at the terminal presses Enter. */
  enter(): void {
    for (const pressed of this.#enters) pressed()
  }

  onEnter(pressed: () => void): () => void {
    this.#enters.add(pressed)
    return () => this.#enters.delete(pressed)
  }

  onSignal(name: SignalName, listener: () => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners.add(listener))
    return () => listeners.delete(listener)
  }

  raise(name: SignalName): void {
    for (const listener of this.#listeners.get(name) ?? []) listener()
  }

  get listeners(): number {
    let count = 0
    for (const set of this.#listeners.values()) count += set.size
    return count
  }

  exit(code: number): void {
    this.exits.push(code)
  }

  run(): Promise<number> {
    return runCommandLine(this)
  }
}
