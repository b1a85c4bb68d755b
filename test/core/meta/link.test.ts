import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatLink, parseLink } from '../../../src/core/meta/link.js'

const ID = '0123456789abcdef'.repeat(4)

describe('a link', () => {
  it('is an id alone', () => {
    expect(parseLink(`mcp2p:${ID}`)).toEqual({ id: ID, managers: [] })
    expect(formatLink({ id: ID, managers: [] })).toBe(`mcp2p:${ID}`)
  })

  it('names managers in order, and the transfer', () => {
    const text = `mcp2p:${ID}?m=10.0.0.1:9990&m=%5Bfe80::1%25eth0%5D:8889&m=seed.example:1&n=a%20b`
    const link = {
      id: ID,
      managers: [
        { host: '10.0.0.1', port: 9990 },
        { host: 'fe80::1%eth0', port: 8889 },
        { host: 'seed.example', port: 1 },
      ],
      name: 'a b',
    }
    expect(parseLink(text)).toEqual(link)
    expect(formatLink(link)).toBe(text)
  })

  it('may carry parameters of later versions', () => {
    expect(parseLink(`mcp2p:${ID}?k=secret&n=x`)).toEqual({ id: ID, managers: [], name: 'x' })
  })

  it.each([
    ['', 'nothing'],
    [ID, 'no scheme'],
    [`mcp2p:${ID.slice(1)}`, 'a short id'],
    [`mcp2p:${ID.toUpperCase()}`, 'an upper-case id'],
    [`mcp2p:${ID}?`, 'an empty query'],
    [`mcp2p:${ID}?m=10.0.0.1:9990&`, 'an empty parameter'],
    [`mcp2p:${ID}?m`, 'no value'],
    [`mcp2p:${ID}?=x`, 'no key'],
    [`mcp2p:${ID}?n=`, 'an empty name'],
    [`mcp2p:${ID}?n=a&n=b`, 'two names'],
    [`mcp2p:${ID}?n=%ff`, 'a broken sequence'],
    [`mcp2p:${ID}?n=%1b[2J`, 'a control character'],
    [`mcp2p:${ID}?n=%E2%80%AEgpj.exe`, 'a bidi mark'],
    [`mcp2p:${ID}?n=a b`, 'a blank'],
    [`mcp2p:${ID}?n=${'x'.repeat(256)}`, 'a long name'],
    [`mcp2p:${ID}?m=10.0.0.1`, 'no port'],
    [`mcp2p:${ID}?m=10.0.0.1:0`, 'port 0'],
    [`mcp2p:${ID}?m=10.0.0.1:65536`, 'a port too high'],
    [`mcp2p:${ID}?m=-oProxy:22`, 'an option'],
    [`mcp2p:${ID}${'?m=a:1'.concat('&m=a:1'.repeat(32))}`, 'too many managers'],
    [`mcp2p:${ID}?n=x\n`, 'a line end'],
  ])('%s is none: %s', text => {
    expect(parseLink(text)).toBeUndefined()
  })

  it('survives its own text form whatever it is called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }), name => {
        const text = formatLink({ id: ID, managers: [{ host: '::1', port: 9 }], name })
        expect(text).toMatch(/^[\x21-\x7e]*$/)
        expect(text).not.toMatch(/['"`$\\!()<>;|*~]/)
        const back = parseLink(text)
        expect(back?.managers).toEqual([{ host: '::1', port: 9 }])
        expect([name, undefined]).toContain(back?.name)
      }),
    )
  })

  it('leaves out a name that could rewrite a line', () => {
    expect(formatLink({ id: ID, managers: [], name: 'a\u202eb' })).toBe(`mcp2p:${ID}`)
    expect(formatLink({ id: ID, managers: [], name: 'a\ud800b' })).toBe(`mcp2p:${ID}`)
  })
})
