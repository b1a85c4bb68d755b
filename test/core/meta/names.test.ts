import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  comparePaths,
  foldPath,
  isDisplayName,
  linkTrouble,
  PathOrder,
  pathTrouble,
  shownPath,
} from '../../../src/core/meta/names.js'

describe('a path', () => {
  it.each([
    'a',
    'photos/2024/ä ö.jpg',
    '.hidden',
    '..two',
    'a/...b',
    'ends in blank ',
    'ends in dot.',
    'console',
    'nullable.txt',
    'auxiliary/lpt10',
    '10:30.log',
    'Foo::Bar.3pm',
    'a/bc:d',
    '\u2764\ufe0f \u{1f468}\u200d\u{1f33e}.png',
    '日本語/ελληνικά/😀',
    'x'.repeat(255),
    `${'d/'.repeat(127)}f`,
  ])('is let through: %j', path => expect(pathTrouble(path)).toBeUndefined())

  it.each([
    ['', 'is empty'],
    ['/etc/passwd', 'is absolute'],
    ['//host/share', 'is absolute'],
    ['C:/x', 'is absolute'],
    ['c:x', 'is absolute'],
    ['a/C:', 'name of a drive'],
    ['a/c:x/b', 'name of a drive'],
    ['C\u200b:/x', 'name of a drive'],
    ['a\\b', 'has a backslash'],
    ['\\\\host\\share', 'has a backslash'],
    ['..', 'dots and blanks'],
    ['a/../b', 'dots and blanks'],
    ['./a', 'dots and blanks'],
    ['a//b', 'empty'],
    ['a/', 'empty'],
    ['a/.. /b', 'dots and blanks'],
    ['a/ ', 'dots and blanks'],
    ['a/...', 'dots and blanks'],
    ['a/\u200b', 'dots and blanks'],
    ['a/.\u00ad./b', 'dots and blanks'],
    ['nu\u2060l', 'device'],
    ['.mcp2p-\ufeff0123abcd/journal', 'unfinished'],
    ['.mc\u200dp2p-0123abcd/journal', 'unfinished'],
    ['a\0b', 'control'],
    ['a\nb', 'control'],
    ['a\x1b[2J', 'control'],
    ['a\x9bb', 'control'],
    ['gpj.\u202eexe', 'text direction'],
    ['a\u2066b', 'text direction'],
    ['a\u2028b', 'control'],
    ['a\ud800b', 'control'],
    ['con', 'device'],
    ['x/NUL', 'device'],
    ['Aux.c', 'device'],
    ['com1.tar.gz/x', 'device'],
    ['LPT9 .txt', 'device'],
    ['COM¹', 'device'],
    ['CONIN$', 'device'],
    ['nul:x', 'device'],
    ['.mcp2p-0123abcd/journal', 'unfinished'],
    ['x'.repeat(256), 'too long'],
    ['ä'.repeat(128), 'too long'],
    [`${'d/'.repeat(128)}f`, 'deeply'],
    [`${'dddddddddddddddddddddddddddddddddddddddd/'.repeat(100)}f`, 'too long'],
  ])('is refused: %j', (path, why) => expect(pathTrouble(path)).toContain(why))

  it('that passes never climbs, begins at a root or hides anything', () => {
    const component = fc.oneof(
      fc.constantFrom('..', '.', '', ' ', 'a', 'C:', 'nul', '.. ', '\\..', '\0', '\u202e'),
      fc.string({ unit: 'binary', maxLength: 8 }),
    )
    fc.assert(
      fc.property(fc.array(component, { maxLength: 5 }), components => {
        const path = components.join('/')
        if (pathTrouble(path) !== undefined) return
        for (const name of path.split('/')) {
          expect(name.replace(/[. ]/g, '')).not.toBe('')
          expect(name).not.toMatch(/[\\\p{Cc}\u202a-\u202e]/u)
        }
        expect(path).not.toMatch(/^([a-z]:|\/)/i)
      }),
      { numRuns: 500 },
    )
  })
})

describe('a link', () => {
  it.each([
    ['a/l', 'b'],
    ['a/l', '../b/c'],
    ['a/b/l', '../../c'],
    ['l', './x'],
    ['a/l', '..'],
    ['l', 'dir/'],
  ])('at %j may point to %j', (path, target) => expect(linkTrouble(path, target)).toBeUndefined())

  it.each([
    ['l', '..', 'leaves'],
    ['a/l', '../../b', 'leaves'],
    ['a/l', './.././../b', 'leaves'],
    ['l', '/etc', 'absolute'],
    ['l', 'C:x', 'absolute'],
    ['l', 'd/C:/x', 'drive'],
    ['l', '.\u200b./x', 'leaves'],
    ['l', '', 'nothing'],
    ['l', '..\\x', 'backslash'],
    ['l', 'x\0', 'control'],
    // Harmless to read, but `s` may itself be a link to higher up.
    ['a/b/c/l', 's/../../..', '..'],
    ['a/l', 'x'.repeat(5000), 'too long'],
  ])('at %j may not point to %j', (path, target, why) => {
    expect(linkTrouble(path, target)).toContain(why)
  })
})

