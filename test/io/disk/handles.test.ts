// The cache of descriptors: never more than its limit, never one closed in use, and whoever waits
// for room gets it.

import { open, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeEach, expect, it } from 'vitest'
import { Handles, readAt } from '../../../src/io/disk/handles.js'
import { freshFolder } from './sample.js'

const openFd = promisify(open)
let opens: number[] = []
beforeEach(() => {
  opens = []
})

function numbered(count: number, limit: number): Handles<number> {
  const folder = freshFolder()
  for (let i = 0; i < count; i++) writeFileSync(join(folder, `${i}`), Uint8Array.of(i))
  return new Handles(limit, key => {
    opens.push(key)
    return openFd(join(folder, `${key}`), 'r')
  })
}

async function contentBehind(fd: number): Promise<number> {
  const into = new Uint8Array(2)
  expect(await readAt(fd, into, 0)).toBe(1)
  return into[0]
}

it('keeps to its limit while everybody gets the right file', async () => {
  const handles = numbered(40, 4)
  const most: number[] = []
  const keys = Array.from({ length: 400 }, (_, i) => (i * 7) % 40)
  const values = await Promise.all(
    keys.map(key =>
      handles.with(key, async fd => {
        most.push(handles.count)
        return contentBehind(fd)
      }),
    ),
  )
  expect(values).toEqual(keys)
  expect(Math.max(...most)).toBeLessThanOrEqual(4)
  await handles.close()
  expect(handles.count).toBe(0)
})

it('opens once for all who ask at the same time, and closes the one unused for longest', async () => {
  const handles = numbered(4, 2)
  await Promise.all([0, 0, 0, 0].map(key => handles.with(key, contentBehind)))
  expect(opens).toEqual([0])
  await handles.with(1, contentBehind)
  await handles.with(0, contentBehind)
  await handles.with(2, contentBehind)
  await handles.with(0, contentBehind)
  expect(opens).toEqual([0, 1, 2])
  await handles.close()
})

it('hands out an open file without a promise', async () => {
  const handles = numbered(1, 1)
  await handles.with(0, contentBehind)
  const handle = handles.take(0)
  expect(handle).not.toBeInstanceOf(Promise)
  if (!(handle instanceof Promise)) handles.give(handle)
  await handles.close()
})

it('drops a file only after its last use', async () => {
  const handles = numbered(1, 2)
  const handle = await handles.take(0)
  let dropped = false
  const drop = handles.drop(0).then(() => {
    dropped = true
  })
  await Promise.resolve()
  expect(dropped).toBe(false)
  expect(await contentBehind(handle.fd)).toBe(0)
  handles.give(handle)
  await drop
  expect(handles.count).toBe(0)
})

it('opens itself what another failed to open', async () => {
  const name = join(freshFolder(), 'made-meanwhile')
  const handles = new Handles<string>(2, async path => {
    const found = await openFd(path, 'r').catch(error => ({ error }))
    // Made after the first look, and before the second caller asks.
    if (typeof found !== 'number') {
      writeFileSync(name, Uint8Array.of(5))
      throw found.error
    }
    return found
  })
  const results = await Promise.allSettled([
    handles.with(name, contentBehind),
    handles.with(name, contentBehind),
  ])
  expect(results[0].status).toBe('rejected')
  expect(results[1]).toEqual({ status: 'fulfilled', value: 5 })
  await handles.close()
})

it('gives the room of a failed open to the next', async () => {
  const handles = numbered(1, 1)
  const results = await Promise.allSettled([
    handles.with(9, contentBehind),
    handles.with(8, contentBehind),
    handles.with(0, contentBehind),
  ])
  expect(results.map(result => result.status)).toEqual(['rejected', 'rejected', 'fulfilled'])
  await handles.close()
  expect(handles.count).toBe(0)
})
