// Disks that are full, read-only, broken or forbidden, at either end: one line, exit 8, nothing lost,
// and the same command completes once the disk is right again.

import { spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect } from 'vitest'
import type { ReceiveResult } from '../../../src/engine/api.js'
import { CliProcess, cliPath } from '../../lab/cli.js'
import { skipUnless } from '../../lab/skip.js'
import { Volume } from '../../lab/volume.js'
import { end, holds, listening, patience, play, resultOf, type Stage } from '../stage.js'
import { mebibyte, randomFile } from '../tree.js'

const sizeBytes = 8 * mebibyte
const paced = ['--wait-receivers', '1', '--rate', '40Mbit', '--linger', '20s']

function closing(stage: Stage, volume: Volume): Volume {
  stage.defer(() => volume.close())
  return volume
}

/** Why a user without rights cannot run what is built here, or undefined. */
function othersMayRun(): string | undefined {
  for (let path = dirname(cliPath); path !== dirname(path); path = dirname(path))
    if ((statSync(path).mode & 1) === 0) return `other users may not look into ${path}`
  return undefined
}

async function offered(stage: Stage) {
  const file = await randomFile(join(stage.folder, 'x.bin'), sizeBytes)
  return { file, meta: await stage.meta(file) }
}

/** One line that says what, one that says what to do, and the exit. */
async function expectFailure(player: CliProcess, code: string, ...said: string[]): Promise<void> {
  await end([player], 8)
  expect(player.last('error')).toMatchObject({ code, exit: 8 })
  const lines = player.stderr.split('\n').filter(line => !/^(warning|note):/.test(line))
  expect(lines).toEqual([expect.stringMatching(/^error: ./), expect.stringMatching(/^ hint: ./)])
  for (const each of said) expect(lines[0]).toContain(each)
}

skipUnless(Volume.available())('a destination', patience, () => {
  play(
    'that is full in the middle keeps what came; then the rerun completes',
    async ({ stage }) => {
      const { file, meta } = await offered(stage)
      closing(stage, Volume.memory(stage.out('a'), 2 * sizeBytes))
      const receiver = stage.recv('a', [meta])
      await listening(receiver)
      const sender = stage.send([meta, ...paced])
      await receiver.until('progress', holds(sizeBytes / 3))
      const filler = join(stage.out('a'), 'filler')
      expect(() => writeFileSync(filler, Buffer.alloc(3 * sizeBytes))).toThrow('ENOSPC')
      await expectFailure(receiver, 'DISK_FULL', 'x.bin', 'the disk is full')
      rmSync(filler)
      const again = stage.recv('a', [meta])
      await end([again, sender])
      await stage.expectSame(file, 'a')
      expect(resultOf<ReceiveResult>(again).resumedBytes).toBeGreaterThan(0)
      expect(readdirSync(stage.out('a'))).toEqual(['x.bin'])
    },
  )

  play('that is too small or read-only is refused; then the rerun completes', async ({ stage }) => {
    const { file, meta } = await offered(stage)
    const volume = closing(stage, Volume.memory(stage.out('a'), sizeBytes + mebibyte))
    writeFileSync(join(stage.out('a'), 'filler'), Buffer.alloc(2 * mebibyte))
    await expectFailure(stage.recv('a', [meta]), 'NO_SPACE', '8.0 MiB are needed')
    rmSync(join(stage.out('a'), 'filler'))
    volume.readOnly(true)
    await expectFailure(stage.recv('a', [meta]), 'READ_ONLY', 'read-only')
    expect(readdirSync(stage.out('a'))).toEqual([])
    volume.readOnly(false)
    await end([stage.recv('a', [meta]), stage.send([meta, '--wait-receivers', '1'])])
    await stage.expectSame(file, 'a')
  })
})

skipUnless(Volume.breakable())('a source on a dying disk', patience, () => {
  play('is named; what came stays, and the rerun completes', async ({ stage }) => {
    const volume = closing(stage, Volume.disk(join(stage.folder, 'disk')))
    const file = await randomFile(join(volume.path, 'x.bin'), 10 * mebibyte)
    const meta = join(stage.folder, 'x.p2pmeta')
    await end([stage.run('meta', ['meta', file, '-o', meta])])
    volume.break(8 * mebibyte)
    const receiver = stage.recv('a', [meta])
    await listening(receiver)
    await expectFailure(
      stage.send([meta, '--root', volume.path, ...paced]),
      'DISK_FAULT',
      'x.bin',
      'input/output',
    )
    await expectFailure(stage.run('meta', ['meta', file, '-o', `${meta}2`]), 'DISK_FAULT', 'x.bin')
    expect(existsSync(`${meta}2`)).toBe(false)
    volume.mend()
    await end([receiver, stage.send([meta, '--root', volume.path, '--wait-receivers', '1'])])
    await stage.expectSame(file, 'a')
  })
})

