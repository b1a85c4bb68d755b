import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { base64Of, hexOf, utf8 } from '../../../src/core/base/bytes.js'
import { Mcp2pError } from '../../../src/core/base/errors.js'
import { canonicalOf } from '../../../src/core/meta/canonical.js'
import {
  buildMeta,
  chunkSizeFor,
  isDocumentOf,
  type MetaFile,
  parseMeta,
} from '../../../src/core/meta/p2pmeta.js'
import { sha256 } from '../../../src/io/disk/hasher.js'

const KiB = 1024
const root = new Uint8Array(32).fill(5)
const stat = { mode: 0o644, mtime: 1_700_000_000_123 }
const files: readonly MetaFile[] = [
  { path: 'tree/big', size: 70_000, ...stat, root, chunks: new Uint8Array(64 * 3 - 32).fill(7) },
  { path: 'tree/empty', size: 0, ...stat },
  { path: 'tree/folder', size: 0, ...stat, dir: true },
  { path: 'tree/link', size: 0, ...stat, link: '../tree/big' },
  { path: 'tree/small', size: 1, ...stat, root },
]
const draft = {
  name: 'tree',
  hash: 'sha256' as const,
  managers: ['10.0.0.1:8889', '[fe80::1%eth0]:8889', 'host.example:8889'],
  chunkSize: 16 * KiB,
  files,
}

type Document = Record<string, unknown> & { files: Record<string, unknown>[] }
const sound = (): Document => JSON.parse(new TextDecoder().decode(buildMeta(draft, sha256).bytes))

/** The document with its id made right, as a hostile author would. */
function signed(loose: Record<string, unknown>): Uint8Array {
  const document = JSON.parse(JSON.stringify(loose)) // without what is undefined
  const { bytes } = canonicalOf(document, new Set(['id', 'signature']))
  return utf8(JSON.stringify({ ...document, id: hexOf(sha256(bytes)) }))
}

function refusal(bytes: Uint8Array): Mcp2pError {
  try {
    parseMeta(bytes, sha256)
  } catch (error) {
    expect(error).toBeInstanceOf(Mcp2pError)
    return error as Mcp2pError
  }
  throw new Error('it was let through')
}

describe('a meta', () => {
  it('comes back as it was built', () => {
    const { meta, bytes } = buildMeta(draft, sha256)
    expect(parseMeta(bytes, sha256)).toEqual(meta)
    expect(meta).toMatchObject({ version: 1, ...draft })
    expect(meta.id).toMatch(/^[0-9a-f]{64}$/)
  })

  it('has an id that anybody can compute from its text', () => {
    const { id, ...rest } = sound()
    const sorted = (value: unknown): unknown => {
      if (typeof value !== 'object' || value === null) return value
      if (Array.isArray(value)) return value.map(sorted)
      const pairs = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
      return Object.fromEntries(pairs.map(([key, member]) => [key, sorted(member)]))
    }
    expect(hexOf(sha256(utf8(JSON.stringify(sorted(rest)))))).toBe(id)
  })

  it('is the same however it is spaced and ordered', () => {
    const document = sound()
    const turned = Object.fromEntries(Object.entries(document).reverse())
    const spaced = utf8(JSON.stringify(turned, undefined, 2))
    expect(parseMeta(spaced, sha256)).toEqual(parseMeta(signed(document), sha256))
  })

  it('may have fields of the future and a signature', () => {
    const document = { ...sound(), future: { a: [1] } }
    document.files[0].color = 'blue'
    const bytes = signed({ ...document, requires: [], signature: { key: 'k', value: 'v' } })
    const meta = parseMeta(bytes, sha256)
    expect(meta.files).toEqual(files)
    expect(meta.id).not.toBe(sound().id)
    const unsigned = parseMeta(signed({ ...document, requires: [] }), sha256)
    expect(unsigned.id).toBe(meta.id)
  })

  it('keeps __proto__ a mere name', () => {
    const text = JSON.stringify(sound()).replace('{', '{"__proto__":{"version":2,"x":1},')
    expect(refusal(utf8(text)).message).toContain('id is not the hash')
    const made = JSON.parse(text)
    expect(parseMeta(signed(made), sha256).version).toBe(1)
    expect(({} as { x?: unknown }).x).toBeUndefined()
  })
})

