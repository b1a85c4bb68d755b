// The lock: the living keep it, the dead do not, and it goes when it is given back.

import { spawnSync } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { lockName, takeLock } from '../../../src/io/disk/lock.js'
import { freshFolder } from './sample.js'

it('is held once and comes back', async () => {
  const folder = freshFolder()
  const lock = await takeLock(folder, folder, 'there')
  expect(readdirSync(folder)).toEqual([lockName(process.pid)])
  const second = takeLock(folder, folder, 'there')
  await expect(second).rejects.toMatchObject({ code: 'LOCKED', exit: 'storage' })
  await expect(second).rejects.toThrow(`pid ${process.pid}`)
  await lock.release()
  expect(readdirSync(folder)).toEqual([])
  await (await takeLock(folder, folder, 'there')).release()
})

it('of another living process is respected, and named', async () => {
  const folder = freshFolder()
  const other = lockName(process.ppid)
  writeFileSync(join(folder, other), '')
  await expect(takeLock(folder, folder, 'there')).rejects.toThrow(
    `another mcp2p (pid ${process.ppid}) is receiving the same transfer into there`,
  )
  expect(readdirSync(folder)).toEqual([other])
})

it('of the dead, of a pid that was given away again, and rubbish are taken over', async () => {
  const folder = freshFolder()
  const dead = spawnSync(process.execPath, ['-e', '0']).pid
  for (const name of [lockName(dead), `lock-${process.ppid}-1-00000000`, 'lock-x-y'])
    writeFileSync(join(folder, name), '')
  const lock = await takeLock(folder, folder, 'there')
  expect(readdirSync(folder)).toEqual([lockName(process.pid)])
  await lock.release()
})
