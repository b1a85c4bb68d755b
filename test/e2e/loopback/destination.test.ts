// What already stands where the files should go: different files are refused before a byte is
// fetched, replaced only on demand, and `verify` tells what is not as it should be.

import { renameSync, symlinkSync } from 'node:fs'
import { appendFile, cp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import type { VerifyResult } from '../../../src/engine/api.js'
import { compareTrees } from '../../lab/compare.js'
import { end, patience, play, resultOf, type Stage } from '../stage.js'
import { everyKind, mebibyte, randomFile } from '../tree.js'

/** A tree, its meta, and a copy of the tree where receiver `a` will write. */
async function copied(stage: Stage) {
  const source = await stage.make('source')
  await everyKind(source, 2 * mebibyte)
  const meta = await stage.meta(source)
  const copy = join(stage.out('a'), 'source')
  const copying = { recursive: true, preserveTimestamps: true, verbatimSymlinks: true }
  await cp(source, copy, copying)
  return { source, meta, copy, copying }
}

describe('a destination with files in it', patience, () => {
  play('is refused with the first name and the count, and left alone', async ({ stage }) => {
    const { meta, copy, copying } = await copied(stage)
    await writeFile(join(copy, 'deep/run'), 'another\n')
    await writeFile(join(copy, 'empty.file'), 'not empty')
    await rm(join(copy, 'private'))
    await cp(copy, join(stage.folder, 'before'), copying)
    // Nobody sends: what is said now is said before anything could be fetched.
    const receiver = stage.recv('a', [meta])
    await end([receiver], 8)
    const { code, message } = receiver.last('error')!
    expect(code).toBe('EXISTS')
    expect(message).toContain('source/deep/run')
    expect(message).toMatch(/^2 files exist and are different, the first is /)
    expect(receiver.last('peer')).toBeUndefined()
    expect((await compareTrees(join(stage.folder, 'before'), copy)).differences).toEqual([])
  })

  play('is put right with --overwrite, and only what differs is fetched', async ({ stage }) => {
    const { source, meta, copy } = await copied(stage)
    await writeFile(join(copy, 'deep/run'), 'another\n')
    await rm(join(copy, 'private'))
    const receiver = stage.recv('a', [meta, '--overwrite'])
    await end([receiver, stage.send([meta, '--wait-receivers', '1'])])
    await stage.expectSame(source, 'a')
    const { totalBytes, resumedBytes } = receiver.last('result')!
    const fetched = '#!/bin/sh\necho hello\n'.length + 'not for all'.length
    expect(Number(totalBytes) - Number(resumedBytes)).toBe(fetched)
  })

  play('is compared by verify: exit 7 for what is missing, wrong or extra', async ({ stage }) => {
    const { meta, copy } = await copied(stage)
    const verify = () => stage.run('verify', ['verify', meta, stage.out('a')])
    await end([verify()])
    await rm(join(copy, 'private'))
    await appendFile(join(copy, 'deep/run'), '\n')
    await writeFile(join(copy, 'more'), '')
    const verifier = verify()
    await end([verifier], 7)
    const { missing, wrong, extra } = resultOf<VerifyResult>(verifier)
    expect(missing).toEqual(['source/private'])
    expect(wrong.map(each => each.path)).toEqual(['source/deep/run'])
    expect(extra).toEqual(['source/more'])
  })
})

describe('a destination that is none', patience, () => {
  play('is one line and exit 8, at once', async ({ stage }) => {
    const { meta } = await copied(stage)
    const inProc = process.platform === 'linux' ? ['/proc/none/below'] : []
    const places = [meta, join(meta, 'below'), ...inProc]
    const args = ['--no-multicast', '--peer', '127.0.0.1:9', ...stage.network]
    const receivers = places.map(out => stage.run('a', ['recv', meta, '-o', out, ...args]))
    await end(receivers, 8)
    for (const each of receivers) expect(each.stderr).toMatch(/^error: cannot .*\n hint: .*$/)
  })
})

describe('a folder that becomes a link to elsewhere while we receive', patience, () => {
  play('is in the way, and nothing is written there', async ({ stage }) => {
    const source = await stage.make('source')
    for (let at = 0; at < 8; at++) await randomFile(join(source, `sub/${at}.bin`), mebibyte)
    const meta = await stage.meta(source)
    const receiver = stage.recv('a', [meta])
    const sender = stage.send([meta, '--wait-receivers', '1', '--rate', '40Mbit'])
    await receiver.until('file')
    const folder = join(stage.out('a'), 'source/sub')
    const outside = await stage.make('outside')
    // At once, or it would be made anew in between.
    renameSync(folder, join(outside, 'sub'))
    symlinkSync(join(outside, 'sub'), folder)
    const moved = await readdir(join(outside, 'sub'))
    await end([receiver], 8)
    expect(receiver.last('error')).toMatchObject({ code: 'IN_THE_WAY' })
    expect(await readdir(outside)).toEqual(['sub'])
    expect(await readdir(join(outside, 'sub'))).toEqual(moved)
    await rm(folder)
    await rename(join(outside, 'sub'), folder)
    await end([stage.recv('a', [meta]), sender])
    await stage.expectSame(source, 'a')
  })
})