describe('damage', () => {
  it('of any single byte is noticed', () => {
    const { bytes } = buildMeta(draft, sha256)
    for (let at = 0; at < bytes.length; at += 7) {
      const copy = bytes.slice()
      copy[at] ^= 1
      expect(['integrity', 'incompatible']).toContain(refusal(copy).exit)
    }
  })

  it.each([
    ['cut short', () => buildMeta(draft, sha256).bytes.subarray(0, -20), 'not JSON'],
    ['no UTF-8', () => Uint8Array.of(0x7b, 0xff, 0x7d), 'not UTF-8'],
    ['a list', () => utf8('[]'), 'no JSON object'],
    ['null', () => utf8('null'), 'no JSON object'],
    ['something else', () => utf8('{}'), 'no version'],
    ['without an id', () => utf8(JSON.stringify({ ...sound(), id: undefined })), 'no id'],
    ['a lone surrogate', () => utf8(JSON.stringify({ ...sound(), x: '\ud800' })), 'Unicode'],
    ['a key twice', () => utf8(JSON.stringify(sound()).replace('{', '{"name":"evil",')), 'twice'],
    [
      'a key of a file twice',
      () => utf8(JSON.stringify(sound()).replace('"size":', '"size":9,"size":')),
      'twice',
    ],
    ['deep nesting', () => utf8(`${'['.repeat(1e5)}${']'.repeat(1e5)}`), 'nested'],
    ['nesting that no parser survives', () => utf8('['.repeat(5e7)), 'nested'],
    ['more lists than a memory takes', () => utf8(`[${'[],'.repeat(2e7)}0]`), 'too many values'],
    [
      'deep nesting in a field',
      () => {
        const bomb = `{"x":${'['.repeat(1e5)}${']'.repeat(1e5)},`
        return utf8(JSON.stringify(sound()).replace('{', bomb))
      },
      'nested',
    ],
  ])('%s', (_, bytes, why) => {
    const error = refusal(bytes())
    expect(error).toMatchObject({ code: 'META_CORRUPT', exit: 'integrity' })
    expect(error.message).toContain(why)
    expect(error.message).not.toContain('\n')
  })
})

it.each([
  ['version 2', { version: 2, id: undefined }, 'version 2'],
  ['an unknown hash', { hash: 'sha3' }, 'sha3'],
  ['an unknown feature', { requires: ['erasure'] }, 'erasure'],
])('%s is for another version of the program', (_, change, what) => {
  const error = refusal(signed({ ...sound(), ...change }))
  expect(error.exit).toBe('incompatible')
  expect(error.message).toContain(what)
})

