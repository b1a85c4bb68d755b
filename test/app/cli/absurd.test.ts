// Every option of every command with values that make no sense, wherever they come from: one line
// that says which, one that says what to write, exit 2, and never a stack.

import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { environmentName, type Kind, type OptionSpec } from '../../../src/app/cli/option-spec.js'
import { OPTIONS } from '../../../src/app/cli/options.js'
import { skipUnless } from '../../lab/skip.js'
import { FakeWorld } from './fake-world.js'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mcp2p-absurd-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

async function expectUsage(world: FakeWorld, ...said: string[]): Promise<void> {
  const exit = await world.run()
  const { lines, text } = world.stderr
  expect({ exit, lines: lines.length, text }).toEqual({ exit: 2, lines: 2, text })
  expect(lines[0]).toMatch(/^error: ./)
  expect(lines[1]).toMatch(/^ hint: ./)
  expect(text).not.toMatch(/\bat .*:\d+:\d+|undefined|\[object/)
  for (const each of said) expect(lines[0]).toContain(each)
}

const digits = '9'.repeat(400)
const notNumbers = ['', ' ', '-1', 'NaN', 'Infinity', '1e3', '0x10', '1.5.5', '٥', '½', '1,5', '--']
const units = ['5', '0', '1e3s', '5 5s', '5parsec', '5\u202es', '5__proto__']
/** What an option of each kind must refuse. */
const absurd: Readonly<Record<Kind, readonly string[]>> = {
  fec: [...notNumbers, '5', '31%', '-1%', '1e1%', 'NaN%', '%', '٥%', 'AUTO', 'on'],
  bandwidth: [...notNumbers, '5parsec', '200Q', `${digits}M`, '5MiB', '-1M'],
  amount: [...notNumbers, '0', '5parsec', '1Q', `${digits}G`, '5Mbit'],
  seconds: [...notNumbers, '0', '5parsec', '0.01', digits],
  flag: [],
  level: [],
  text: [''],
  choice: ['', 'x', 'AUTO', '__proto__', 'toString', 'auto,never', '\0'],
  group: ['', '1.2.3.4', '224.0.0', '224.0.0.256', '240.0.0.1', 'fe80::1', '::', 'ff', 'localhost'],
  address: ['', 'localhost', '1.2.3', '1.2.3.4:5', '[::1]', '1.2.3.256', ':::'],
  redis: ['', 'redis', 'http://10.0.0.1', '10.0.0.1:6379', 'redis://[', 'redis:x'],
  location: ['', '/', 'dc/', '/rack', 'a b', 'a/b/c/d/e', 'a//b', 'ü', digits],
  endpoints: [
    '',
    ' ',
    ',',
    'a',
    ':1',
    'a:',
    'a:0',
    'a:65536',
    'a:1:2',
    '[::1]',
    '-o:1',
    'ü:1',
    '1.2.3:1',
  ],
  integer: [...notNumbers, '1.5', digits],
  rate: [...notNumbers, ...units, '0Mbit', '-1Mbit', 'NaNMbit', `${digits}Mbit`, '5MiB'],
  size: [
    ...notNumbers,
    ...units,
    '0KiB',
    '-1KiB',
    `${digits}KiB`,
    '5Mbit',
    '100000000TiB',
    '17KiBs',
  ],
  time: [...notNumbers, ...units, '-1s', `${digits}s`, '5Mbit'],
}
const specs: readonly OptionSpec[] = OPTIONS

function valuesOf(option: OptionSpec): readonly string[] {
  const { kind, min, max } = option
  const unit = kind === 'time' || kind === 'seconds' ? 'ms' : ''
  const beyond = [
    min !== undefined && min > 0 ? `${min - 1}${unit}` : '',
    max === undefined ? '' : `${max + 1}${unit}`,
  ]
  return [...absurd[kind], ...beyond.filter(each => each !== '')]
}

/** A command that has the option, up to its own arguments. */
function commandOf(option: OptionSpec): string[] {
  const command = option.commands?.[0] ?? 'recv'
  return ['recv', 'doctor', 'manager'].includes(command) ? [command] : [command, '/nonexistent']
}

describe.each(specs.filter(option => option.name !== 'config'))('--$name', option => {
  const { name, kind, value } = option

  it('is refused with no value or a wrong one', async () => {
    if (value === undefined) return
    await expectUsage(new FakeWorld([...commandOf(option), `--${name}`]), `--${name}`)
    for (const text of valuesOf(option)) {
      const world = new FakeWorld([...commandOf(option), `--${name}=${text}`])
      await expectUsage(world, `--${name}: `)
    }
  })

  it('is refused with a wrong value from the environment', async () => {
    const wrong =
      kind === 'flag' || kind === 'level' ? ['maybe', '2x', '-1', '٥'] : valuesOf(option)
    for (const text of wrong.filter(each => each !== '')) {
      const env = { [environmentName(name)]: text }
      await expectUsage(new FakeWorld(commandOf(option), {}, env), environmentName(name))
    }
  })

  it('is refused with a wrong value or type from the config file', async () => {
    const path = join(dir, 'config.json')
    const types = [
      null,
      {},
      [5],
      [[]],
      kind === 'endpoints' ? 5 : ['a:1'],
      value === undefined ? 'maybe' : true,
    ]
    const texts = value === undefined ? [] : valuesOf(option)
    const nul = kind === 'text' ? ['a\0b'] : []
    for (const wrong of [...types, ...texts, ...nul]) {
      writeFileSync(path, JSON.stringify({ [name]: wrong }))
      await expectUsage(new FakeWorld([...commandOf(option), '--config', path]), `"${name}"`)
    }
  })

  it('may stand there twice: the last one counts', async () => {
    if (value === undefined || kind === 'endpoints' || kind === 'text') return
    const wrong = valuesOf(option)[1]
    const world = new FakeWorld([...commandOf(option), `--${name}=x`, `--${name}=${wrong}`])
    await expectUsage(world, `--${name}: `)
  })
})

describe('the config file', () => {
  const run = (path: string) => new FakeWorld(['config', '--config', path])

  it.each<[string, string | Uint8Array]>([
    ['nothing', ''],
    ['half of something', '{"rate":'],
    ['no JSON', 'rate = 900Mbit'],
    ['a list', '[]'],
    ['null', 'null'],
    ['a text', '"x"'],
    ['no UTF-8', Uint8Array.of(0xff, 0xfe, 0x00)],
    ['brackets without end', '['.repeat(100_000)],
    ['__proto__', '{"__proto__":{"rate":"5Mbit"}}'],
    ['an unknown name', '{"rat":"5Mbit"}'],
    ['another config file', '{"config":"x"}'],
    ['a name that turns the line around', '{"\\u202e\\n":1}'],
  ])('is refused with %s in it', async (_, content) => {
    const path = join(dir, 'config.json')
    writeFileSync(path, content)
    await expectUsage(run(path), path)
  })

  it('is refused when it is huge or has no name', async () => {
    const path = join(dir, 'config.json')
    writeFileSync(path, '')
    truncateSync(path, 2 ** 31)
    await expectUsage(run(path), 'larger than 1 MiB')
    await expectUsage(run(''), '--config: an empty value')
  })

  it('is not found where there is none, or a folder', async () => {
    mkdirSync(join(dir, 'folder'))
    for (const name of ['folder', 'none', 'folder/none']) {
      const world = run(join(dir, name))
      expect([await world.run(), world.stderr.lines.length]).toEqual([3, 2])
    }
  })
})

skipUnless(process.platform === 'linux' ? undefined : 'there may be no /dev/zero')(
  'devices',
  () => {
    it('without an end are no config file and no place for a meta', async () => {
      await expectUsage(new FakeWorld(['config', '--config', '/dev/zero']), '/dev/zero')
      for (const device of ['/dev/zero', '/dev/full', '/dev/null']) {
        const args = ['meta', dir, '-o', device, '--overwrite']
        await expectUsage(new FakeWorld(args), `${device} is a device`)
      }
    })
  },
)

describe('arguments', () => {
  const long = 'a'.repeat(100_000)
  it.each([[`${long}.b`], [`mcp2p:${long}`], [`./${long}`], ['--peer', long], [`--${long}`]])(
    'are quoted by their ends when they are long',
    async (...args) => {
      const world = new FakeWorld(['recv', ...args])
      await world.run()
      expect(world.stderr.lines[0]).toMatch(/^error: .*aaa … aaa/)
      for (const line of world.stderr.lines) expect(line.length).toBeLessThan(400)
    },
  )

  const none = '/nonexistent'
  it.each<[readonly string[], number]>([
    [['meta'], 2],
    [['meta', ''], 3],
    [['meta', none], 3],
    [['send'], 2],
    [['send', ''], 3],
    [['send', none], 3],
    [['verify'], 2],
    [['verify', none], 2],
    [['verify', none, none], 3],
    [['verify', '/', '/'], 2],
    [['verify', '', ''], 3],
    [['verify', none, none, none], 2],
    [['recv', ''], 3],
    [['recv', none], 3],
    [['recv', '/'], 2],
    [['recv', 'abc'], 2],
    [['recv', '0'.repeat(65)], 3],
    [['recv', 'mcp2p:'], 2],
    [['recv', `mcp2p:${'0'.repeat(64)}?m=x`], 2],
    [['recv', `mcp2p:${'0'.repeat(64)}?n=%ff`], 2],
    [['recv', `mcp2p:${'0'.repeat(20_000)}`], 2],
    [['recv', 'a', 'b'], 2],
    [['recv', '\u202e'], 3],
    [['config', 'x'], 2],
    [['nothing'], 2],
    [['--port', '5'], 2],
    [['__proto__'], 2],
    [['help', 'x'], 2],
  ])('%j', async (args, exit) => {
    const world = new FakeWorld(args)
    expect([await world.run(), world.stderr.lines.length]).toEqual([exit, 2])
    expect(world.stderr.text).toMatch(/^error: \S.*\n hint: \S.*\n$/)
    expect(world.stderr.text).not.toContain('\u202e')
  })
})
