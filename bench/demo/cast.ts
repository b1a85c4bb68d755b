// Who plays in the demo: one sender and three receivers, each the real command line in a process of
// its own, on the loopback interface. One receiver loses datagrams, one joins late.

import { createSocket } from 'node:dgram'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { SendProgress } from '../../src/engine/api.js'
import { CliProcess } from '../../test/lab/cli.js'

const loopback = '127.0.0.1'
const lossFraction = 0.02
const lateFraction = 0.3

export interface Receiver {
  readonly process: CliProcess
  readonly folder: string
  /** What is special about it, for people. */
  readonly part: string
}

export interface Cast {
  readonly sender: CliProcess
  /** In the order of their start. */
  readonly receivers: readonly Receiver[]
  /** Resolves when the late receiver was started. */
  readonly late: Promise<CliProcess>
  /** Why the swarm was on its own, as anybody said. */
  readonly reasons: readonly string[]
}

export const parts = [
  'in time',
  `loses ${lossFraction * 100} % of the datagrams`,
  `joins at ${lateFraction * 100} % of the blast`,
]

/** Starts the sender and the two receivers that are there from the start. */
export async function start(
  meta: string,
  root: string,
  out: string,
  followed: (process: CliProcess) => CliProcess,
): Promise<Cast> {
  const reasons: string[] = []
  const follow = (process: CliProcess): CliProcess =>
    followed(process).on(({ type, message }) => {
      const [, why] = /^swarm only: (.*)/.exec(type === 'notice' ? String(message) : '') ?? []
      if (why !== undefined) reasons.push(why)
    })
  const network = ['--interface', loopback, '--port', String(await freeUdpPorts())]
  // It stays for the late one, however small the tree; the demo ends it.
  const send = ['send', meta, '--root', root, '--wait-receivers', '2', '--forever', ...network]
  const sender = follow(new CliProcess('sender', send))
  const { peerPort } = await sender.until('listening')
  const { link, totalBytes } = await sender.until('session')
  const receivers: Receiver[] = []
  const enter = async () => {
    const number = receivers.length + 1
    const folder = join(out, String(number))
    await mkdir(folder, { recursive: true })
    const args = ['recv', String(link), '-o', folder, '--peer', `${loopback}:${peerPort}`]
    const env = number === 2 ? { MCP2P_TEST_LOSS: String(lossFraction) } : {}
    const process = follow(new CliProcess(`receiver ${number}`, [...args, ...network], env))
    receivers.push({ process, folder, part: parts[number - 1] })
    return process
  }
  await enter()
  await enter()
  const early = receivers.map(each => each.process)
  const late = whenPassed(sender, early, lateFraction * Number(totalBytes)).then(enter)
  return { sender, receivers, late, reasons }
}

/** Resolves once a part of the blast is over; without a blast, once a receiver has that much. */
function whenPassed(
  sender: CliProcess,
  receivers: readonly CliProcess[],
  bytes: number,
): Promise<unknown> {
  const blast = sender.until('progress', event => {
    const { pass, passFraction } = event as unknown as SendProgress
    return pass > 1 || passFraction >= lateFraction
  })
  const swarm = receivers.map(each =>
    each.until('progress', event => Number(event.verifiedBytes) >= bytes),
  )
  const over = receivers.map(each => each.until('complete'))
  return Promise.any([blast, ...swarm, ...over])
}

/** The first of two neighbouring free ports, so that no other session on this machine is met. */
async function freeUdpPorts(): Promise<number> {
  const first = await bound(0)
  const { port } = first.address()
  const second = await bound(port + 1).catch(() => undefined)
  await Promise.all([first, second].map(socket => socket && closed(socket)))
  return second ? port : freeUdpPorts()
}

function bound(port: number): Promise<ReturnType<typeof createSocket>> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4')
    socket.once('error', reject)
    socket.bind(port, loopback, () => resolve(socket))
  })
}

function closed(socket: ReturnType<typeof createSocket>): Promise<void> {
  return new Promise(resolve => {
    socket.close(resolve)
  })
}
