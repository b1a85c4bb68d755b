import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { basename, join } from 'node:path'
import { expect, it } from 'vitest'
import { comparePaths } from '../../../src/core/meta/names.js'
import { rootOf, scan } from '../../../src/io/disk/scan.js'
import { skipUnless } from '../../lab/skip.js'
import { freshFolder } from './sample.js'

const pathsOf = async (...paths: string[]) => (await scan(paths)).map(file => file.path)

function tree(folder: string, ...files: string[]): string {
  for (const file of files) {
    mkdirSync(join(folder, file, '..'), { recursive: true })
    if (file.endsWith('/')) mkdirSync(join(folder, file), { recursive: true })
    else writeFileSync(join(folder, file), file)
  }
  return folder
}

it('lists a folder under its own name, in byte order of components', async () => {
  const names = ['a/z', 'a-/y', 'a.txt', 'B', '\uffee', '😀', 'ä/ö', 'deep/er/est']
  const photos = tree(join(freshFolder(), 'photos'), ...names)
  const found = await pathsOf(photos)
  expect(found).toEqual(names.map(name => `photos/${name}`).sort(comparePaths))
  expect(await pathsOf(`${photos}/`)).toEqual(found)
})

it('keeps size, mode, time, links and empty folders', async () => {
  const folder = tree(freshFolder(), 't/run.sh', 't/empty/', 't/none')
  writeFileSync(join(folder, 't/none'), '')
  chmodSync(join(folder, 't/run.sh'), 0o4751)
  utimesSync(join(folder, 't/run.sh'), 1_600_000_000.5, 1_600_000_000.123)
  symlinkSync('../t/run.sh', join(folder, 't/link'))
  symlinkSync('nowhere', join(folder, 't/dangling'))
  symlinkSync('empty', join(folder, 't/to-folder'))
  const found = await scan([join(folder, 't')])
  expect(found.map(({ path, size, link, dir }) => ({ path, size, link, dir }))).toEqual([
    { path: 't/dangling', size: 0, link: 'nowhere' },
    { path: 't/empty', size: 0, dir: true },
    { path: 't/link', size: 0, link: '../t/run.sh' },
    { path: 't/none', size: 0 },
    { path: 't/run.sh', size: 8 },
    { path: 't/to-folder', size: 0, link: 'empty' },
  ])
  expect(found[4]).toMatchObject({ mode: 0o751, source: join(folder, 't/run.sh') })
  expect(Math.abs(found[4].mtime - 1_600_000_000_123)).toBeLessThanOrEqual(1)
  expect(found.every(({ mtime }) => Number.isInteger(mtime))).toBe(true)
})

it('takes a file by its name, several paths in order, and follows a link that is given', async () => {
  const folder = tree(freshFolder(), 'x/one', 'y/two/a', 'y/two/b')
  expect(await pathsOf(join(folder, 'x/one'))).toEqual(['one'])
  const both = [join(folder, 'y/two'), join(folder, 'x/one')]
  expect(await pathsOf(...both)).toEqual(['one', 'two/a', 'two/b'])
  expect([...rootOf(both)]).toEqual([
    ['two', join(folder, 'y')],
    ['one', join(folder, 'x')],
  ])
  symlinkSync('y/two', join(folder, 'alias'))
  expect(await pathsOf(join(folder, 'alias'))).toEqual(['alias/a', 'alias/b'])
})

it('refuses what would be a wrong copy, and names it', async () => {
  const folder = tree(freshFolder(), 'x/same', 'y/same')
  const twins = scan([join(folder, 'x/same'), join(folder, 'y/same')])
  await expect(twins).rejects.toMatchObject({ code: 'NAME_TWICE', exit: 'usage' })
  await expect(scan(['/'])).rejects.toMatchObject({ code: 'NAMELESS', exit: 'usage' })
  const missing = join(folder, 'missing')
  await expect(scan([missing])).rejects.toMatchObject({
    exit: 'notFound',
    message: expect.stringContaining(missing),
  })
  const stop = AbortSignal.abort()
  await expect(scan([folder], { signal: stop })).rejects.toMatchObject({ exit: 'interrupted' })
})

it('refuses sockets', async () => {
  const folder = freshFolder()
  const server = createServer()
  await new Promise<void>(listening => server.listen(join(folder, 'door'), listening))
  try {
    await expect(scan([folder])).rejects.toMatchObject({
      code: 'ODD_KIND',
      message: `${join(folder, 'door')} is a socket`,
    })
  } finally {
    server.close()
  }
})

const notLinux = process.platform === 'linux' ? undefined : 'odd names and pipes are made on Linux'

skipUnless(notLinux)('on Linux', () => {
  it('refuses pipes', async () => {
    const folder = freshFolder()
    execFileSync('mkfifo', [join(folder, 'fifo')])
    await expect(scan([folder])).rejects.toThrow(`${join(folder, 'fifo')} is a pipe`)
  })

  it('refuses names that are not UTF-8', async () => {
    const folder = freshFolder()
    writeFileSync(
      Buffer.concat([Buffer.from(`${folder}/gr`), Buffer.of(0xfc), Buffer.from('n')]),
      '',
    )
    await expect(scan([folder])).rejects.toMatchObject({
      code: 'NAME_NOT_UTF8',
      exit: 'usage',
      message: expect.stringContaining(`${basename(folder)}/gr\\xfcn`),
    })
  })

  it('refuses links to such names', async () => {
    const folder = freshFolder()
    symlinkSync(Buffer.of(0xff), join(folder, 'link'))
    await expect(scan([folder])).rejects.toMatchObject({
      code: 'NAME_NOT_UTF8',
      message: expect.stringContaining(`${join(folder, 'link')} `),
    })
  })
})