skipUnless(othersMayRun())('a source', patience, () => {
  play('that nobody may read is named, by meta and by send', async ({ stage }) => {
    const { file, meta } = await offered(stage)
    chmodSync(file, 0)
    chmodSync(stage.folder, 0o777)
    // Root may read everything, so it has to be somebody else.
    const other = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
    const run = (...args: string[]) =>
      new CliProcess(args[0], args, { XDG_CONFIG_HOME: '/nonexistent' }, (argv, options) =>
        spawn(argv[0], argv.slice(1), { ...options, ...other }),
      )
    await expectFailure(run('meta', file, '-o', `${meta}2`), 'FORBIDDEN', 'x.bin')
    const receiver = stage.recv('a', [meta])
    await listening(receiver)
    await expectFailure(run('send', meta, ...paced, ...stage.network), 'FORBIDDEN', 'x.bin')
    chmodSync(file, 0o644)
    await end([receiver, stage.send([meta, '--wait-receivers', '1'])])
    await stage.expectSame(file, 'a')
  })
})

describe('a source that changes', patience, () => {
  play('and becomes shorter is named, and nothing beyond is sent', async ({ stage }) => {
    // Longer than what the sender reads ahead.
    const longBytes = 16 * mebibyte
    const file = await randomFile(join(stage.folder, 'x.bin'), longBytes)
    const meta = await stage.meta(file)
    const receiver = stage.recv('a', [meta])
    await listening(receiver)
    const sender = stage.send([meta, ...paced])
    await receiver.until('progress', holds(mebibyte))
    truncateSync(file, longBytes - 10)
    await expectFailure(sender, 'SOURCE_CHANGED', 'x.bin')
    expect(Number(receiver.last('progress')?.verifiedBytes)).toBeLessThan(longBytes)
  })

  play('and one that is taken away, of which the sender reads the next', async ({ stage }) => {
    const names = Array.from({ length: 8 }, (_, i) => `t/${i}.bin`)
    mkdirSync(join(stage.folder, 't'))
    for (const name of names) await randomFile(join(stage.folder, name), 4 * mebibyte)
    const meta = await stage.meta(join(stage.folder, 't'))
    const receiver = stage.recv('a', [meta])
    await listening(receiver)
    const sender = stage.send([meta, ...paced])
    await receiver.until('progress', holds(mebibyte))
    rmSync(join(stage.folder, names[7]))
    await expectFailure(sender, 'SOURCE_CHANGED', '7.bin is gone')
  })
})

describe('one folder', patience, () => {
  play('takes one receiver of a transfer, and two of different ones', async ({ stage }) => {
    const files = ['x.bin', 'y.bin'].map(name => randomFile(join(stage.folder, name), 4 * mebibyte))
    const [x, y] = await Promise.all(files)
    const metas = [await stage.meta(x), await stage.meta(y)]
    const receivers = metas.map(meta => stage.recv('a', [meta]))
    await Promise.all(receivers.map(listening))
    const second = stage.recv('a', [metas[0]])
    await expectFailure(second, 'LOCKED', 'is receiving the same transfer into', stage.out('a'))
    const senders = metas.map(meta =>
      stage.send([meta, '--wait-receivers', '1', '--rate', '40Mbit']),
    )
    await end([...receivers, ...senders])
    await stage.expectSame(x, 'a')
    await stage.expectSame(y, 'a')
    expect(readdirSync(stage.out('a')).sort()).toEqual(['x.bin', 'y.bin'])
  })
})

describe('a receiver that comes back into another folder', patience, () => {
  play('starts afresh there, and leaves the first one’s parts alone', async ({ stage }) => {
    const { file, meta } = await offered(stage)
    const receiver = stage.recv('a', [meta])
    await listening(receiver)
    const sender = stage.send([meta, ...paced, '--linger', '3s'])
    await receiver.until('progress', holds(sizeBytes / 3))
    receiver.kill('SIGKILL')
    await receiver.exited
    const [parts] = readdirSync(stage.out('a'))
    const left = () =>
      readdirSync(join(stage.out('a'), parts)).filter(name => !name.startsWith('lock-'))
    const before = left()
    expect(before).toContain('0.part')
    const elsewhere = stage.recv('b', [meta])
    // The sender cannot know that it is the same host: what it heard of first stays incomplete.
    await Promise.all([end([elsewhere]), end([sender], 6)])
    await stage.expectSame(file, 'b')
    expect(resultOf<ReceiveResult>(elsewhere).resumedBytes).toBe(0)
    expect(left()).toEqual(before)
  })
})
