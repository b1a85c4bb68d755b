import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { metaFileName } from '../../../src/app/cli/meta-file.js'
import type { MetaEvents, MetaResult, VerifyResult } from '../../../src/engine/api.js'
import { FakeWorld, type Script } from './fake-world.js'
import { ID } from './samples.js'
import { screenAfter } from './terminal.js'

let dir: string
let source: string
let out: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mcp2p-files-'))
  source = join(dir, 'photos')
  out = join(dir, 'x.p2pmeta')
  mkdirSync(source)
})
afterEach(() => rmSync(dir, { recursive: true }))

const bytes = new TextEncoder().encode('{"version":1}')
const made: Omit<MetaResult, 'bytes'> = {
  id: ID,
  name: 'photos',
  totalBytes: 2 ** 30,
  files: 12,
  chunkBytes: 65_536,
  seconds: 1.25,
}
const progress = {
  files: 3,
  totalFiles: 4,
  hashedBytes: 2 ** 29,
  totalBytes: 2 ** 30,
  rateBps: 8 * 2 ** 29,
}

describe('meta', () => {
  const meta = (args: string[], script?: Script<MetaEvents, MetaResult>) =>
    new FakeWorld(['meta', ...args], { createMeta: script ?? (() => ({ ...made, bytes })) })

  it('writes the file and prints its path and link', async () => {
    const world = meta([source, '-o', out, '--manager', '10.0.0.1:8889'])
    expect(await world.run()).toBe(0)
    expect(readFileSync(out)).toEqual(Buffer.from(bytes))
    expect(readdirSync(dir).sort()).toEqual(['photos', 'x.p2pmeta'])
    expect(world.stdout.lines).toEqual([out, `mcp2p:${ID}?m=10.0.0.1:8889&n=photos`])
    expect(world.stderr.lines).toEqual([
      'photos: 1.00 GiB in 12 files, chunks of 64.0 KiB, hashed in 1.3s',
    ])
  })

  it('prints a document without the bytes', async () => {
    const world = meta([source, '-o', out, '--json'])
    expect(await world.run()).toBe(0)
    const link = `mcp2p:${ID}?n=photos`
    expect(JSON.parse(world.stdout.text)).toEqual({ ...made, path: out, link, exit: 0 })
  })

  it('passes its options on', async () => {
    let given: readonly unknown[] = []
    const flags = ['--name', 'n', '--chunk-size', '64KiB', '--hash', 'blake3', '--manager', 'a:1']
    const world = meta([source, dir, '-o', out, ...flags], call => {
      given = call.args
      return { ...made, bytes }
    })
    await world.run()
    expect(given[0]).toEqual([source, dir])
    expect(given[1]).toMatchObject({
      name: 'n',
      chunkBytes: 65_536,
      hash: 'blake3',
      managers: ['a:1'],
      signal: expect.any(AbortSignal),
    })
  })

  it('replaces a different file only when told', async () => {
    writeFileSync(out, 'mine')
    const world = meta([source, '-o', out])
    expect(await world.run()).toBe(8)
    expect(world.stderr.lines.slice(-2)).toEqual([
      `error: ${out} exists and says something else`,
      ' hint: Pass --overwrite to replace it, or -o to write elsewhere.',
    ])
    expect(readFileSync(out, 'utf8')).toBe('mine')
    expect(await meta([source, '-o', out, '--overwrite']).run()).toBe(0)
    expect(await meta([source, '-o', out]).run()).toBe(0) // the same bytes are no conflict
    expect(readFileSync(out)).toEqual(Buffer.from(bytes))
    expect(readdirSync(dir).sort()).toEqual(['photos', 'x.p2pmeta'])
  })

  it.each([
    [['/nonexistent'], 3, 'no such file: /nonexistent'],
    [['/', '-o', '/nonexistent/x'], 3, 'no such folder: /nonexistent'],
    [['/', '-o', tmpdir()], 2, 'is a folder'],
  ])('refuses %j before anything is hashed', async (args, exit, message) => {
    let calls = 0
    const world = meta(args, () => {
      calls++
      return { ...made, bytes }
    })
    expect(await world.run()).toBe(exit)
    expect(world.stderr.lines[0]).toContain(message)
    expect(calls).toBe(0)
  })

  it('warns of a file inside the tree that it describes', async () => {
    const world = meta([source, '-o', join(source, 'x.p2pmeta')])
    expect(await world.run()).toBe(0)
    expect(world.stderr.lines[0]).toMatch(/^warning: .* is inside .*, but no part of the transfer/)
  })

  it('shows how far it is', async () => {
    let seen: string[] = []
    const live = meta([source, '-o', out, '--color', 'never'], call => {
      call.emit('progress', progress)
      call.world.tick(250)
      seen = screenAfter(call.world.stderr.text, 80)
      return { ...made, bytes }
    })
    live.stderr.isTerminal = true
    await live.run()
    expect(seen[0]).toBe('hashing  3 files')
    expect(seen[1]).toMatch(/^█+[▏▎▍▌▋▊▉]?░+ {2}50% {2}512 MiB \/ 1\.00 GiB {3}512 MiB\/s {2}ETA/)
    const plain = meta([source, '-o', out], call => {
      call.emit('progress', progress)
      call.world.tick(10_000)
      return { ...made, bytes }
    })
    await plain.run()
    expect(plain.stderr.lines[0]).toBe('hashing: 50% (512 MiB of 1.00 GiB), 512 MiB/s, ETA 1.0s')
  })

  it('makes no path of a name', () => {
    expect(['photos', '../a/b', '.x', 'C:\\x'].map(metaFileName)).toEqual([
      'photos.p2pmeta',
      '__a_b.p2pmeta',
      '_x.p2pmeta',
      'C__x.p2pmeta',
    ])
  })
})

