// How a sender ends when not all is well: nobody came, somebody stays gone, a file changed
// underneath, or the meta is damaged.

import { open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import type { ReceiveResult, SendResult } from '../../../src/engine/api.js'
import { end, holds, listening, patience, play, resultOf } from '../stage.js'
import { mebibyte, randomFile } from '../tree.js'

/** Turns one byte of a file into another; a second call turns it back. */
async function flip(path: string, offset: number): Promise<void> {
  const file = await open(path, 'r+')
  try {
    const byte = Buffer.alloc(1)
    await file.read(byte, 0, 1, offset)
    byte[0] ^= 0xff
    await file.write(byte, 0, 1, offset)
  } finally {
    await file.close()
  }
}

describe('a sender', patience, () => {
  play('ends with exit 6 when nobody came', async ({ stage }) => {
    const file = await randomFile(join(stage.folder, 'x.bin'), mebibyte)
    const sender = stage.send([file, '--wait', '1s', '--linger', '1s'])
    await end([sender], 6)
    expect(resultOf<SendResult>(sender)).toMatchObject({ complete: false, receivers: [] })
    expect(sender.stderr).toContain('no receiver came')
  })

  play('ends with exit 6 when a receiver stays gone, and serves the others', async ({ stage }) => {
    const file = await randomFile(join(stage.folder, 'x.bin'), 16 * mebibyte)
    const meta = await stage.meta(file)
    const receivers = ['stays', 'goes'].map(name => stage.recv(name, [meta]))
    await Promise.all(receivers.map(listening))
    const sender = stage.send([meta, '--wait-receivers', '2', '--linger', '2s', '--rate', '50Mbit'])
    await receivers[1].until('progress', holds(4 * mebibyte))
    receivers[1].kill('SIGKILL')
    await Promise.all([end([sender], 6), end([receivers[0]])])
    await stage.expectSame(file, 'stays')
    const states = resultOf<SendResult>(sender).receivers.map(row => row.state)
    expect(states.sort()).toEqual(['complete', 'gone'])
    expect(sender.stderr).toContain('1 of 2 receivers')
  })

  play('never sends a file that changed, and names it; what came stays', async ({ stage }) => {
    const file = await randomFile(join(stage.folder, 'moving.bin'), 24 * mebibyte)
    const meta = await stage.meta(file)
    const receiver = stage.recv('a', [meta])
    await listening(receiver)
    const args = [meta, '--wait-receivers', '1', '--rate', '50Mbit']
    const first = stage.send(args)
    await receiver.until('progress', holds(2 * mebibyte))
    const spoilt = 22 * mebibyte
    await flip(file, spoilt)
    await end([first], 8)
    expect(first.last('error')).toMatchObject({ code: 'SOURCE_CHANGED' })
    expect(first.last('error')?.message).toContain('moving.bin')

    receiver.kill('SIGINT')
    await end([receiver], 5)
    const had = Number(receiver.last('progress')?.verifiedBytes)
    expect(had).toBeGreaterThanOrEqual(2 * mebibyte)
    await flip(file, spoilt)
    const again = stage.recv('a', [meta])
    await end([stage.send(args), again])
    await stage.expectSame(file, 'a')
    expect(resultOf<ReceiveResult>(again).resumedBytes).toBeGreaterThanOrEqual(had)
  })

  play('refuses at once what is not there or has another size', async ({ stage }) => {
    const file = await randomFile(join(stage.folder, 'x.bin'), mebibyte)
    const meta = await stage.meta(file)
    await randomFile(file, mebibyte - 1)
    const smaller = stage.send([meta])
    await end([smaller], 8)
    expect(smaller.last('error')?.message).toContain('x.bin')
    const missing = stage.send([meta, '--root', await stage.make('elsewhere')])
    await end([missing], 3)
    expect(missing.last('error')?.message).toContain('x.bin')
    expect(missing.last('session')).toBeUndefined()
  })
})

describe('a damaged meta', patience, () => {
  play('is refused by whoever reads it, before anything else', async ({ stage }) => {
    const file = await randomFile(join(stage.folder, 'x.bin'), mebibyte)
    const meta = await stage.meta(file)
    const text = await readFile(meta, 'utf8')
    const damaged = join(stage.folder, 'damaged.p2pmeta')
    await writeFile(damaged, text.replace('"x.bin"', '"y.bin"'))
    const newer = join(stage.folder, 'newer.p2pmeta')
    await writeFile(newer, text.replace('"version":1', '"version":2'))
    const readers = (path: string) => [
      stage.recv('a', [path]),
      stage.send([path]),
      stage.run('verify', ['verify', path, stage.folder]),
    ]
    const spoilt = readers(damaged)
    await end(spoilt, 7)
    const strange = readers(newer)
    await end(strange, 9)
    for (const each of [...spoilt, ...strange]) {
      expect(each.last('session')).toBeUndefined()
      expect(each.stderr).toMatch(/error: .*\n hint: ./)
    }
  })
})
