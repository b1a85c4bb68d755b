// A receiver that ends before its time: killed outright, or asked to stop. What it had is not
// fetched again, and what stands in the end is right.

import { join } from 'node:path'
import { describe, expect } from 'vitest'
import type { ReceiveResult } from '../../../src/engine/api.js'
import type { CliProcess } from '../../lab/cli.js'
import { end, holds, listening, patience, play, resultOf, type Stage } from '../stage.js'
import { mebibyte, randomFile } from '../tree.js'

const sizeBytes = 24 * mebibyte

interface Halfway {
  readonly file: string
  readonly receiver: CliProcess
  readonly sender: CliProcess
  /** The same command once more. */
  readonly again: () => CliProcess
}

/** A transfer to one receiver that has a good part of it. */
async function halfway(stage: Stage): Promise<Halfway> {
  const file = await randomFile(join(stage.folder, 'x.bin'), sizeBytes)
  const meta = await stage.meta(file)
  const again = () => stage.recv('a', [meta])
  const receiver = again()
  await listening(receiver)
  const sender = stage.send([meta, '--wait-receivers', '1', '--rate', '60Mbit'])
  await receiver.until('progress', holds(sizeBytes / 3))
  return { file, receiver, sender, again }
}

describe('a receiver that ends before its time', patience, () => {
  play('goes on where kill -9 left it', async ({ stage }) => {
    const { file, receiver, again } = await halfway(stage)
    receiver.kill('SIGKILL')
    expect(await receiver.exited).toBe(137)
    const second = again()
    await end([second])
    await stage.expectSame(file, 'a')
    const { resumedBytes, multicastBytes, peerBytes, seederBytes } = resultOf<ReceiveResult>(second)
    expect(resumedBytes).toBeGreaterThan(0)
    expect(resumedBytes + multicastBytes + peerBytes + seederBytes).toBe(sizeBytes)
  })

  play('keeps all it has at the first SIGINT and says how to go on', async ({ stage }) => {
    const { file, receiver, again } = await halfway(stage)
    receiver.kill('SIGINT')
    await end([receiver], 5)
    const had = Number(receiver.last('progress')?.verifiedBytes)
    const hint = String(receiver.last('error')?.hint)
    expect(hint).toMatch(/^To go on: mcp2p recv /)
    expect(hint).toContain(stage.out('a'))
    expect(receiver.stderr).toContain(hint)
    const second = again()
    await end([second])
    await stage.expectSame(file, 'a')
    expect(resultOf<ReceiveResult>(second).resumedBytes).toBeGreaterThanOrEqual(had)
  })

  play('stops at once at the second signal', async ({ stage }) => {
    const { receiver, sender } = await halfway(stage)
    // A peer that does not answer the farewell: the first signal alone would take its time.
    sender.kill('SIGSTOP')
    receiver.kill('SIGINT')
    await receiver.until('notice', ({ code }) => code === 'stopping')
    receiver.kill('SIGTERM')
    expect(await receiver.exited).toBe(143)
  })

  play('has nothing to do when all is there', async ({ stage }) => {
    const { file, receiver, sender, again } = await halfway(stage)
    await end([receiver, sender])
    const second = again()
    await end([second])
    expect(resultOf<ReceiveResult>(second).resumedBytes).toBe(sizeBytes)
    await stage.expectSame(file, 'a')
  })
})