describe('order', () => {
  const bytesOrder = (a: string, b: string) => {
    const left = a.split('/').map(name => Buffer.from(name))
    const right = b.split('/').map(name => Buffer.from(name))
    for (let i = 0; i < Math.min(left.length, right.length); i++) {
      const order = Buffer.compare(left[i], right[i])
      if (order !== 0) return order
    }
    return left.length - right.length
  }

  it('is that of the bytes of components', () => {
    const unit = fc.constantFrom('a', 'b', '-', '/', '\ud7ff', '\ue000', '\uffee', '😀', '𐀀', '0')
    const path = fc.string({ unit, maxLength: 6 })
    fc.assert(
      fc.property(path, path, (a, b) => {
        expect(Math.sign(comparePaths(a, b))).toBe(Math.sign(bytesOrder(a, b)))
      }),
      { numRuns: 1000 },
    )
  })

  const tell = (...paths: string[]) => {
    const order = new PathOrder()
    return paths.map(path => order.add(path.replace(/\*$/, ''), !path.endsWith('*'))).at(-1)
  }

  it('lets a tree through', () => {
    expect(tell('a*', 'a/b', 'a/c/d', 'a/c/e', 'a-', 'b/a', 'b/aa/x', 'c')).toBeUndefined()
  })

  it.each([
    [['b', 'a'], 'byte order'],
    [['a-', 'a/b'], 'byte order'],
    [['a', 'a'], 'twice'],
    [['a', 'a/b'], 'below a file'],
    [['x/a', 'x/a/b/c'], 'below a file'],
    [['README', 'readme'], 'case'],
    [['A/x', 'a/y'], 'case'],
    [['A', 'B', 'a/x'], 'case'],
    [['x/\u0041\u030a', 'x/\u00c5'], 'case'],
    [['STRASSE', 'straße'], 'case'],
    [['a', 'a.'], 'case'],
    [['d/x', 'd./x'], 'case'],
    [['a\u200bb', 'ab'].sort(comparePaths), 'invisible'],
    [['soft', 'so\u00adft'].sort(comparePaths), 'invisible'],
    [['a', 'a\u2060'], 'invisible'],
    [['\u2764', '\u2764\ufe0f'], 'invisible'],
    [['a', 'a.\u200b'], 'invisible'],
    [['tag', 'tag\u{e0041}'], 'invisible'],
    [['a', 'a\u200b/b'], 'invisible'],
  ])('refuses the last of %j', (paths, why) => expect(tell(...paths)).toContain(why))

  it('names both of two that are alike', () => {
    expect(tell('x/README', 'x/readme')).toMatch(/^differs from "x\/README" only by case/)
    expect(tell('A/x', 'a/y')).toMatch(/^lies in "a", which differs from "A" only by case/)
  })

  it('finds every pair that folds to one name', () => {
    const name = fc.constantFrom('a', 'A', 'b', 'ä', 'a\u0308', 'a.', 'ab')
    const path = fc.array(name, { minLength: 1, maxLength: 3 }).map(names => names.join('/'))
    fc.assert(
      fc.property(fc.uniqueArray(path, { minLength: 1, maxLength: 8 }), paths => {
        paths.sort(comparePaths)
        const order = new PathOrder()
        const refused = paths.some(one => order.add(one, true) !== undefined)
        const names = new Set(paths.flatMap(one => ancestors(one)))
        const folds = new Set([...names].map(foldPath))
        const below = paths.some(one => paths.some(other => one.startsWith(`${other}/`)))
        expect(refused).toBe(folds.size < names.size || below)
      }),
      { numRuns: 300 },
    )
  })
})

it('names and paths can be shown', () => {
  expect(isDisplayName('Photos 2024 – ä')).toBe(true)
  for (const name of ['', '\u200b\u00ad', 'a\nb', 'a\u202eb', 'x'.repeat(256)])
    expect(isDisplayName(name)).toBe(false)
  expect(shownPath('a"\x9b\u202e\n')).toBe('"a\\"\\u009b\\u202e\\n"')
  expect(shownPath('a\u200bb\u{e0041}')).toBe('"a\\u200bb\\ue0041"')
  expect(shownPath('x'.repeat(9999)).length).toBeLessThan(210)
})

function ancestors(path: string): string[] {
  const names = path.split('/')
  return names.map((_, i) => names.slice(0, i + 1).join('/'))
}
