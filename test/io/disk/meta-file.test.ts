// How much of a file is read before it is known to be no meta.

import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { LIMITS } from '../../../src/core/base/limits.js'
import { readMetaFile } from '../../../src/io/disk/meta-file.js'
import { skipUnless } from '../../lab/skip.js'
import { freshFolder } from './sample.js'

const isLinux = process.platform === 'linux' ? undefined : 'devices without an end are Linux here'

function sparse(sizeBytes: number): string {
  const path = join(freshFolder(), 'x.p2pmeta')
  writeFileSync(path, '')
  truncateSync(path, sizeBytes)
  return path
}

it('takes a file as it is', async () => {
  const path = join(freshFolder(), 'x.p2pmeta')
  const bytes = Buffer.alloc(3 * 2 ** 20 + 5, 'meta')
  writeFileSync(path, bytes)
  expect(bytes.equals(await readMetaFile(path))).toBe(true)
})

it('refuses a gigabyte by its size, without reading it', async () => {
  const before = process.memoryUsage().arrayBuffers
  const refused = readMetaFile(sparse(2 ** 30))
  await expect(refused).rejects.toMatchObject({ code: 'META_TOO_LARGE', exit: 'integrity' })
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 24)
  const most = LIMITS.metaBytesMax
  await expect(readMetaFile(sparse(most + 1))).rejects.toMatchObject({ exit: 'integrity' })
})

it('says what is not there, or is a folder', async () => {
  const folder = freshFolder()
  mkdirSync(join(folder, 'x.p2pmeta'))
  const none = readMetaFile(join(folder, 'none'))
  await expect(none).rejects.toMatchObject({ code: 'NO_META_FILE', exit: 'notFound' })
  const inside = readMetaFile(join(folder, 'x.p2pmeta'))
  await expect(inside).rejects.toMatchObject({ code: 'NOT_A_META', exit: 'usage' })
})

skipUnless(isLinux)('a device', () => {
  it('without an end is read no further than a meta could be long', async () => {
    await expect(readMetaFile('/dev/zero')).rejects.toMatchObject({ code: 'META_TOO_LARGE' })
  })

  it('that fails is named', async () => {
    const failing = readMetaFile('/proc/self/mem')
    await expect(failing).rejects.toMatchObject({ code: 'DISK_FAULT', exit: 'storage' })
  })
})
