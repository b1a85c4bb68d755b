// What loss and slow receivers cost: parity that pays for itself, links without a way back, and one
// slow line among fast ones.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { ReceiveProgress } from '../../src/engine/api.js'
import type { CliProcess } from '../../test/lab/cli.js'
import { median } from '../record.js'
import type { Found } from './found.js'
import { Stage, type StageOptions } from './stage.js'

const run = promisify(execFile)
const MIB = 2 ** 20

interface Transfer {
  /** From the first datagram to each receiver's last byte. */
  readonly seconds: readonly number[]
  /** What came by TCP, from receivers and from the sender. */
  readonly repairBytes: number
  readonly sentBytes: number
  readonly stage: Stage
}

async function transfer(
  scratch: string,
  options: StageOptions,
  prepare?: (stage: Stage) => Promise<void>,
): Promise<Transfer> {
  const stage = await Stage.set(scratch, options)
  try {
    await prepare?.(stage)
    const at = await stage.send()
    const ends = await stage.completes(115_000)
    const seconds = ends.map(end => (end - at) / 1000)
    const sentBytes = (await stage.lab.stats())[0].txBytes
    return { seconds, repairBytes: repairOf(stage.receivers), sentBytes, stage }
  } finally {
    await stage.strike()
  }
}

function repairOf(receivers: readonly CliProcess[]): number {
  let bytes = 0
  for (const each of receivers) {
    const { peerBytes = 0, seederBytes = 0 } = (each.last('progress') ??
      {}) as Partial<ReceiveProgress>
    bytes += peerBytes + seederBytes
  }
  return bytes
}

/** `--fec auto` beside `--fec off`, in turns, as machines change. */
export async function fec(scratch: string): Promise<Found[]> {
  const found: Found[] = []
  for (const lossPercent of [0, 1, 3, 10]) {
    const times: Record<string, number[]> = { off: [], auto: [] }
    const repair: Record<string, number[]> = { off: [], auto: [] }
    const tails: Record<string, number[]> = { off: [], auto: [] }
    for (let turn = 0; turn < 2; turn++)
      for (const mode of ['off', 'auto']) {
        const lines = { rate: '100mbit', noOffload: true, lossPercent, keeps: true }
        const options = { ...lines, receivers: 4, sizeBytes: 96 * MIB, send: ['--fec', mode] }
        const { seconds, repairBytes } = await transfer(scratch, options)
        times[mode].push(Math.max(...seconds))
        tails[mode].push(Math.max(...seconds) - Math.min(...seconds))
        repair[mode].push(repairBytes)
      }
    const ratio = median(times.auto) / median(times.off)
    const what = `fec auto beside off, ${lossPercent} % loss:`
    found.push({ what: `${what} time`, value: ratio, unit: '×', most: 1.02 })
    const traffic = median(repair.auto) / Math.max(1, median(repair.off))
    if (lossPercent > 0)
      found.push({ what: `${what} TCP's bytes`, value: traffic, unit: '×', most: 1 })
  }
  return found
}

/** No way back at all. */
export async function oneWay(scratch: string): Promise<Found[]> {
  const options = {
    rate: '100mbit',
    noOffload: true,
    lossPercent: 3,
    receivers: 2,
    sizeBytes: 64 * MIB,
    send: ['--carousel', '--fec', '10%', '--rate', '80Mbit'],
    recv: ['--one-way', '--discard'],
  }
  const { seconds } = await transfer(scratch, options)
  const once = (64 * MIB * 8) / 80e6
  return [
    {
      what: 'one-way, 3 % loss, fec 10 %',
      value: Math.max(...seconds) / once,
      unit: '× file',
      most: 3,
    },
  ]
}

/** One of eight on 10 Mbit/s, behind a switch that floods and one that snoops. */
export async function slow(scratch: string): Promise<Found[]> {
  const found: Found[] = []
  const sizeBytes = 80 * MIB
  for (const snooping of [undefined, 'on'] as const) {
    const lines = { rate: '100mbit', noOffload: true, snooping, sizeBytes, keeps: true }
    const calm = await transfer(scratch, { ...lines, receivers: 7 })
    const notices: string[] = []
    const one = await transfer(scratch, { ...lines, receivers: 8 }, async stage => {
      await slowDown(stage, 8)
      stage.receivers[7].on(event => {
        if (event.type === 'notice') notices.push(String(event.message))
      })
    })
    const what = `one of eight on 10 Mbit/s, ${snooping ? 'snooping' : 'flooding'}:`
    const value = Math.max(...one.seconds.slice(0, 7)) / Math.max(...calm.seconds)
    found.push({ what: `${what} the seven`, value, unit: '× alone', most: 1.05 })
    const own = (sizeBytes * 8) / one.seconds[7] / 10e6
    found.push({
      what: `${what} the slow one`,
      value: own,
      unit: '× line',
      ...(snooping && { least: 0.9 }),
    })
    const told = notices.some(text => /loses|swarm only/.test(text)) ? 1 : 0
    found.push({
      what: `${what} says why it left`,
      value: told,
      unit: '',
      least: 1,
      note: notices.join(' | '),
    })
  }
  return found
}

async function slowDown(stage: Stage, host: number): Promise<void> {
  const { prefix } = stage.lab
  const queue = [
    'root',
    'tbf',
    'rate',
    '10mbit',
    'burst',
    '15140',
    'limit',
    '131072',
    'overhead',
    '24',
  ]
  await run('tc', ['-n', `${prefix}-switch`, 'qdisc', 'replace', 'dev', `port${host}`, ...queue])
  await run('tc', ['-n', `${prefix}-${host}`, 'qdisc', 'replace', 'dev', 'eth0', ...queue])
}
