import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalOf, shapeOf } from '../../../src/core/meta/canonical.js'

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const textOf = (value: unknown) => decode(canonicalOf(value).bytes)

describe('the canonical text', () => {
  it('is that of RFC 8785 §3.2.2', () => {
    const document = JSON.parse(String.raw`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }`)
    expect(textOf(document)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    )
  })

  it('sorts keys by UTF-16 units, as §3.2.3 shows', () => {
    const keys = ['\u20ac', '\r', '\ufb33', '1', '\ud83d\ude00', '\u0080', '\u00f6']
    const sorted = ['\r', '1', '\u0080', '\u00f6', '\u20ac', '\ud83d\ude00', '\ufb33']
    const text = textOf(Object.fromEntries(keys.map(key => [key, 0])))
    expect(text).toBe(`{${sorted.map(key => `${JSON.stringify(key)}:0`).join(',')}}`)
  })

  it('has one zero', () => expect(textOf([-0, 0])).toBe('[0,0]'))

  it('leaves out members of the outermost object only', () => {
    const document = { id: 1, a: { id: 2 }, signature: [{ id: 3 }] }
    const { bytes, keyCount } = canonicalOf(document, new Set(['id', 'signature']))
    expect(decode(bytes)).toBe('{"a":{"id":2}}')
    expect(keyCount).toBe(5)
  })

  it.each([
    ['a lone surrogate', '\ud800'],
    ['a lone surrogate as key', { '\udc00': 1 }],
    ['an infinite number', JSON.parse('1e999')],
    ['bottomless nesting', JSON.parse('['.repeat(65) + ']'.repeat(65))],
  ])('refuses %s', (_, value) => {
    expect(() => textOf(value)).toThrow(RangeError)
  })

  it('is that of a naive walk, with few names and with many, with odd ones and odd text', () => {
    const name = fc.oneof(
      fc.constantFrom('a', 'b', 'path', '10', '9', '__proto__', 'toString', '\\ud800', 'é'),
      fc.integer({ min: 0, max: 200 }).map(String),
    )
    const leaf = fc.oneof(fc.constantFrom('\\ud', '\u{1f600}', ''), fc.double(), fc.boolean())
    const { tree } = fc.letrec(tie => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie('tree')),
        fc.dictionary(name, tie('tree')),
      ),
    }))
    fc.assert(
      fc.property(tree, value => {
        const plain = JSON.parse(JSON.stringify(value))
        expect(textOf(plain)).toBe(naive(plain))
      }),
    )
    const wide = Object.fromEntries(
      Array.from({ length: 100 }, (_, i) => [`${i}`, [{ b: i, a: i }]]),
    )
    expect(textOf(wide)).toBe(naive(wide))
  })

  it('grows as it must', () => {
    const document = { long: 'x'.repeat(200_000), list: new Array(50_000).fill('ä"') }
    expect(textOf(document)).toBe(
      `{"list":${JSON.stringify(document.list)},"long":"${document.long}"}`,
    )
  })

  it('means the same, whatever the order of keys was', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), value => {
        const text = textOf(value)
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
        expect(textOf(reversed(value))).toBe(text)
        expect(textOf(JSON.parse(text))).toBe(text)
      }),
    )
  })
})

describe('keys in a text', () => {
  it('are counted as a parser finds them', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom(undefined, 2), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent)
        const { keys, values, isTooDeep } = shapeOf(text)
        expect(keys).toBe(canonicalOf(JSON.parse(text)).keyCount)
        expect(values).toBeGreaterThanOrEqual(valuesIn(JSON.parse(text)))
        expect(isTooDeep).toBe(false)
      }),
    )
  })

  it.each([
    ['{"a":1,"a":2}', 2],
    ['{"a":1,"\\u0061":2}', 2],
    ['{"__proto__":1,"__proto__":2}', 2],
    [String.raw`{"a\\":":\":", "b": ["{:", ":"]}`, 2],
  ])('count twice what stands there twice: %s', (text, count) => {
    expect(shapeOf(text).keys).toBe(count)
  })
})

function naive(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(naive).join(',')}]`
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${naive(member)}`).join(',')}}`
}

function reversed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(reversed)
  const pairs = Object.entries(value).map(([key, member]) => [key, reversed(member)] as const)
  const result = {}
  for (const [key, member] of pairs.reverse()) {
    Object.defineProperty(result, key, { value: member, enumerable: true, configurable: true })
  }
  return result
}

describe('a text that is too much', () => {
  it('is known by its brackets, before anybody parses it', () => {
    const nested = (depth: number) => `${'[{"a":'.repeat(depth / 2)}0${'}]'.repeat(depth / 2)}`
    expect(shapeOf(nested(64)).isTooDeep).toBe(false)
    expect(shapeOf(nested(66)).isTooDeep).toBe(true)
    expect(shapeOf('['.repeat(1e7)).isTooDeep).toBe(true)
    expect(shapeOf(`["${'['.repeat(100)}"]`).isTooDeep).toBe(false)
  })

  it('need not be JSON', () => {
    for (const text of ['', ']]]]', '"', '{"a', ':,:,', '\\"'])
      expect(shapeOf(text).values).toBeLessThan(4)
    expect(shapeOf(`[${'[],'.repeat(1000)}0]`).values).toBeGreaterThan(2000)
  })
})

/** Everything in a document that takes memory of its own. */
function valuesIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1
  return Object.values(value).reduce((sum: number, each) => sum + valuesIn(each), 1)
}
