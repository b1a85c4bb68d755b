import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CommandName } from '../../../src/app/cli/option-spec.js'
import { resolveSettings } from '../../../src/app/cli/settings.js'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'mcp2p-settings-'))
})
afterEach(() => rmSync(home, { recursive: true }))

function writeConfig(document: unknown): string {
  mkdirSync(join(home, 'mcp2p'), { recursive: true })
  const path = join(home, 'mcp2p', 'config.json')
  writeFileSync(path, typeof document === 'string' ? document : JSON.stringify(document))
  return path
}

function resolve(
  command: CommandName,
  flags: Record<string, string> = {},
  env: Record<string, string> = {},
) {
  return resolveSettings(command, new Map(Object.entries(flags)), { XDG_CONFIG_HOME: home, ...env })
}

describe('order', () => {
  it('is flag, environment, config file, default', async () => {
    const path = writeConfig({ port: 1003, 'peer-port': 1003, ttl: 3 })
    const flags = { port: '1001' }
    const env = { MCP2P_PORT: '1002', MCP2P_PEER_PORT: '1002' }
    const { settings, sources } = await resolve('send', flags, env)
    expect(settings).toMatchObject({ port: 1001, 'peer-port': 1002, ttl: 3, linger: 30_000 })
    const origin = ['port', 'peer-port', 'ttl', 'linger', 'rate'].map(name => {
      const { source, where } = sources.get(name) ?? {}
      return [source, where]
    })
    expect(origin).toEqual([
      ['flag', '--port'],
      ['environment', 'MCP2P_PEER_PORT'],
      ['file', path],
      ['default', undefined],
      ['unset', undefined],
    ])
  })

  it('takes an empty variable for none', async () => {
    const { settings } = await resolve('recv', {}, { MCP2P_GROUP: '' })
    expect(settings.group).toBe('224.0.67.67')
  })

  it('reads each kind alike from each source', async () => {
    writeConfig({ rate: '900Mbit', forever: true, 'chunk-size': '1MiB', manager: ['a:1', 'b:2'] })
    expect((await resolve('send')).settings).toMatchObject({
      rate: 900e6,
      forever: true,
      'chunk-size': 2 ** 20,
      manager: ['a:1', 'b:2'],
    })
    const env = { MCP2P_MANAGER: 'c:3, d:4', MCP2P_FOREVER: 'no', MCP2P_LINGER: '1m' }
    expect((await resolve('send', {}, env)).settings).toMatchObject({
      manager: ['c:3', 'd:4'],
      forever: false,
      linger: 60_000,
    })
  })

  it('leaves out what the command does not have', async () => {
    writeConfig({ rate: '900Mbit', out: '/x' })
    const { settings } = await resolve('recv')
    expect(settings).toMatchObject({ out: '/x' })
    expect(settings).not.toHaveProperty('rate')
  })
})

describe('contradictions', () => {
  it('within one source are refused', async () => {
    await expect(resolve('send', { rate: '1Mbit', 'max-rate': '2Mbit' })).rejects.toMatchObject({
      exit: 'usage',
      message: '--rate and --max-rate contradict each other',
    })
    const env = { MCP2P_QUIET: '1', MCP2P_VERBOSE: '1' }
    await expect(resolve('recv', {}, env)).rejects.toMatchObject({ exit: 'usage' })
  })

  it('across sources are won by the stronger one', async () => {
    writeConfig({ 'max-rate': '2Mbit', forever: true })
    const { settings } = await resolve('send', { rate: '1Mbit', linger: '5s' })
    expect(settings.rate).toBe(1e6)
    expect(settings).not.toHaveProperty('max-rate')
    expect(settings).not.toHaveProperty('forever')
    expect(settings.linger).toBe(5000)
    expect((await resolve('send')).settings).not.toHaveProperty('linger')
  })

  it('are none with a flag that is off', async () => {
    const { settings } = await resolve('send', { linger: '5s' }, { MCP2P_FOREVER: '0' })
    expect(settings).toMatchObject({ linger: 5000, forever: false })
  })
})

