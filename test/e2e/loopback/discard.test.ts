// A null receiver: all is verified, nothing is written, and nobody can have anything of it or has to
// wait for it.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import type { ReceiveResult, SendResult } from '../../../src/engine/api.js'
import { end, listening, patience, play, resultOf } from '../stage.js'
import { mebibyte, randomFile } from '../tree.js'

const sizeBytes = 24 * mebibyte
/** Both lose so much that they need more than the blast. */
const env = { MCP2P_TEST_LOSS: '0.05' }

describe('a receiver that discards', patience, () => {
  play('completes, holds nothing and gives nothing', async ({ stage }) => {
    const file = await randomFile(join(stage.folder, 'x.bin'), sizeBytes)
    const discarding = stage.run('null', ['recv', '--discard', ...stage.network], { env })
    const keeping = stage.recv('kept', [], { env })
    await Promise.all([discarding, keeping].map(listening))
    const sender = stage.send([file, '--wait-receivers', '2', '--fec', 'off', '--rate', '80Mbit'])
    await end([sender, discarding, keeping])
    await stage.expectSame(file, 'kept')
    const nothing = resultOf<ReceiveResult>(discarding)
    expect(nothing).toMatchObject({ out: null, totalBytes: sizeBytes, uploadedBytes: 0 })
    expect(nothing.multicastBytes + nothing.peerBytes + nothing.seederBytes).toBe(sizeBytes)
    expect(nothing.multicastBytes).toBeLessThan(sizeBytes)
    // The one that keeps what it has could have it from nobody but the sender, and gave of it.
    expect(resultOf<ReceiveResult>(keeping).peerBytes).toBe(0)
    expect(resultOf<SendResult>(sender).receivers.map(({ state }) => state)).toEqual([
      'complete',
      'complete',
    ])
    expect(existsSync('x.bin')).toBe(false)
  })

  play('needs no way back either', async ({ stage }) => {
    const file = await randomFile(join(stage.folder, 'x.bin'), 4 * mebibyte)
    const args = ['recv', '--discard', '--one-way', ...stage.network]
    const discarding = stage.run('null', args, { env })
    const sender = stage.send([file, '--carousel', '--rate', '40Mbit'])
    await end([discarding])
    expect(resultOf<ReceiveResult>(discarding)).toMatchObject({ out: null, seederBytes: 0 })
    sender.kill('SIGINT')
    await end([sender])
  })
})
