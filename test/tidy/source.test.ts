// The scanner under the law: were it wrong, the law would hold by accident.

import { expect, it } from 'vitest'
import { blank, bodiesOf, importsOf } from './source.js'

it('blanks comments, strings, templates and regular expressions, and nothing else', () => {
  const source = [
    "const a = 'Date' // Date",
    `const b = \`Date ${'$'}{now({ Date: "x" }, \`Date\`)} Date\``,
    'const c = /[/"]Date/g.test(x) ? total / Date / 2 : 1',
    'return /Date`/',
    'const d = "\\"Date" /* Date',
    'Date */ + Date',
  ].join('\n')
  const code = blank(source)
  expect(code.length).toBe(source.length)
  const counts = code.split('\n').map(line => line.split('Date').length - 1)
  expect(counts).toEqual([0, 1, 1, 0, 0, 1])
  expect(code.split('\n')[1]).toContain('now({ Date: " " }, `    `)}')
})

it('finds imports of every kind and knows which ones vanish', () => {
  const source = [
    "import type { A } from './a.js'",
    "import { type B, type C } from './b.js'",
    "import { type D, e } from './d.js'",
    "import f, * as g from 'node:fs'",
    'export {',
    '  h,',
    "} from './h.js'",
    "import './side.js'",
    "const i = await import('./i.js')",
    "new Worker(new URL('./worker.js', import.meta.url))",
    "// import './comment.js'",
    'const text = "import \'./text.js\'"',
    "export type { J } from './j.js'",
    "const url = new URL('https://example.org')",
  ].join('\n')
  const found = Object.fromEntries(importsOf(source).map(i => [i.specifier, i]))
  expect(Object.keys(found).sort()).toEqual(
    ['a', 'b', 'd', 'h', 'i', 'j', 'side', 'worker'].map(name => `./${name}.js`).concat('node:fs'),
  )
  const erased = Object.values(found).filter(i => i.typeOnly)
  expect(erased.map(i => i.specifier).sort()).toEqual(['./a.js', './b.js', './j.js'])
  expect(found['./i.js'].line).toBe(9)
  expect(found['./h.js'].line).toBe(7)
})

it('measures bodies of functions, not blocks, objects, types or classes', () => {
  const source = [
    'class K {', //                                              1
    '  constructor(readonly a: { b: number }) {', //             2 body
    '    if (a) {',
    '    }',
    '  }',
    '  get size(): Map<string, { c: () => void }> {', //         6 body
    '    return {}',
    '  }',
    '}',
    'export const f = async (x: number): Promise<void> => {', // 10 body
    '  for await (const y of z) {',
    '  }',
    '}',
    'function g(): x is { d: 1 } {', //                          14 body
    '  const o = { e() {}, f: {} }', //                          15 body
    '}',
    'interface L {',
    '}',
  ].join('\n')
  const bodies = bodiesOf(source).map(({ line, lines }) => [line, lines])
  expect(bodies.sort((a, b) => a[0] - b[0])).toEqual([
    [2, 4],
    [6, 3],
    [10, 4],
    [14, 3],
    [15, 1],
  ])
})
