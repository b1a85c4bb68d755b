import { isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatEndpoint, isIpv4, isIpv6, parseEndpoint } from '../../../src/core/base/endpoint.js'

describe('an endpoint', () => {
  it.each([
    ['10.0.0.1:9990', '10.0.0.1', 9990],
    ['[::]:1', '::', 1],
    ['[fe80::1%eth0.2]:65535', 'fe80::1%eth0.2', 65535],
    ['a_b-c.example:80', 'a_b-c.example', 80],
    ['localhost:80', 'localhost', 80],
  ])('%s', (text, host, port) => {
    expect(parseEndpoint(text)).toEqual({ host, port })
    expect(formatEndpoint({ host, port })).toBe(text)
  })

  it.each([
    '10.0.0.1',
    '10.0.0.1:',
    '10.0.0.1:09',
    '10.0.0.1:65536',
    '10.0.0.256:1',
    '10.0.1:1',
    '::1:80',
    '[::1]',
    '[10.0.0.1]:80',
    '[::1%]:80',
    '[::1%a b]:80',
    '-o:80',
    'a..b:80',
    'a/b:80',
    ' a:80',
    'a:80\n',
    `${'a'.repeat(64)}:80`,
  ])('%j is none', text => {
    expect(parseEndpoint(text)).toBeUndefined()
  })

  it('knows an address as the platform does', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.stringMatching(/^[0-9a-f:.]{1,30}$/)), text => {
        expect(isIpv4(text)).toBe(isIP(text) === 4)
        expect(isIpv6(text)).toBe(isIP(text) === 6)
      }),
      { numRuns: 2000 },
    )
  })
})
