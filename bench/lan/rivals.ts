// The multicast tools that people use today, on the same lines and the same bytes, so that our
// figures have a scale. Each is given what its manual recommends; uftp is even told the rate.

import type { ChildProcess } from 'node:child_process'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { compareTrees } from '../../test/lab/compare.js'
import type { Lab } from '../../test/lab/lab.js'
import { firstLine } from '../record.js'
import { layLines, type Setting } from './line.js'
import type { Payload } from './transfer.js'

export interface Rival {
  readonly name: string
  /** What it says about itself, or undefined when it is not installed. */
  version(): string | undefined
  receiver(file: string, folder: string, host: string): readonly string[]
  sender(file: string, setting: Setting): readonly string[]
  /** Whether its receivers end by themselves; else the sender's end is the last completion. */
  readonly receiversEnd: boolean
}

/** What uftp is told: of a line of 100 Mbit/s, 95.7 are payload of full datagrams. */
const uftpLineFraction = 0.94
const socketBytes = '4194304'

export const rivals: readonly Rival[] = [
  {
    name: 'udpcast',
    receiversEnd: true,
    version: () => versionOf('udpcast', 'udp-sender'),
    receiver: file => ['udp-receiver', '--interface', 'eth0', '--file', file, '--nokbd'],
    sender: (file, { receivers }) =>
      ['udp-sender', '--interface', 'eth0', '--file', file, '--nokbd', '--full-duplex'].concat(
        '--min-receivers',
        String(receivers),
      ),
  },
  {
    name: 'uftp',
    receiversEnd: false,
    version: () => versionOf('uftp', 'uftpd'),
    receiver: (_, folder, host) =>
      ['uftpd', '-d', '-I', 'eth0', '-D', folder, '-T', `${folder}.part`, '-B', socketBytes].concat(
        '-U',
        `0x${host.padStart(8, '0')}`,
      ),
    sender: (file, { rate }) => {
      const kilobits = Math.round((bitsOf(rate) / 1000) * uftpLineFraction)
      return ['uftp', '-I', 'eth0', '-R', String(kilobits), '-B', socketBytes, file]
    },
  },
]

/** The package's version where a package manager knows it; undefined when it is not installed. */
function versionOf(name: string, command: string): string | undefined {
  if (firstLine(command, '-?') === undefined) return undefined
  const [known, version] = firstLine('dpkg-query', '-W', name)?.split(/\s/) ?? []
  return known === name ? version : 'unknown'
}

export interface RivalRun {
  /** From the sender's start to the last receiver's completion. */
  readonly seconds: number
  readonly wireRatio: number
}

/** One transfer by a rival, every copy compared. Rejects when it fails or takes too long. */
export async function race(
  rival: Rival,
  payload: Payload,
  setting: Setting,
  scratch: string,
  timeoutMillis: number,
): Promise<RivalRun> {
  const out = join(scratch, 'out')
  const lab = await layLines(setting)
  let timer: NodeJS.Timeout | undefined
  try {
    const late = new Promise<never>((_, reject) => {
      const message = `${rival.name}: not complete after ${timeoutMillis / 1000} s`
      timer = setTimeout(() => reject(new Error(message)), timeoutMillis)
    })
    const result = await Promise.race([run(rival, lab, payload, setting, out), late])
    for (let host = 1; host <= setting.receivers; host++) {
      const { differences } = await compareTrees(payload.folder, join(out, String(host)))
      if (differences.length > 0) throw new Error(`${rival.name} at ${host}: ${differences[0]}`)
    }
    return result
  } finally {
    clearTimeout(timer)
    await lab.down()
    await rm(out, { recursive: true, force: true })
  }
}

async function run(rival: Rival, lab: Lab, payload: Payload, setting: Setting, out: string) {
  const receivers: ChildProcess[] = []
  for (let host = 1; host <= setting.receivers; host++) {
    const folder = join(out, String(host))
    await mkdir(folder, { recursive: true })
    await mkdir(`${folder}.part`)
    const argv = rival.receiver(join(folder, payload.file), folder, String(host))
    receivers.push(lab.exec(host, argv, { stdio: 'ignore' }))
  }
  // They open their sockets within milliseconds and announce nothing that could be awaited.
  await new Promise(resolve => setTimeout(resolve, 500))
  const started = performance.now()
  const sender = lab.exec(0, rival.sender(join(payload.folder, payload.file), setting), {
    stdio: 'ignore',
  })
  await succeeded(sender, rival.name)
  if (rival.receiversEnd) await Promise.all(receivers.map(each => succeeded(each, rival.name)))
  const seconds = (performance.now() - started) / 1000
  const { txBytes } = (await lab.stats())[0]
  return { seconds, wireRatio: txBytes / payload.sizeBytes }
}

function succeeded(child: ChildProcess, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', code => {
      if (code === 0) resolve()
      else reject(new Error(`${name} ended with exit ${code}`))
    })
  })
}

/** `100mbit` → bits per second. */
function bitsOf(rate: string): number {
  const [, number, unit] = /^(\d+)([kmg])bit$/i.exec(rate) ?? []
  return Number(number) * { k: 1e3, m: 1e6, g: 1e9 }[unit.toLowerCase() as 'k' | 'm' | 'g']
}