describe('--no-multicast', () => {
  it('means --multicast never, from every source', async () => {
    expect((await resolve('recv', { 'no-multicast': 'true' })).settings.multicast).toBe('never')
    const env = { MCP2P_NO_MULTICAST: '1' }
    expect((await resolve('recv', {}, env)).settings.multicast).toBe('never')
    expect((await resolve('recv', { multicast: 'always' }, env)).settings.multicast).toBe('always')
    writeConfig({ 'no-multicast': true })
    expect((await resolve('recv')).settings.multicast).toBe('never')
    writeConfig({ 'no-multicast': false })
    expect((await resolve('recv')).settings.multicast).toBe('auto')
  })

  it('contradicts another mode of the same source', async () => {
    writeConfig({ 'no-multicast': true, multicast: 'always' })
    await expect(resolve('recv')).rejects.toMatchObject({ exit: 'usage' })
  })
})

describe('a wrong value', () => {
  it.each([
    [{ port: '0' }, '--port: "0" is out of range', 'from 1 to 65535'],
    [{ ttl: '1.5' }, '--ttl: "1.5" is out of range', 'from 0 to 255'],
    [{ group: '10.0.0.1' }, '--group: "10.0.0.1" is not a multicast address', '224.0.0.0'],
    [{ multicast: 'maybe' }, '--multicast: "maybe" is not a choice', 'auto, always, never'],
    [{ rate: '0Mbit' }, '--rate: "0Mbit" is nothing', 'above zero'],
    [{ manager: 'a:1 b' }, '--manager: "b" is not a host and port', '10.0.0.1:9990'],
    [{ root: '' }, '--root: an empty value', '<dir>'],
  ])('%o', async (flags, message, hint) => {
    await expect(resolve('send', flags)).rejects.toMatchObject({
      exit: 'usage',
      message,
      hint: expect.stringContaining(hint),
    })
  })

  it('names the variable or the file that it came from', async () => {
    await expect(resolve('send', {}, { MCP2P_RATE: '900' })).rejects.toMatchObject({
      message: 'MCP2P_RATE: "900" has no unit',
    })
    const path = writeConfig({ rate: 900 })
    await expect(resolve('send')).rejects.toMatchObject({
      message: `"rate" in ${path}: "900" has no unit`,
    })
  })

  it('takes IPv6 groups', async () => {
    expect((await resolve('send', { group: 'ff12::4343' })).settings.group).toBe('ff12::4343')
    await expect(resolve('send', { group: 'fe80::1' })).rejects.toMatchObject({ exit: 'usage' })
  })
})

describe('the config file', () => {
  it('need not exist, unless it was named', async () => {
    expect((await resolve('recv')).file).toMatchObject({ exists: false })
    const missing = join(home, 'missing.json')
    const refused = { exit: 'notFound' }
    await expect(resolve('recv', { config: missing })).rejects.toMatchObject(refused)
    await expect(resolve('recv', {}, { MCP2P_CONFIG: missing })).rejects.toMatchObject(refused)
  })

  it('is looked for in HOME where XDG_CONFIG_HOME is unset or relative', async () => {
    mkdirSync(join(home, '.config', 'mcp2p'), { recursive: true })
    writeFileSync(join(home, '.config', 'mcp2p', 'config.json'), '{"ttl": 7}')
    const env = { HOME: home, XDG_CONFIG_HOME: 'relative' }
    expect((await resolve('send', {}, env)).settings.ttl).toBe(7)
  })

  it.each([
    ['{', 'is not JSON'],
    ['[]', 'is not an object'],
    [{ rates: '1Mbit' }, 'unknown setting "rates"'],
    [{ config: 'x' }, 'unknown setting "config"'],
    [{ forever: 1 }, 'wrong type for "forever"'],
    [{ rate: null }, 'wrong type for "rate"'],
    [{ peer: [1] }, 'wrong type for "peer"'],
  ])('%j is refused', async (document, message) => {
    const path = writeConfig(document)
    await expect(resolve('recv')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      exit: 'usage',
      message: expect.stringContaining(message),
    })
    await expect(resolve('recv')).rejects.toThrow(path)
  })
})
