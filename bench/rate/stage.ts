// A lab with a sender, receivers that verify everything, and meters at both ends: what every case of the
// rate bench begins with. Unless they keep it, they write nothing, and have nothing for each other.

import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CliProcess } from '../../test/lab/cli.js'
import { Lab, type LabOptions } from '../../test/lab/lab.js'
import { LineMeter } from './meter.js'

export interface StageOptions extends Omit<LabOptions, 'hosts'> {
  readonly receivers: number
  readonly sizeBytes: number
  readonly send?: readonly string[]
  readonly recv?: readonly string[]
  readonly congestion?: string
  readonly keeps?: boolean
}

export const pause = (millis: number): Promise<void> => new Promise(r => setTimeout(r, millis))

export class Stage {
  readonly receivers: CliProcess[] = []
  readonly meters: LineMeter[] = []
  sender!: CliProcess

  private constructor(
    readonly lab: Lab,
    readonly options: StageOptions,
    readonly scratch: string,
  ) {}

  /** Everybody listens; nobody sends yet. */
  static async set(scratch: string, options: StageOptions): Promise<Stage> {
    const { receivers, sizeBytes, send, recv, congestion, keeps, ...lines } = options
    const lab = await Lab.up({ hosts: receivers + 1, ...lines })
    const stage = new Stage(lab, options, scratch)
    try {
      for (let host = 0; host <= receivers && congestion; host++) {
        const route = ['10.42.0.0/24', 'dev', 'eth0', 'src', lab.addressOf(host)]
        await lab.run(host, ['ip', 'route', 'change', ...route, 'congctl', congestion])
      }
      for (let host = 1; host <= receivers; host++) stage.receive(host)
      await Promise.all(stage.receivers.map(each => each.until('progress')))
      return stage
    } catch (error) {
      await lab.down()
      throw error
    }
  }

  receive(host: number, more: readonly string[] = []): CliProcess {
    const folder = this.#folderOf(host)
    const { recv = this.options.keeps ? ['-o', folder] : ['--discard'] } = this.options
    const start = this.lab.exec.bind(this.lab, host)
    const one = new CliProcess(`receiver ${host}`, ['recv', ...recv, ...more], {}, start)
    this.receivers.push(one)
    return one
  }

  /** Sends a sparse file; resolves when the first bytes of the blast are on the wire, with that time. */
  async send(): Promise<number> {
    const { receivers, sizeBytes, send = [] } = this.options
    const path = join(this.scratch, 'sparse.bin')
    const file = await open(path, 'w')
    await file.truncate(sizeBytes)
    await file.close()
    for (const host of [0, 1]) this.meters.push(new LineMeter(this.lab, host))
    const args = ['send', path, '--hash', 'blake3', ...send]
    if (!send.includes('--carousel')) args.push('--wait-receivers', String(receivers))
    this.sender = new CliProcess('sender', args, {}, this.lab.exec.bind(this.lab, 0))
    for (;;) {
      const since = this.meters[0].since('out', 5e6)
      if (since !== undefined) return since
      if (!this.sender.running) throw new Error(`the sender ended: ${this.sender.stderr}`)
      await pause(50)
    }
  }

  /** Unix ms at which each receiver had everything; rejects after so long. */
  async completes(patienceMillis: number): Promise<number[]> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const states = [this.sender, ...this.receivers].map(each => {
          return `${each.name}: ${JSON.stringify(each.last('progress')).slice(0, 400)}`
        })
        reject(new Error(`not complete after ${patienceMillis / 1000} s\n${states.join('\n')}`))
      }, patienceMillis)
    })
    try {
      const all = Promise.all(this.receivers.map(each => each.until('complete')))
      return (await Promise.race([all, late])).map(event => event.time)
    } finally {
      clearTimeout(timer)
    }
  }

  async strike(): Promise<void> {
    for (const meter of this.meters) meter.stop()
    const all = this.sender ? [this.sender, ...this.receivers] : this.receivers
    await Promise.all(all.map(each => each.stop(1000)))
    await this.lab.down()
    for (let host = 1; host <= this.options.receivers; host++)
      await rm(this.#folderOf(host), { recursive: true, force: true })
  }

  #folderOf(host: number): string {
    return join(this.scratch, String(host))
  }
}
