// Nothing leaves the destination: planted links, files in the way, and folders that turn into links
// between two uses.

import { mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { lstat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { Confine } from '../../../src/io/disk/confine.js'
import { freshFolder } from './sample.js'

const open: Confine[] = []
afterEach(async () => {
  for (const confine of open.splice(0)) await confine.close()
})

async function confined(dir = freshFolder(), byDescriptor = true): Promise<Confine> {
  const confine = await Confine.open(dir, byDescriptor)
  open.push(confine)
  return confine
}

/** With names for open folders, as Linux has them, and by looking first, as elsewhere. */
const ways = [
  ['by descriptor', true],
  ['by looking', false],
] as const

const put = (location: string) => writeFile(location, 'x')

it.each(ways)(
  '%s: makes the destination and the folders on the way, and syncs them',
  async (_, byDescriptor) => {
    const dir = join(freshFolder(), 'a/b')
    const confine = await confined(dir, byDescriptor)
    await confine.at('c/d/e', 'make', put)
    await confine.at('f', 'make', put)
    await confine.sync()
    expect(readdirSync(join(dir, 'c/d'))).toEqual(['e'])
    expect(readdirSync(dir)).toEqual(['c', 'f'])
  },
)

it.each(ways)(
  '%s: finds what is missing missing, without making anything',
  async (_, byDescriptor) => {
    const confine = await confined(freshFolder(), byDescriptor)
    const looks: string[] = []
    const look = (path: string) =>
      confine.at(path, 'look', async location => {
        looks.push(path)
        return (await lstat(location)).size
      })
    expect(await look('a/b/c')).toBeUndefined()
    expect(await look('a/d')).toBeUndefined()
    expect(looks).toEqual([])
    await expect(look('e')).rejects.toMatchObject({ code: 'ENOENT' })
    expect(readdirSync(confine.dir)).toEqual([])
    await confine.at('a/b/c', 'make', put)
    expect(await look('a/b/c')).toBe(1)
  },
)

it.each(ways)('%s: refuses links and files where folders should be', async (_, byDescriptor) => {
  const outside = freshFolder()
  mkdirSync(join(outside, 'in'))
  const confine = await confined(freshFolder(), byDescriptor)
  symlinkSync(outside, join(confine.dir, 'link'))
  symlinkSync('nowhere', join(confine.dir, 'dangling'))
  mkdirSync(join(confine.dir, 'real'))
  symlinkSync('../real', join(confine.dir, 'real/again'))
  writeFileSync(join(confine.dir, 'file'), '')
  for (const path of ['link/x', 'link/in/x', 'dangling/x', 'real/again/x', 'file/x'])
    for (const parents of ['look', 'make'] as const)
      await expect(confine.at(path, parents, put)).rejects.toMatchObject({
        code: 'IN_THE_WAY',
        exit: 'storage',
      })
  expect(readdirSync(outside)).toEqual(['in'])
  expect(readdirSync(join(outside, 'in'))).toEqual([])
})

it('stays in a folder that becomes a link after it was opened', async () => {
  const outside = freshFolder()
  const confine = await confined()
  await confine.at('a/first', 'make', async location => {
    renameSync(join(confine.dir, 'a'), join(confine.dir, 'moved'))
    symlinkSync(outside, join(confine.dir, 'a'))
    await put(location)
  })
  expect(readdirSync(outside)).toEqual([])
  expect(readdirSync(join(confine.dir, 'moved'))).toEqual(['first'])
})

it('follows a link that is the destination itself: that is the user’s own', async () => {
  const real = freshFolder()
  const link = join(freshFolder(), 'link')
  symlinkSync(real, link)
  await (await confined(link)).at('x', 'make', put)
  expect(readdirSync(real)).toEqual(['x'])
})

it('makes its folder while others make the same one', async () => {
  const base = freshFolder()
  for (let round = 0; round < 50; round++) {
    const dir = join(base, String(round), 'a/b')
    await Promise.all(Array.from({ length: 8 }, () => confined(dir)))
  }
  expect(readdirSync(base)).toHaveLength(50)
})

it('says that no folder can be made where the filesystem takes none', async () => {
  await expect(Confine.open('/proc/mcp2p/there')).rejects.toMatchObject({
    exit: 'storage',
    message: 'cannot make the folder /proc/mcp2p/there: the filesystem takes none there',
  })
})

it('is gone down to once by those who come together, and anew by whoever comes later', async () => {
  const confine = await confined()
  const ways = new Set<string>()
  const makes = Array.from({ length: 40 }, (_, i) =>
    confine.at(`a/b/${i}`, 'make', async location => {
      ways.add(location.slice(0, location.lastIndexOf('/')))
      await put(location)
    }),
  )
  await Promise.all(makes)
  expect(ways.size).toBe(1)
  expect(readdirSync(join(confine.dir, 'a/b'))).toHaveLength(40)
  const outside = freshFolder()
  renameSync(join(confine.dir, 'a/b'), join(confine.dir, 'moved'))
  symlinkSync(outside, join(confine.dir, 'a/b'))
  await expect(confine.at('a/b/late', 'make', put)).rejects.toThrow('is a link or a file')
  expect(readdirSync(outside)).toEqual([])
})

it('is not gone to with somebody who went there long ago', async () => {
  const outside = freshFolder()
  const confine = await confined()
  await confine.at('a/first', 'make', async location => {
    await put(location)
    renameSync(join(confine.dir, 'a'), join(confine.dir, 'moved'))
    symlinkSync(outside, join(confine.dir, 'a'))
    await new Promise(done => setTimeout(done, 30))
    await expect(confine.at('a/second', 'make', put)).rejects.toThrow('is a link or a file')
  })
  expect(readdirSync(outside)).toEqual([])
  expect(readdirSync(join(confine.dir, 'moved'))).toEqual(['first'])
})