describe('content that is refused although the id is right', () => {
  it.each<[string, Record<string, unknown>]>([
    ['hash', { hash: 5 }],
    ['requires', { requires: 'x' }],
    ['name', { name: '' }],
    ['name that turns the terminal around', { name: 'a\u202eb' }],
    ['managers', { managers: 'a:1' }],
    ['manager', { managers: ['--help'] }],
    ['too many managers', { managers: new Array(33).fill('a:1') }],
    ['chunk size', { chunkSize: 48 * KiB }],
    ['small chunk size', { chunkSize: 8 * KiB }],
    ['large chunk size', { chunkSize: 32 * KiB * KiB }],
    ['chunk size of another kind', { chunkSize: '16384' }],
    ['no files', { files: [] }],
    ['files', { files: {} }],
    ['file', { files: [[]] }],
    ['file without a path', { files: [{ size: 0, ...stat }] }],
  ])('%s', (_, change) => {
    const error = refusal(signed({ ...sound(), ...change }))
    expect(error).toMatchObject({ code: 'META_INVALID', exit: 'integrity' })
  })

  it.each<[string, Record<string, unknown>]>([
    ['size', { size: -1 }],
    ['size that is no integer', { size: 1.5 }],
    ['size beyond a double', { size: 2 ** 53 }],
    ['no size', { size: undefined }],
    ['mode', { mode: 0o1777 }],
    ['no mode', { mode: undefined }],
    ['mtime', { mtime: 1.5 }],
    ['mtime beyond a date', { mtime: 9e15 }],
    ['path', { path: '../x' }],
    ['no root', { root: undefined }],
    ['root too short', { root: base64Of(new Uint8Array(31)) }],
    ['root that is no base64', { root: `${'*'.repeat(43)}=` }],
    ['root too long', { root: base64Of(new Uint8Array(64)) }],
    ['chunks of a small file', { chunks: base64Of(root) }],
    ['chunks missing', { size: 20_000 }],
    ['chunks too few', { size: 40_000, chunks: base64Of(new Uint8Array(64)) }],
    ['root of an empty file', { size: 0 }],
    ['link with content', { link: 'x' }],
    ['link that is none', { link: 5, size: 0, root: undefined }],
    ['link out of the tree', { link: '../x', size: 0, root: undefined }],
    ['directory with content', { dir: true }],
    ['dir that is not true', { dir: false, size: 0, root: undefined }],
    ['link and directory', { dir: true, link: 'x', size: 0, root: undefined }],
  ])('file with a wrong %s', (_, change) => {
    const file = { path: 'a', size: 1, ...stat, root: base64Of(root), ...change }
    expect(refusal(signed({ ...sound(), files: [file] })).code).toBe('META_INVALID')
  })

  it('sizes that add up to too much', () => {
    const chunkSize = 16 * KiB * KiB
    const size = 16 * KiB * KiB
    const file = (path: string) => ({ path, size, ...stat, root: base64Of(root) })
    const ok = { ...sound(), chunkSize, files: [file('a'), file('b')] }
    expect(parseMeta(signed(ok), sha256).files.length).toBe(2)
    expect(() =>
      buildMeta({ ...draft, files: [{ ...files[4], size: 2 ** 53 - 1 }] }, sha256),
    ).toThrow('64 TiB')
  })

  it('a file below a file, and two names that are one', () => {
    const file = (path: string) => ({ path, size: 0, ...stat })
    const below = refusal(signed({ ...sound(), files: [file('a'), file('a/b')] }))
    expect(below.message).toContain('"a/b" lies below')
    const twins = refusal(signed({ ...sound(), files: [file('A'), file('a')] }))
    expect(twins.message).toContain('"a" differs')
  })
})

describe('the document that an id names', () => {
  const idIn = (bytes: Uint8Array): string => JSON.parse(new TextDecoder().decode(bytes)).id

  it('is known whatever is wrong with it', () => {
    for (const change of [{}, { version: 2 }, { hash: 'sha3' }, { files: [] }, { chunkSize: 0 }]) {
      const bytes = signed({ ...sound(), ...change })
      expect(isDocumentOf(idIn(bytes), bytes, sha256)).toBe(true)
      expect(isDocumentOf(idIn(bytes).replaceAll('0', '1'), bytes, sha256)).toBe(false)
    }
  })

  it('is not one that only says so', () => {
    const { id } = sound()
    for (const lie of [{ id }, { ...sound(), version: 2 }, { ...sound(), name: 'another' }])
      expect(isDocumentOf(id as string, utf8(JSON.stringify(lie)), sha256)).toBe(false)
    expect(isDocumentOf(id as string, utf8('nothing'), sha256)).toBe(false)
  })
})

it('what cannot be described is refused before it is built', () => {
  const bad = { ...draft, files: [{ path: 'a\\b', size: 0, ...stat }] }
  expect(() => buildMeta(bad, sha256)).toThrow(
    expect.objectContaining({ code: 'META_UNFIT', exit: 'usage' }),
  )
})

describe('chunk size', () => {
  const GiB = 2 ** 30
  it.each([
    [100e9, 4096 * KiB],
    [512 * GiB, 16 * KiB * KiB],
    [2 ** 46, 16 * KiB * KiB],
  ])('of %d bytes is %d', (total, size) => expect(chunkSizeFor(total)).toBe(size))

  it('is always one that a meta may have, and gives few chunks', () => {
    const totals = fc.oneof(fc.integer({ min: 0, max: GiB }), fc.nat(512 * GiB))
    fc.assert(
      fc.property(totals, total => {
        const size = chunkSizeFor(total)
        expect(
          buildMeta({ ...draft, chunkSize: size, files: [files[1]] }, sha256).meta.chunkSize,
        ).toBe(size)
        expect(total / size).toBeLessThanOrEqual(32 * KiB)
      }),
    )
  })
})
