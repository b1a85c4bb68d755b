// A real Redis for tests: the system's own server on a free port, in memory, ended with its test.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'

export class Redis {
  readonly port: number
  #child: ChildProcess | undefined

  constructor(port: number) {
    this.port = port
  }

  /** Undefined when there is one here, else why not. */
  static available(): string | undefined {
    const { error } = spawnSync('redis-server', ['--version'])
    return error === undefined ? undefined : 'redis-server is not installed'
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  async start(): Promise<void> {
    const flags = ['--port', `${this.port}`, '--bind', '127.0.0.1', '--save', '', '--dir', '/tmp']
    this.#child = spawn('redis-server', flags, { stdio: 'ignore' })
    for (let tries = 0; !(await this.#answers()); tries++) {
      if (tries === 100) throw new Error('redis-server does not answer')
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }

  /** Whatever was in it is lost. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    this.#child = undefined
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  #answers(): Promise<boolean> {
    return new Promise(resolve => {
      const socket = connect(this.port, '127.0.0.1')
      socket.once('error', () => resolve(false))
      socket.once('connect', () => {
        socket.destroy()
        resolve(true)
      })
    })
  }
}
