// The stage of an end-to-end test: a folder, a group and ports that no other test has, and the
// processes that play on it. Whatever happens, everything goes when the test is over; what the
// processes last said is printed when it failed.

import { randomInt } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { type CliEvent, CliProcess } from '../lab/cli.js'
import { compareTrees } from '../lab/compare.js'
import { Lab, type LabOptions } from '../lab/lab.js'

const loopback = '127.0.0.1'
/** Below the ports that systems give out by themselves. */
const [firstPort, lastPort] = [11_000, 30_000]
/** Announcements, data, and a few for peers. */
const portsPerStage = 16

export interface Part {
  /** Environment on top of ours. */
  readonly env?: NodeJS.ProcessEnv
  /** The lab's host it runs in; default: here, on the loopback interface. */
  readonly host?: number
  /** In a host: what a shell does first, such as mounts that only this process sees. */
  readonly within?: string
}

export class Stage {
  /** An empty folder of this test's own. */
  readonly folder: string
  readonly group = `224.0.67.${randomInt(70, 250)}`
  /** Of announcements; data go to the next one. */
  readonly port: number
  /** The first of those for peers. */
  readonly peerPort: number
  /** Everybody who plays, with the rarer things that they told. */
  readonly #told = new Map<CliProcess, readonly CliEvent[]>()
  readonly #before: (() => void)[] = []
  #lab: Lab | undefined

  private constructor(folder: string, port: number) {
    this.folder = folder
    this.port = port
    this.peerPort = port + 2
  }

  static async open(): Promise<Stage> {
    const base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
    return new Stage(await mkdtemp(join(base, 'mcp2p-e2e-')), await freePorts())
  }

  /** Makes the LAN of this test. */
  async lan(options: LabOptions): Promise<Lab> {
    this.#lab = await Lab.up(options)
    return this.#lab
  }

  get lab(): Lab | undefined {
    return this.#lab
  }

  /** What makes a command talk on this stage, and on no other. */
  get network(): readonly string[] {
    const own = ['--group', this.group, '--port', String(this.port)]
    const peers = ['--peer-port', String(this.peerPort)]
    return this.#lab ? [...own, ...peers] : [...own, ...peers, '--interface', loopback]
  }

  /** Starts a command line just as given, but for `--json-stream`. */
  run(name: string, args: readonly string[], part: Part = {}): CliProcess {
    const { env = {}, host, within } = part
    const lab = this.#lab
    const shell = within === undefined ? [] : ['sh', '-ec', `${within}\nexec "$0" "$@"`]
    const started =
      lab && host !== undefined
        ? new CliProcess(name, args, env, (argv, options) =>
            lab.exec(host, [...shell, ...argv], options),
          )
        : new CliProcess(name, args, env)
    this.#told.set(started, eventsOf(started, 'session', 'peer', 'notice', 'complete', 'error'))
    return started
  }

  /** Starts `mcp2p send ARGS` on this stage's group and ports. */
  send(args: readonly string[], part?: Part): CliProcess {
    return this.run('sender', ['send', ...args, ...this.network], part)
  }

  /** Starts `mcp2p recv ARGS` into the folder `name`, which `out` finds again. */
  recv(name: string, args: readonly string[], part?: Part): CliProcess {
    return this.run(name, ['recv', ...args, '-o', this.out(name), ...this.network], part)
  }

  out(name: string): string {
    return join(this.folder, 'out', name)
  }

  /** Makes a folder below the stage's. */
  async make(name: string): Promise<string> {
    const path = join(this.folder, name)
    await mkdir(path, { recursive: true })
    return path
  }

  /** Makes the meta of a path, beside it, where `send` looks for the files. Resolves with its path. */
  async meta(path: string, ...args: string[]): Promise<string> {
    const to = `${path}.p2pmeta`
    await end([this.run('meta', ['meta', path, '-o', to, ...args])])
    return to
  }

  /** Fails unless a receiver has just what was sent: every name, mode, link and byte. */
  async expectSame(source: string, ...names: string[]): Promise<void> {
    for (const name of names) {
      const { differences } = await compareTrees(source, join(this.out(name), basename(source)))
      expect(differences, name).toEqual([])
    }
  }

  /** What happened to everybody and where they stand, for people. */
  state(): string {
    return [...this.#told]
      .map(([each, told]) => {
        const events = [...told, each.last('progress'), each.last('result')]
        const lines = events.map(event => event && `\n    ${JSON.stringify(event).slice(0, 1000)}`)
        return `  ${each.name}${each.running ? ' runs' : ''}: ${each.stderr}${lines.join('')}\n`
      })
      .join('')
  }

  /** What has to be undone before the folder can go, such as a mount in it. */
  defer(undo: () => void): void {
    this.#before.push(undo)
  }

  async close(): Promise<void> {
    const cast = [...this.#told.keys()]
    for (const each of cast) {
      each.kill('SIGCONT')
      each.kill('SIGKILL')
    }
    await Promise.all(cast.map(each => each.exited))
    await this.#lab?.down()
    for (const undo of this.#before.reverse()) undo()
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** A test on a stage: `play('what it proves', async ({ stage }) => …)`. */
export const play = test.extend<{ stage: Stage }>({
  stage: async ({ task }, use) => {
    const stage = await Stage.open()
    try {
      await use(stage)
    } finally {
      if (task.result?.state === 'fail') process.stderr.write(`${task.name}\n${stage.state()}`)
      await stage.close()
    }
  },
})

/**
 * Resolves when all have ended with this exit code; rejects as soon as one ended otherwise, because
 * the others may then wait for it for ever.
 */
export async function end(players: readonly CliProcess[], code = 0): Promise<void> {
  const each = players.map(async player => {
    expect(await player.exited, `${player.name}: ${player.stderr}`).toBe(code)
  })
  await Promise.all(each)
}

/** The result that an ended process gave. */
export function resultOf<Result>(player: CliProcess): Result & { exit: number } {
  return player.last('result') as unknown as Result & { exit: number }
}

/** What one test may take, on a machine that is busy with other things. */
export const patience = { timeout: 60_000 }

/** All events of these types from now on, in their order. */
export function eventsOf(player: CliProcess, ...types: string[]): readonly CliEvent[] {
  const events: CliEvent[] = []
  player.on(event => {
    if (types.includes(event.type)) events.push(event)
  })
  return events
}

/** A receiver that shows its first progress beyond checking has its sockets open. */
export function listening(receiver: CliProcess): Promise<CliEvent> {
  return receiver.until('progress', event => event.phase !== 'checking')
}

/** For `until('progress', …)` of a sender: so much of the first pass is over. */
export function blasted(fraction: number): (event: CliEvent) => boolean {
  return event => Number(event.pass) > 1 || Number(event.passFraction) >= fraction
}

/** For `until('progress', …)` of a receiver: it has verified so many bytes. */
export function holds(bytes: number): (event: CliEvent) => boolean {
  return event => Number(event.verifiedBytes) >= bytes
}

export function notice(code: string): (event: CliEvent) => boolean {
  return event => event.code === code
}

/** A random run of ports, its first TCP ports free; other tests and checkouts draw others. */
async function freePorts(): Promise<number> {
  const runs = Math.floor((lastPort - firstPort) / portsPerStage)
  const first = firstPort + portsPerStage * randomInt(runs)
  return (await isFree(first + 2)) && (await isFree(first + 3)) ? first : freePorts()
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, loopback, () => server.close(() => resolve(true)))
  })
}
