// Everything at once that a manager must not let others feel, from a process of its own: a flood of
// registrations from one address, junk, lines without an end, and connections that drip.

import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

const DRIPS = 500

/** What runs in the other process; written out so that it needs no file of its own. */
const SCRIPT = `
const { connect } = require('node:net')
const port = Number(process.argv[1])
let bytes = 0
const open = (last, onOpen) => {
  const socket = connect({ host: '127.0.0.1', port, localAddress: '127.200.0.' + last })
  socket.on('error', () => {}).on('data', () => {})
  socket.once('close', () => setTimeout(() => open(last, onOpen), 20))
  socket.once('connect', () => onOpen(socket))
}
const pour = text => socket => {
  const more = () => {
    if (socket.destroyed) return
    bytes += text.length
    if (socket.write(text)) setTimeout(more, 1)
    else socket.once('drain', more)
  }
  more()
}
let n = 0
const registers = () => Array.from({ length: 200 }, () =>
  JSON.stringify({ cmd: 'register', meta_hash: 'flood ' + (n++ % 5000), port: 1 + (n % 60000) }) + '\\n').join('')
for (let i = 0; i < 4; i++) open(1, pour(registers()))
for (let i = 0; i < 2; i++) open(2, pour('{junk}\\n'.repeat(2000)))
for (let i = 0; i < 2; i++) open(3, pour('x'.repeat(65536)))
for (let i = 0; i < ${DRIPS}; i++) open(4, socket => {
  const timer = setInterval(() => socket.write('{'), 500)
  socket.once('close', () => clearInterval(timer))
})
setTimeout(() => console.log('ready'), 1000)
process.on('SIGTERM', () => { console.log(bytes); process.exit() })
`

export class Abuse {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  /** Resolves when all of it is under way. */
  static async begin(port: number): Promise<Abuse> {
    const stdio = ['ignore', 'pipe', 'inherit'] as const
    const child = spawn(process.execPath, ['-e', SCRIPT, String(port)], { stdio: [...stdio] })
    process.once('exit', () => child.kill('SIGKILL'))
    await new Promise(resolve => createInterface({ input: child.stdout! }).once('line', resolve))
    return new Abuse(child)
  }

  /** Ends it; what it consisted of. */
  end(): string {
    this.#child.kill('SIGTERM')
    return `4 connections register, 2 send junk, 2 endless lines, ${DRIPS} drip`
  }
}
