// The process as the command line sees it: arguments, environment, two streams, signals, time. One
// interface, so that a test can be the world and read every byte a command prints.

import { type Engine, engine } from './engine.js'

export interface Sink {
  write(text: string): void
  /** Why what was written is lost, if it is; a pipe that was closed is no trouble. */
  trouble(): string | undefined
  readonly isTerminal: boolean
  /** Cells of a line; 80 where nobody knows. */
  columns(): number
  /** Lines of the screen; 24 where nobody knows. */
  rows(): number
}

export type SignalName = 'SIGINT' | 'SIGTERM' | 'SIGUSR2'

export interface World {
  /** Without the program's own name. */
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly platform: string
  readonly stdout: Sink
  readonly stderr: Sink
  readonly engine: Engine
  /** Unix time, ms. */
  now(): number
  /** Calls `tick` every `millis` until the returned function is called. */
  every(millis: number, tick: () => void): () => void
  /** Calls `listener` for every such signal until the returned function is called. */
  onSignal(name: SignalName, listener: () => void): () => void
  /** Calls `pressed` when somebody at a terminal presses Enter, until the returned function is called. */
  onEnter(pressed: () => void): () => void
  /** Ends the process at once. */
  exit(code: number): void
}

/** The real one. */
export function processWorld(): World {
  return {
    args: process.argv.slice(2),
    env: process.env,
    platform: process.platform,
    stdout: sinkOf(process.stdout),
    stderr: sinkOf(process.stderr),
    engine,
    now: () => Date.now(),
    every: (millis, tick) => {
      const timer = setInterval(tick, millis)
      return () => clearInterval(timer)
    },
    onSignal: (name, listener) => {
      process.on(name, listener)
      return () => process.off(name, listener)
    },
    onEnter: pressed => {
      if (!process.stdin.isTTY) return () => {}
      // A terminal that goes away is no reason to stop.
      process.stdin.on('error', () => {})
      process.stdin.on('data', pressed)
      return () => {
        process.stdin.off('data', pressed)
        process.stdin.pause()
      }
    },
    exit: code => process.exit(code),
  }
}

function sinkOf(stream: NodeJS.WriteStream): Sink {
  let isOpen = true
  let trouble: string | undefined
  // `mcp2p send … | head -1` closes the pipe, a terminal goes away, the log's disk is full: the transfer
  // goes on, only nobody reads about it.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') trouble ??= error.code ?? error.message
    isOpen = false
  })
  return {
    trouble: () => trouble,
    write: text => {
      if (isOpen) stream.write(text)
    },
    isTerminal: stream.isTTY === true,
    columns: () => stream.columns || 80,
    rows: () => stream.rows || 24,
  }
}
