// A bench on a real LAN of namespaces: what every receiver counts is what the sender prints, the limit
// is the line's, and the figures are those of iperf 2 on the same line.

import { spawnSync } from 'node:child_process'
import { expect } from 'vitest'
import type { BenchRow } from '../../../src/engine/bench/api.js'
import { Lab } from '../../lab/lab.js'
import { skipUnless } from '../../lab/skip.js'
import { end, patience, play, resultOf, type Stage } from '../stage.js'

interface Sum {
  readonly bits_per_second: number
  readonly bytes: number
  readonly packets: number
  readonly lost_packets: number
  readonly lost_percent: number
}

interface Result {
  readonly end: { readonly sum: Sum; readonly sum_sent: Sum }
  readonly intervals: readonly { readonly sum: Sum }[]
  readonly receivers: readonly BenchRow[]
  readonly limit?: { readonly rateBps: number; readonly lossFraction: number }
}

const line = { hosts: 3, rate: '100mbit' }

async function receivers(stage: Stage, hosts: readonly number[], ...args: string[]) {
  const all = hosts.map(host =>
    stage.run(`receiver ${host}`, ['bench', 'recv', '--group', stage.group, ...args], { host }),
  )
  await Promise.all(all.map(each => each.until('listening')))
  return all
}

function sender(stage: Stage, ...args: string[]) {
  return stage.run('sender', ['bench', 'send', '--group', stage.group, ...args], { host: 0 })
}

/** Mbit/s and percent lost that iperf's server prints for one run of its client. */
async function iperf(lab: Lab, group: string, args: readonly string[]) {
  const server = lab.exec(1, ['iperf', '-su', '-B', `${group}%eth0`, '-t', '2.6'])
  let text = ''
  server.stdout?.on('data', bytes => {
    text += bytes
  })
  const ended = new Promise(resolve => server.once('close', resolve))
  await new Promise(resolve => setTimeout(resolve, 500))
  await lab.run(0, ['iperf', '-uc', group, ...args])
  await ended
  const found = /([\d.]+) Mbits\/sec +[\d.]+ ms +(\d+)\/ *(\d+)/.exec(text)
  expect(found, text).not.toBeNull()
  return { mbits: Number(found?.[1]), lost: Number(found?.[2]) / Number(found?.[3]) }
}

