// The raw limit of the lab, by raw.c: what a report divides by. Nobody can bring a file to all receivers
// faster than a program that sends without a pause and does nothing with what arrives.

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { repositoryRoot } from '../../test/lab/root.js'
import { cpuSeconds } from './cpu.js'
import { layLines, type Setting } from './line.js'
import type { RivalRun } from './race.js'

const group = '224.0.67.67'
const port = '6767'

/** Compiles it; undefined where there is no compiler. */
export function buildRaw(scratch: string): string | undefined {
  const program = join(scratch, 'raw')
  const source = join(repositoryRoot, 'bench/lan/raw.c')
  try {
    execFileSync(process.env.CC ?? 'cc', ['-std=gnu11', '-O2', source, '-o', program])
    return program
  } catch {
    return undefined
  }
}

/** So long as the slowest receiver's rate takes for the file, whatever got lost. */
export async function blastRaw(
  program: string,
  setting: Setting,
  sizeBytes: number,
): Promise<RivalRun> {
  const lab = await layLines(setting)
  try {
    const at = (host: number) => [lab.addressOf(host), group, port]
    const hosts = Array.from({ length: setting.receivers }, (_, i) => i + 1)
    const heard = hosts.map(host => lab.run(host, [program, 'receive', ...at(host)]))
    await new Promise(resolve => setTimeout(resolve, 500))
    const busyBefore = cpuSeconds()
    await lab.run(0, [program, 'send', ...at(0), String(sizeBytes / 2 ** 20)])
    const busy = cpuSeconds() - busyBefore
    const { txBytes } = (await lab.stats())[0]
    const rates = (await Promise.all(heard)).map(line => {
      const [bytes, seconds] = line.split(' ').map(Number)
      return bytes / seconds
    })
    const seconds = sizeBytes / Math.min(...rates)
    return { seconds, wireRatio: txBytes / sizeBytes, cpuSeconds: busy }
  } finally {
    await lab.down()
  }
}