describe('verify', () => {
  const right: VerifyResult = {
    id: ID,
    checkedFiles: 12,
    checkedBytes: 2 ** 30,
    missing: [],
    wrong: [],
    extra: [],
  }
  const verify = (args: string[], result = right, seen: unknown[] = []) =>
    new FakeWorld(['verify', ...args], {
      verify: ({ args: given }) => {
        seen.push(...given)
        return result
      },
    })

  it('answers nothing when all is right', async () => {
    writeFileSync(out, 'the meta')
    const seen: unknown[] = []
    const world = verify([out, source], right, seen)
    expect(await world.run()).toBe(0)
    expect(seen[0]).toBe(out)
    expect(seen[1]).toBe(source)
    expect(world.stdout.text).toBe('')
    expect(world.stderr.lines).toEqual(['12 files, 1.00 GiB checked'])
  })

  it('lists what is not, with exit 7', async () => {
    writeFileSync(out, '{}')
    const result = { ...right, missing: ['a'], wrong: [{ path: 'b\n', why: 'size' }], extra: ['c'] }
    const world = verify([out, source], result)
    expect(await world.run()).toBe(7)
    expect(world.stdout.lines).toEqual(['missing  a', 'wrong    b\\u{a}: size', 'extra    c'])
    expect(world.stderr.lines.slice(1)).toEqual([
      'error: 1 missing, 1 wrong, 1 extra',
      ` hint: Fetch what is missing or wrong: mcp2p recv ${out} -o ${source} --overwrite`,
    ])
    const json = verify([out, source, '--json'], result)
    expect(await json.run()).toBe(7)
    expect(JSON.parse(json.stdout.text)).toEqual({ ...result, exit: 7 })
  })

  it('needs both to exist', async () => {
    expect(await verify([out, source]).run()).toBe(3)
    writeFileSync(out, '{}')
    const world = verify([out, join(dir, 'none')])
    expect(await world.run()).toBe(3)
    expect(world.stderr.lines[0]).toBe(`error: no such folder: ${join(dir, 'none')}`)
    expect(await verify([source, source]).run()).toBe(2)
    expect(await verify([out, out]).run()).toBe(3)
  })
})
