// A second sender on the same group and ports: of the same meta from another host at the same time,
// or of other bytes under the same name. Nothing is mixed, and both come to an end.

import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { ReceiveResult, SendResult } from '../../../src/engine/api.js'
import { Lab } from '../../lab/lab.js'
import { skipUnless } from '../../lab/skip.js'
import { blast } from '../lab/blast.js'
import { blasted, end, listening, play, resultOf } from '../stage.js'
import { mebibyte, randomFile } from '../tree.js'

const sizeBytes = 12 * mebibyte
// Slow enough for a second process to come up in the middle on a busy machine.
const slow = { receivers: 2, sizeBytes, rate: '12Mbit' }
const concurrent = { timeout: 120_000, concurrent: true }

skipUnless(Lab.available())('a second sender', concurrent, () => {
  play('of the same meta blasts beside the first: each byte counts once', async ({ stage }) => {
    const scene = await blast(stage, { ...slow, lab: { hosts: 4 } })
    const { file, meta, receivers, sender, names } = scene
    await sender.until('progress', blasted(0.1))
    const second = stage.send([meta, '--wait-receivers', '2', '--rate', '16Mbit'], { host: 3 })
    await end([...receivers, sender, second])
    await stage.expectSame(file, ...names)
    for (const each of receivers) {
      const { multicastBytes, peerBytes, seederBytes } = resultOf<ReceiveResult>(each)
      expect(multicastBytes + peerBytes + seederBytes).toBe(sizeBytes)
      expect(multicastBytes).toBeGreaterThan(0.9 * sizeBytes)
    }
    for (const each of [sender, second])
      expect(resultOf<SendResult>(each).receivers.map(row => row.state)).toEqual([
        'complete',
        'complete',
      ])
  })

  play('of other bytes under the same name is another transfer', async ({ stage }) => {
    const scene = await blast(stage, { ...slow, lab: { hosts: 5 } })
    const { file, receivers, sender, names } = scene
    const other = await randomFile(join(stage.folder, 'other/x.bin'), sizeBytes)
    const otherMeta = await stage.meta(other)
    const strange = stage.recv('strange', [otherMeta], { host: 4 })
    await listening(strange)
    await sender.until('progress', blasted(0.1))
    const args = [otherMeta, '--wait-receivers', '1', '--rate', '16Mbit']
    const second = stage.send(args, { host: 3 })
    await end([...receivers, sender, strange, second])
    await stage.expectSame(file, ...names)
    await stage.expectSame(other, 'strange')
    for (const each of [...receivers, strange]) {
      expect(resultOf<ReceiveResult>(each).multicastBytes).toBeGreaterThan(0.9 * sizeBytes)
      expect(each.last('notice')?.code).not.toBe('wrong-data')
    }
  })

  play('that has lost part of the file says so, and harms nobody', async ({ stage }) => {
    const scene = await blast(stage, { ...slow, lab: { hosts: 4 } })
    const { file, meta, receivers, sender, names } = scene
    const spoilt = await randomFile(join(stage.folder, 'spoilt/x.bin'), sizeBytes)
    await copyFile(meta, `${spoilt}.p2pmeta`)
    await sender.until('progress', blasted(0.1))
    const args = [`${spoilt}.p2pmeta`, '--wait-receivers', '2', '--rate', '16Mbit']
    const second = stage.send(args, { host: 3 })
    await end([second], 8)
    expect(second.last('error')).toMatchObject({ code: 'SOURCE_CHANGED' })
    await end([...receivers, sender])
    await stage.expectSame(file, ...names)
    for (const each of receivers) expect(each.last('notice')?.code).not.toBe('wrong-data')
  })
})
