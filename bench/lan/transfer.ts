// One transfer by mcp2p in the lab: receivers wait, the sender starts, the clock runs from the
// sender's process start to the last `complete`. Optional mischief: a receiver that joins at half
// of the blast, or one that hears nothing at all for two seconds in the middle of it.

import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ReceiveProgress } from '../../src/engine/api.js'
import { type CliEvent, CliProcess } from '../../test/lab/cli.js'
import { compareTrees } from '../../test/lab/compare.js'
import type { Lab } from '../../test/lab/lab.js'
import { cpuSeconds } from './cpu.js'
import { layLines, type Setting } from './line.js'

export type Mischief = 'none' | 'late' | 'burst'

/** What is sent: the folder that holds the one file, and the file's meta. */
export interface Payload {
  readonly folder: string
  readonly file: string
  readonly meta: string
  readonly sizeBytes: number
}

export interface TransferRun {
  /** From the sender's start to each receiver's `complete`; the last one is the victim, if any. */
  readonly seconds: readonly number[]
  /** The late receiver's own time, from its start. */
  readonly lateSeconds?: number
  /** Bytes on the sender's wire over bytes of the file. */
  readonly wireRatio: number
  /** The part of the received payload that came by multicast, 0…1. */
  readonly multicastFraction: number
  /** Of the whole machine. */
  readonly cpuSeconds: number
  readonly senderExit: number
}

const burstMillis = 2000
const settleMillis = 40_000

/** Runs one transfer and checks every copy. Rejects when one differs or anything times out. */
export async function transfer(
  payload: Payload,
  setting: Setting,
  mischief: Mischief,
  scratch: string,
  timeoutMillis: number,
): Promise<TransferRun> {
  const lab = await layLines(setting)
  const out = join(scratch, 'out')
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    const seconds = timeoutMillis / 1000
    timer = setTimeout(() => reject(new Error(`not complete after ${seconds} s`)), timeoutMillis)
  })
  const run = new Run(lab, payload, setting, mischief, out)
  try {
    const result = await Promise.race([run.play(), timeout])
    for (let host = 1; host <= setting.receivers; host++) {
      const { differences } = await compareTrees(payload.folder, join(out, String(host)))
      if (differences.length > 0) throw new Error(`receiver ${host}: ${differences[0]}`)
    }
    return result
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}${run.state()}`)
  } finally {
    clearTimeout(timer)
    await lab.down()
    await rm(out, { recursive: true, force: true })
  }
}

class Run {
  readonly #receivers: CliProcess[] = []
  #sender: CliProcess | undefined

  constructor(
    readonly lab: Lab,
    readonly payload: Payload,
    readonly setting: Setting,
    readonly mischief: Mischief,
    readonly out: string,
  ) {}

  async play(): Promise<TransferRun> {
    const { receivers } = this.setting
    const late = this.mischief === 'late'
    const waiting = late ? receivers - 1 : receivers
    for (let host = 1; host <= waiting; host++) await this.#startReceiver(host)
    await Promise.all(this.#receivers.map(listening))
    const busyBefore = cpuSeconds()
    const sender = this.#startSender(waiting)
    if (this.mischief !== 'none') {
      await sender.until('progress', passed(0.5))
      if (late) await this.#startReceiver(receivers)
      else await this.#silence(receivers)
    }
    const completes = await Promise.all(this.#receivers.map(each => each.until('complete')))
    const busy = cpuSeconds() - busyBefore
    const senderExit = await ending(sender)
    const wireBytes = (await this.lab.stats())[0].txBytes
    await Promise.all(this.#receivers.map(each => each.stop()))
    const victim = this.#receivers[receivers - 1]
    return {
      seconds: completes.map(event => (event.time - sender.startedMillis) / 1000),
      ...(late && { lateSeconds: (completes[receivers - 1].time - victim.startedMillis) / 1000 }),
      wireRatio: wireBytes / this.payload.sizeBytes,
      multicastFraction: multicastFraction(this.#receivers),
      cpuSeconds: busy,
      senderExit,
    }
  }

  /** Where everybody stood, for the message of a run that failed. */
  state(): string {
    const all = this.#sender ? [this.#sender, ...this.#receivers] : this.#receivers
    return all
      .map(each => {
        const progress = JSON.stringify(each.last('progress') ?? {}).slice(0, 600)
        return `\n  ${each.name}: ${each.running ? 'runs' : 'ended'} ${progress} ${each.stderr}`
      })
      .join('')
  }

  async #startReceiver(host: number): Promise<void> {
    const folder = join(this.out, String(host))
    await mkdir(folder, { recursive: true })
    const start = this.lab.exec.bind(this.lab, host)
    this.#receivers.push(
      new CliProcess(`receiver ${host}`, ['recv', this.payload.meta, '-o', folder], {}, start),
    )
  }

  #startSender(waiting: number): CliProcess {
    const args = ['send', this.payload.meta, '--root', this.payload.folder]
    args.push('--wait-receivers', String(waiting))
    this.#sender = new CliProcess('sender', args, {}, this.lab.exec.bind(this.lab, 0))
    return this.#sender
  }

  /** One host hears nothing for two seconds, neither multicast nor TCP. */
  async #silence(host: number): Promise<void> {
    await this.lab.loss(100, host)
    await new Promise(resolve => setTimeout(resolve, burstMillis))
    await this.lab.loss(this.setting.lossPercent, host)
  }
}

/** A receiver that shows its first progress has its sockets open. */
function listening(receiver: CliProcess): Promise<CliEvent> {
  return receiver.until('progress', event => event.phase !== 'checking')
}

function passed(fraction: number): (event: CliEvent) => boolean {
  return event => Number(event.pass) > 1 || Number(event.passFraction) >= fraction
}

/** The sender ends by itself once all are complete; one that does not is told to. */
async function ending(sender: CliProcess): Promise<number> {
  const timer = setTimeout(() => sender.kill('SIGTERM'), settleMillis)
  const code = await sender.exited
  clearTimeout(timer)
  return code
}

function multicastFraction(receivers: readonly CliProcess[]): number {
  let heard = 0
  let total = 0
  for (const receiver of receivers) {
    const progress = receiver.last('progress') as Partial<ReceiveProgress> | undefined
    const bytes = progress?.multicast?.bytes ?? 0
    heard += bytes
    total += bytes + (progress?.peerBytes ?? 0) + (progress?.seederBytes ?? 0)
  }
  return total === 0 ? 0 : heard / total
}
