// One transfer by a rival in the lab: its processes started in its own order, the clock run until the
// last receiver has everything, every copy compared.

import type { ChildProcess } from 'node:child_process'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { compareTrees } from '../../test/lab/compare.js'
import type { Lab } from '../../test/lab/lab.js'
import { cpuSeconds } from './cpu.js'
import { layLines, type Setting } from './line.js'
import type { Rival } from './rivals.js'
import type { Payload } from './transfer.js'

export interface RivalRun {
  /** From the start of who starts last, all receivers or the sender, to the last completion. */
  readonly seconds: number
  readonly wireRatio: number
  /** Of the whole machine. */
  readonly cpuSeconds: number
}

/** Rejects when it fails, takes too long or brings a wrong byte. */
export async function race(
  rival: Rival,
  payload: Payload,
  setting: Setting,
  scratch: string,
  timeoutMillis: number,
): Promise<RivalRun> {
  const out = join(scratch, 'out')
  const lab = await layLines(setting)
  const cast: ChildProcess[] = []
  let timer: NodeJS.Timeout | undefined
  try {
    const late = new Promise<never>((_, reject) => {
      const message = `${rival.name}: not complete after ${timeoutMillis / 1000} s`
      timer = setTimeout(() => reject(new Error(message)), timeoutMillis)
    })
    const result = await Promise.race([run(rival, lab, payload, setting, out, cast), late])
    for (let host = 1; host <= setting.receivers; host++) {
      const { differences } = await compareTrees(payload.folder, join(out, String(host)))
      if (differences.length > 0) throw new Error(`${rival.name} at ${host}: ${differences[0]}`)
    }
    return result
  } finally {
    clearTimeout(timer)
    for (const each of cast) each.kill('SIGKILL')
    await lab.down()
    await rm(out, { recursive: true, force: true })
  }
}

async function run(
  rival: Rival,
  lab: Lab,
  payload: Payload,
  setting: Setting,
  out: string,
  cast: ChildProcess[],
): Promise<RivalRun> {
  const { folder: source, file } = payload
  const start = (host: number, argv: readonly string[]): ChildProcess => {
    const child = lab.exec(host, argv, { stdio: ['ignore', 'pipe', 'ignore'] })
    cast.push(child)
    return child
  }
  const receive = async (host: number): Promise<ChildProcess> => {
    const folder = join(out, String(host))
    await mkdir(folder, { recursive: true })
    await mkdir(`${folder}.part`)
    const seat = { host, source, file, folder, senderAddress: lab.addressOf(0) }
    return start(host, rival.receiver(seat))
  }
  const receiveAll = () =>
    Promise.all(Array.from({ length: setting.receivers }, (_, i) => receive(i + 1)))
  const send = () => start(0, rival.sender(source, file, setting, lab.addressOf(0)))
  const done = rival.words?.done ?? 'done'
  const first = rival.serves ? [send()] : await receiveAll()
  await ready(rival, first)
  const busyBefore = cpuSeconds()
  const started = performance.now()
  const then = rival.serves ? await receiveAll() : [send()]
  const receivers = rival.serves ? then : first
  if (!rival.serves) await succeeded(then[0], rival.name)
  if (rival.done === 'receiver says') await Promise.all(receivers.map(each => said(each, done)))
  if (rival.done === 'receiver ends')
    await Promise.all(receivers.map(each => succeeded(each, rival.name)))
  const seconds = (performance.now() - started) / 1000
  const busy = cpuSeconds() - busyBefore
  const { txBytes } = (await lab.stats())[0]
  return { seconds, wireRatio: txBytes / payload.sizeBytes, cpuSeconds: busy }
}

/** Most open their sockets within milliseconds and announce nothing that could be awaited. */
async function ready(rival: Rival, first: readonly ChildProcess[]): Promise<void> {
  if (rival.done === 'receiver says') await said(first[0], rival.words?.ready ?? 'ready')
  else await new Promise(resolve => setTimeout(resolve, 500))
}

function said(child: ChildProcess, word: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', code => reject(new Error(`it ended with exit ${code} before ${word}`)))
    child.stdout?.on('data', piece => String(piece).includes(word) && resolve())
  })
}

async function succeeded(child: ChildProcess, name: string): Promise<void> {
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  const code = child.exitCode ?? (await ended)
  if (code !== 0) throw new Error(`${name} ended with exit ${code}`)
}
