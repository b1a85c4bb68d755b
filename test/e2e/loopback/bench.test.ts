// A bench on this machine's loopback interface, in real processes: streams by TCP, ends that are not
// the usual one, and what is said when nothing is heard.

import { createSocket } from 'node:dgram'
import { expect } from 'vitest'
import type { BenchRow } from '../../../src/engine/bench/api.js'
import type { CliProcess } from '../../lab/cli.js'
import { end, notice, play, resultOf, type Stage } from '../stage.js'

interface Result {
  readonly receivers: readonly BenchRow[]
  readonly end: {
    readonly streams: readonly { readonly sender: Moved; readonly receiver: Moved }[]
    readonly sum_sent: Moved
  }
}

interface Moved {
  readonly start: number
  readonly end: number
  readonly bytes: number
}

function bench(stage: Stage, side: 'send' | 'recv', ...args: string[]): CliProcess {
  const where = ['--group', stage.group, '--port', String(stage.port), '--interface', '127.0.0.1']
  return stage.run(side, ['bench', side, ...where, ...args])
}

async function listening(stage: Stage, ...args: string[]): Promise<CliProcess> {
  const receiver = bench(stage, 'recv', ...args)
  await receiver.until('listening')
  return receiver
}

for (const MCP2P_NO_NATIVE of ['0', '1'])
  play(`sends just what was asked for (MCP2P_NO_NATIVE=${MCP2P_NO_NATIVE})`, async ({ stage }) => {
    const heard = await listening(stage, '-1')
    const args = ['--group', stage.group, '--port', String(stage.port), '--interface', '127.0.0.1']
    const send = stage.run(
      'sender',
      ['bench', 'send', ...args, '-b', '50m', '-n', '1M', '-l', '1000'],
      { env: { MCP2P_NO_NATIVE } },
    )
    await end([send, heard])
    const [{ figures }] = resultOf<Result>(send).receivers
    const total = Math.ceil(2 ** 20 / 1000)
    expect(figures).toMatchObject({ total, received: total, receivedBytes: 1000 * total })
  })

play('streams by TCP to one after the other, or to all at once', async ({ stage }) => {
  for (const order of ['--serial', '--parallel']) {
    const all = [await listening(stage, '-1'), await listening(stage, '-1')]
    const send = bench(stage, 'send', order, '-n', '3M')
    await end([send, ...all])
    const { receivers, end: whole } = resultOf<Result>(send)
    expect(receivers.map(({ figures }) => figures?.receivedBytes)).toEqual([3 << 20, 3 << 20])
    expect(whole.sum_sent.bytes).toBe(2 * (3 << 20))
    for (const { sender, receiver } of whole.streams)
      expect([sender.bytes, receiver.bytes]).toEqual([3 << 20, 3 << 20])
    const [first, second] = whole.streams.map(({ sender }) => sender)
    expect(second.start >= first.end).toBe(order === '--serial')
    for (const each of all) {
      const [{ sender, receiver }] = resultOf<Result>(each).end.streams
      expect([sender.bytes, receiver.bytes]).toEqual([0, 3 << 20])
    }
  }
})

play('what was measured is printed by both when one is stopped', async ({ stage }) => {
  const heard = await listening(stage)
  const send = bench(stage, 'send', '-b', '5m', '-t', '60', '-i', '0.2')
  await send.until('interval')
  send.kill('SIGINT')
  expect(await send.exited).toBe(5)
  const { receivers } = resultOf<Result>(send)
  expect(receivers[0].figures?.received).toBeGreaterThan(10)
  expect(receivers[0].figures?.lost).toBe(0)
  heard.kill('SIGINT')
  expect(await heard.exited).toBe(0)
})

play('a sender whom nobody answers says so', async ({ stage }) => {
  const send = bench(stage, 'send', '-b', '1m', '-t', '0.2')
  expect(await send.exited).toBe(6)
  expect(send.stderr).toContain('no receiver answered')
})

play('a receiver that hears nothing says after 5 s what to look for', async ({ stage }) => {
  const begin = performance.now()
  const heard = bench(stage, 'recv')
  const { hint } = await heard.until('notice', notice('silent'))
  expect(performance.now() - begin).toBeGreaterThan(4900)
  expect(hint).toContain('--interface')
  heard.kill('SIGINT')
  expect(await heard.exited).toBe(4)
})

play('a port that somebody else has is one line and a hint', async ({ stage }) => {
  const other = createSocket('udp4')
  try {
    await new Promise<void>(resolve => other.bind(stage.port, stage.group, resolve))
    const heard = bench(stage, 'recv')
    expect(await heard.exited).toBe(4)
    expect(heard.stderr).toContain('EADDRINUSE')
    expect(heard.stderr).toContain('--port')
  } finally {
    other.close()
  }
})
