// A transfer under way in a lab: host 0 blasts one file of random bytes to hosts 1…n, slowly enough
// for mischief in the middle.

import { join } from 'node:path'
import type { CliProcess } from '../../lab/cli.js'
import type { Lab, LabOptions } from '../../lab/lab.js'
import { listening, type Part, type Stage } from '../stage.js'
import { randomFile } from '../tree.js'

export interface BlastOptions {
  readonly receivers: number
  readonly sizeBytes: number
  /** Of the blast; default: found by itself. */
  readonly rate?: string
  /** Hosts beyond the sender and the receivers, and other properties of the LAN. */
  readonly lab?: Partial<LabOptions>
  /** For `send`. */
  readonly args?: readonly string[]
  /** What the lab needs before anybody starts. */
  readonly prepare?: (lab: Lab) => Promise<void>
  /** What is waited for while all receivers listen. */
  readonly beforeStart?: (receivers: readonly CliProcess[]) => Promise<unknown>
  /** Environment of everybody. */
  readonly env?: NodeJS.ProcessEnv
}

export interface BlastScene {
  readonly lab: Lab
  readonly file: string
  readonly meta: string
  /** The receiver at host i + 1. */
  readonly receivers: readonly CliProcess[]
  readonly sender: CliProcess
  /** The sender's command once more, with more arguments. */
  readonly send: (...more: string[]) => CliProcess
  /** A receiver's command, once more or for a host that came late. */
  readonly receive: (host: number, part?: Part) => CliProcess
  /** Names of the receivers, by which the stage finds their folders. */
  readonly names: readonly string[]
}

/** Resolves when all receivers listen and the sender has started. */
export async function blast(stage: Stage, options: BlastOptions): Promise<BlastScene> {
  const { receivers: count, sizeBytes, rate, args = [], env } = options
  const lab = await stage.lan({ hosts: count + 1, rate: '100mbit', ...options.lab })
  await options.prepare?.(lab)
  const file = await randomFile(join(stage.folder, 'x.bin'), sizeBytes)
  const meta = await stage.meta(file)
  const receive = (host: number, part: Part = {}) =>
    stage.recv(String(host), [meta], { env, host, ...part })
  const receivers = Array.from({ length: count }, (_, i) => receive(i + 1))
  await Promise.all(receivers.map(listening))
  await options.beforeStart?.(receivers)
  const fixed = rate === undefined ? [] : ['--rate', rate]
  const wanted = [meta, '--wait-receivers', String(count), ...fixed, ...args]
  const send = (...more: string[]) =>
    stage.run('sender', ['send', ...wanted, ...stage.network, ...more], { env, host: 0 })
  const names = receivers.map(({ name }) => name)
  return { lab, file, meta, receivers, sender: send(), send, receive, names }
}

/** Resolves when `millis` have passed on the clock of a process that reports regularly. */
export async function later(player: CliProcess, millis: number): Promise<void> {
  const from = Date.now()
  await player.until('progress', event => event.time >= from + millis)
}
