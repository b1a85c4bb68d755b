// The lab of lab.sh for tests and benches: makes it under a prefix of its own, and takes it down
// whatever happens to this process, because namespaces outlive whoever forgets them. What a
// process killed outright could not take down, the next `up` on the machine does.

import {
  type ChildProcess,
  execFile,
  type SpawnOptions,
  spawn,
  spawnSync,
} from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { repositoryRoot } from './root.js'

const script = join(repositoryRoot, 'test/lab/lab.sh')
const stateFolder = '/run/mcp2p-lab'
const run = promisify(execFile)

/** What a line may do to frames on their way to a host, beside plain loss; lab.sh says how. */
export type Trouble = 'duplicate' | 'reorder' | 'burst' | 'tcp'

export interface LabOptions {
  readonly hosts: number
  /** Of every host's line, both ways, as tc writes it: `100mbit`. */
  readonly rate?: string
  /** A switch port's buffer: `512k`. */
  readonly buffer?: string
  readonly lossPercent?: number
  /** Loss on the way back, at host 0. */
  readonly loss0Percent?: number
  readonly mtuBytes?: number
  readonly subnets?: number
  readonly wanRate?: string
  /** Packets are cut and counted as a bare NIC would. */
  readonly noOffload?: boolean
  readonly snooping?: 'on' | 'dies'
}

/** Counters of one host since `up`. */
export interface HostStats {
  readonly host: number
  readonly address: string
  readonly txBytes: number
  readonly txPackets: number
  readonly rxBytes: number
  readonly rxPackets: number
  /** Packets dropped by the loss rule, the host's own queue, the switch's port towards it. */
  readonly lossDrops: number
  readonly hostDrops: number
  readonly portDrops: number
}

const live = new Set<Lab>()
let serial = 0
let watched = false
let verdict: { missing: string | undefined } | undefined

export class Lab {
  readonly prefix: string
  readonly hosts: number
  readonly #subnets: number
  readonly #moved = new Set<number>()

  private constructor(prefix: string, options: LabOptions) {
    this.prefix = prefix
    this.hosts = options.hosts
    this.#subnets = options.subnets ?? 1
  }

  /** Undefined when a lab can be made here, else why not. Makes a tiny one to know. */
  static available(): string | undefined {
    verdict ??= { missing: probe() }
    return verdict.missing
  }

  /** Makes a lab. Rejects with the script's one-line reason. */
  static async up(options: LabOptions): Promise<Lab> {
    sweep()
    const lab = new Lab(`t${process.pid}x${serial++}`, options)
    watch()
    live.add(lab)
    try {
      await lab.#call('up', ...flags(options))
    } catch (error) {
      await lab.down()
      throw error
    }
    return lab
  }

  /** Starts a command in a host. The child's pid and signals are the command's own. */
  exec(host: number, argv: readonly string[], options: SpawnOptions = {}): ChildProcess {
    return spawn('ip', ['netns', 'exec', `${this.prefix}-${host}`, ...argv], options)
  }

  /** Runs a command in a host to its end; rejects when it fails. Resolves with its stdout. */
  async run(host: number, argv: readonly string[]): Promise<string> {
    const { stdout } = await run('ip', ['netns', 'exec', `${this.prefix}-${host}`, ...argv])
    return stdout
  }

  addressOf(host: number): string {
    return `10.42.${host % this.#subnets}.${host + 1 + (this.#moved.has(host) ? 201 : 0)}`
  }

  async stats(): Promise<readonly HostStats[]> {
    return JSON.parse(await this.#call('stats'))
  }

  /** Changes the loss at the ingress of one host, or of all but host 0. */
  async loss(percent: number, host?: number): Promise<void> {
    await this.#call('loss', String(percent), ...(host === undefined ? [] : [String(host)]))
  }

  /** So many frames on their way to a host come to harm; 0 ends it. */
  async trouble(host: number, kind: Trouble, percent: number): Promise<void> {
    await this.#call('trouble', String(host), kind, String(percent))
  }

  /** Gives a host another address, as a new lease would. */
  async renumber(host: number): Promise<void> {
    await this.#call('renumber', String(host))
    if (!this.#moved.delete(host)) this.#moved.add(host)
  }

  /** Puts a subnet behind a translator; resolves with the address that others see of all its hosts. */
  async translate(subnet: number): Promise<string> {
    return (await this.#call('translate', String(subnet))).trim()
  }

  /** Pulls a host's cable. */
  async cut(host: number): Promise<void> {
    await this.#call('cut', String(host))
  }

  /** Plugs it in again. */
  async plug(host: number): Promise<void> {
    await this.#call('join', String(host))
  }

  /** Ends what runs inside and removes the lab. Never rejects; a second call does nothing. */
  async down(): Promise<void> {
    if (!live.delete(this)) return
    await this.#call('down').catch(reason => process.stderr.write(`${String(reason)}\n`))
  }

  downNow(): void {
    if (live.delete(this)) call(this.prefix, 'down')
  }

  async #call(...argv: string[]): Promise<string> {
    const env = { ...process.env, MCP2P_LAB_PREFIX: this.prefix }
    try {
      return (await run('bash', [script, ...argv], { env })).stdout
    } catch (error) {
      const { stderr } = error as { stderr?: string }
      throw new Error(stderr?.trim() || String(error))
    }
  }
}

function call(prefix: string, ...argv: string[]) {
  const env = { ...process.env, MCP2P_LAB_PREFIX: prefix }
  return spawnSync('bash', [script, ...argv], { env, encoding: 'utf8' })
}

function flags(options: LabOptions): string[] {
  const given: string[] = []
  const put = (flag: string, value: string | number | undefined) => {
    if (value !== undefined) given.push(flag, String(value))
  }
  put('--hosts', options.hosts)
  put('--rate', options.rate)
  put('--buffer', options.buffer)
  put('--loss', options.lossPercent)
  put('--loss0', options.loss0Percent)
  put('--mtu', options.mtuBytes)
  put('--subnets', options.subnets)
  put('--wan-rate', options.wanRate)
  if (options.noOffload) given.push('--no-offload')
  if (options.snooping) given.push(options.snooping === 'on' ? '--snooping' : '--snooping-dies')
  return given
}

function probe(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are a Linux feature'
  if (process.getuid?.() !== 0) return 'the namespaces lab needs root'
  const prefix = `t${process.pid}probe`
  const made = call(prefix, 'up', '--hosts', '2', '--rate', '100mbit', '--loss', '1')
  call(prefix, 'down')
  if (made.status === 0) return undefined
  const reason = (made.stderr || String(made.error)).trim().split('\n')[0]
  return `no namespaces lab: ${reason}`
}

/** Takes down labs of processes that are no more: their prefix says whose they were. */
function sweep(): void {
  let prefixes: string[]
  try {
    prefixes = readdirSync(stateFolder)
  } catch {
    return // no lab was ever made here
  }
  for (const prefix of prefixes) {
    const owner = /^t(\d+)(x\d+|probe)$/.exec(prefix)?.[1]
    if (owner && !runs(Number(owner))) call(prefix, 'down')
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** From the first lab on, an exit or a signal takes all labs down first. */
function watch(): void {
  if (watched) return
  watched = true
  const downAll = () => {
    for (const lab of live) lab.downNow()
  }
  process.on('exit', downAll)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      downAll()
      process.kill(process.pid, signal) // our handler is gone: the default ends us, with its code
    })
  }
}