skipUnless(Lab.available())('a bench on a LAN', patience, () => {
  play('every receiver counts what the sender then prints', async ({ stage }) => {
    await stage.lan(line)
    const heard = await receivers(stage, [1, 2], '-1', '-i', '1')
    const send = sender(stage, '-b', '50m', '-t', '2', '-i', '1')
    await end([send, ...heard])
    const { receivers: rows, end: whole, intervals } = resultOf<Result>(send)
    expect(rows.map(({ host }) => host).sort()).toEqual(['10.42.0.2', '10.42.0.3'])
    expect(intervals.length).toBeGreaterThanOrEqual(2)
    expect(whole.sum_sent.bits_per_second / 50e6).toBeCloseTo(1, 1.7)
    for (const { figures } of rows) expect(figures).toMatchObject({ lost: 0, duplicates: 0 })
    for (const each of heard) {
      const { sum } = resultOf<Result>(each).end
      expect(sum.packets).toBe(whole.sum_sent.packets)
      expect(sum.bits_per_second / 50e6).toBeCloseTo(1, 1.7)
      expect(resultOf<Result>(each).intervals.length).toBeGreaterThanOrEqual(2)
    }
  })

  play('finds the limit of the line within 15 s', async ({ stage }) => {
    await stage.lan(line)
    const limits: number[] = []
    // Without the processor no sender finds what a line carries; some time it gets to run.
    for (let i = 0; i < 3 && !limits.some(each => each > 0.97); i++) {
      const heard = await receivers(stage, [1, 2], '-1')
      const send = sender(stage, '-b', '0')
      await send.until('sending')
      const begin = performance.now()
      await end([send, ...heard])
      expect(performance.now() - begin).toBeLessThan(15_000)
      const { limit } = resultOf<Result>(send)
      expect(limit?.lossFraction).toBeLessThan(0.001)
      // 1470 bytes of 1536 that a frame takes with its headers and gaps.
      limits.push((limit?.rateBps ?? 0) / 95.7e6)
    }
    expect(Math.max(...limits)).toBeGreaterThan(0.97)
    expect(Math.max(...limits)).toBeLessThan(1.01)
  })

  play('the words of strangers change no figure', async ({ stage }) => {
    const lab = await stage.lan(line)
    const heard = await receivers(stage, [1], '-1')
    const send = sender(stage, '-b', '20m', '-t', '1')
    await send.until('receiver')
    // Greetings and data of sessions that nobody holds, and pieces of them.
    const forger = `
      const socket = require('node:dgram').createSocket('udp4')
      const bytes = Buffer.alloc(1470, 7)
      socket.bind(() => {
        for (let i = 0; i < 300; i++) {
          bytes.write(i % 2 ? '6d6210' : '6d6211', 0, 'hex')
          bytes.writeUInt32BE(i, 4)
          socket.send(Buffer.from(bytes.subarray(0, 20 + i)), 5001, '${stage.group}')
        }
        setTimeout(() => socket.close(), 300)
      })`
    await lab.run(2, [process.execPath, '-e', forger])
    await end([send, ...heard])
    const [{ figures }] = resultOf<Result>(send).receivers
    expect(figures).toMatchObject({ lost: 0, duplicates: 0 })
    expect(figures?.total).toBe(resultOf<Result>(send).end.sum_sent.packets)
  })
})

const noIperf = spawnSync('iperf', ['-v']).error ? 'iperf 2 is not installed' : undefined
skipUnless(noIperf ?? Lab.available())('beside iperf 2 on the same line', patience, () => {
  /** One run of each on the same line: Mbit/s and the fraction lost. */
  async function pair(stage: Stage, lab: Lab, rate: string) {
    const args = ['-b', rate, '-t', '1.5']
    const theirs = await iperf(lab, stage.group, args)
    const [heard] = await receivers(stage, [1], '-1')
    await end([sender(stage, ...args), heard])
    const { sum } = resultOf<Result>(heard).end
    const ours = { mbits: sum.bits_per_second / 1e6, lost: sum.lost_percent / 100 }
    return { theirs, ours }
  }

  play('the rate is the same within 1 %, and so is the loss', async ({ stage }) => {
    const lab = await stage.lan({ hosts: 2, rate: '100mbit' })
    const pairs: Awaited<ReturnType<typeof pair>>[] = []
    const isSame = () =>
      pairs.some(
        ({ theirs, ours }) =>
          Math.abs(ours.mbits / theirs.mbits - 1) < 0.01 &&
          Math.abs(ours.lost - theirs.lost) < 0.001,
      )
    // Who else runs on this machine disturbs one of the two: some pair is undisturbed.
    for (let i = 0; i < 5 && !isSame(); i++) pairs.push(await pair(stage, lab, '40M'))
    expect(isSame(), JSON.stringify(pairs)).toBe(true)
  })

  play('a full line is as full', async ({ stage }) => {
    const lab = await stage.lan({ hosts: 2, rate: '100mbit' })
    const pairs: Awaited<ReturnType<typeof pair>>[] = []
    const isAsFull = () => pairs.some(({ theirs, ours }) => ours.mbits > 0.99 * theirs.mbits)
    for (let i = 0; i < 3 && !isAsFull(); i++) pairs.push(await pair(stage, lab, '200M'))
    expect(isAsFull(), JSON.stringify(pairs)).toBe(true)
    // No more than 1470 bytes of 1536 that a frame takes.
    for (const { ours } of pairs) expect(ours.mbits).toBeLessThan(1.01 * 95.7)
  })
})
