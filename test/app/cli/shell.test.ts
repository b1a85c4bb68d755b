import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { environmentName } from '../../../src/app/cli/option-spec.js'
import { optionTable, TABLE_BEGIN, TABLE_END } from '../../../src/app/cli/option-table.js'
import { OPTIONS, optionsOf } from '../../../src/app/cli/options.js'
import { EXIT, Mcp2pError } from '../../../src/core/base/errors.js'
import { repositoryRoot } from '../../lab/root.js'
import { FakeWorld } from './fake-world.js'
import { received, row, sending, session } from './samples.js'

const COMMANDS = ['send', 'recv', 'meta', 'verify', 'doctor', 'config'] as const

async function said(...args: string[]) {
  const world = new FakeWorld(args)
  const exit = await world.run()
  return { exit, out: world.stdout.text, err: world.stderr.lines }
}

describe('help', () => {
  it.each(COMMANDS)('of %s has its options and examples', async name => {
    const { exit, out, err } = await said(name, '--help')
    expect([exit, err]).toEqual([0, []])
    expect(out).toMatch(new RegExp(`^Usage: mcp2p ${name}`))
    expect(out).toMatch(/\nExamples:\n {2}(\w+=\w+ )?mcp2p /)
    for (const option of optionsOf(name)) {
      const isListed = name !== 'config' || option.commands === undefined
      expect(out.includes(`--${option.name}`), option.name).toBe(isListed)
    }
    expect((await said('help', name)).out).toBe(out)
  })

  it('of the whole lists the commands', async () => {
    const { exit, out } = await said('--help')
    expect(exit).toBe(0)
    for (const name of COMMANDS) expect(out).toMatch(new RegExp(`\\n {2}${name}\\b`))
    expect((await said('help')).out).toBe(out)
  })

  it('is what a bare mcp2p gets, as a usage error', async () => {
    const { exit, out, err } = await said()
    expect([exit, out]).toEqual([2, ''])
    expect(err[0]).toMatch(/^Usage: mcp2p/)
  })

  it('on exit has every code', async () => {
    const { exit, out } = await said('help', 'exit')
    expect(exit).toBe(0)
    for (const code of [...Object.values(EXIT), 130, 143]) {
      expect(out).toMatch(new RegExp(`^ +${code} {2}\\w`, 'm'))
    }
  })

  it('on options is the table of the README', async () => {
    expect((await said('help', 'options')).out).toBe(optionTable())
    for (const { name } of OPTIONS) expect(optionTable()).toContain(`\`${environmentName(name)}\``)
  })

  it.skipIf(!existsSync(`${repositoryRoot}/README.md`))('is not stale in the README', () => {
    const readme = readFileSync(`${repositoryRoot}/README.md`, 'utf8')
    const [begin, end] = [readme.indexOf(TABLE_BEGIN), readme.indexOf(TABLE_END)]
    expect([begin >= 0, end > begin]).toEqual([true, true])
    // To renew it: mcp2p help options
    expect(readme.slice(begin + TABLE_BEGIN.length, end).trim()).toBe(optionTable().trim())
  })
})

it('knows its version', async () => {
  const manifest = JSON.parse(readFileSync(`${repositoryRoot}/package.json`, 'utf8'))
  expect(await said('--version')).toEqual({ exit: 0, out: `${manifest.version}\n`, err: [] })
  expect(await said('-V')).toMatchObject({ out: `${manifest.version}\n` })
  expect((await said('--version', '--verbose')).out).toContain(`node     ${process.version}`)
})

describe('a usage error is two lines and exit 2', () => {
  it.each([
    [['sned', 'x'], "unknown command 'sned'", 'Did you mean send? See mcp2p --help.'],
    [
      ['recv', '--otu', 'x'],
      "unknown option '--otu'",
      'Did you mean --out? See mcp2p recv --help.',
    ],
    [['send'], "missing required argument 'path'", 'See mcp2p send --help.'],
    [['recv', 'a', 'b'], "too many arguments for 'recv'", 'See mcp2p recv --help.'],
    [['recv', '-o'], "option '-o, --out <dir>' argument missing", 'See mcp2p recv --help.'],
    [['recv', '--stats', '10'], '--stats: "10" has no unit', 'for example 10s.'],
    [['help', 'me'], 'there is no help on "me"', 'Topics: exit, options'],
    [
      ['recv', '--json', '--json-stream'],
      '--json and --json-stream contradict',
      'Leave one of them out.',
    ],
  ])('%j', async (args, message, hint) => {
    const { exit, err } = await said(...args)
    expect([exit, err.length]).toEqual([2, 2])
    expect(err[0]).toContain(`error: ${message}`)
    expect(err[1]).toContain(hint)
  })

  it('is JSON too where JSON was asked for', async () => {
    const { exit, out } = await said('recv', '--json', '--group', 'x')
    expect([exit, JSON.parse(out)]).toMatchObject([2, { error: { code: 'USAGE' }, exit: 2 }])
    const stream = await said('recv', '--json-stream', '--nope')
    expect(JSON.parse(stream.out)).toMatchObject({ type: 'error', code: 'USAGE', exit: 2 })
  })
})

describe('config', () => {
  it('says where each setting came from', async () => {
    const world = new FakeWorld(['config', '--rate', '5Mbit'], {}, { MCP2P_PORT: '7000' })
    expect(await world.run()).toBe(0)
    const lines = world.stdout.lines.map(line => line.split(/\s{2,}/))
    expect(lines[0]).toEqual(['SETTING', 'VALUE', 'FROM'])
    expect(lines).toContainEqual(['rate', '5Mbit', '--rate'])
    expect(lines).toContainEqual(['port', '7000', 'MCP2P_PORT'])
    expect(lines).toContainEqual(['linger', '30s', 'default'])
    expect(lines).toContainEqual(['data-port', '(--port + 1)', 'default'])
    expect(lines).toHaveLength(OPTIONS.length) // a title more, but --no-multicast is no setting
    expect(world.stderr.lines[0]).toMatch(/^config file: .*\(there is none\)$/)
  })

  it('says it in JSON', async () => {
    const world = new FakeWorld(['config', '--json', '--forever'], {}, { MCP2P_NO_MULTICAST: '1' })
    await world.run()
    const { settings, file, exit } = JSON.parse(world.stdout.text)
    expect([file.exists, exit]).toEqual([false, 0])
    const named = (name: string) => settings.find((one: { name: string }) => one.name === name)
    expect(named('multicast')).toEqual({
      name: 'multicast',
      value: 'never',
      from: 'environment',
      where: 'MCP2P_NO_MULTICAST',
      environment: 'MCP2P_MULTICAST',
    })
    expect(named('linger')).toMatchObject({ value: null, from: 'unset' })
  })
})

describe('-v', () => {
  const cause = new Error('ENOSPC: no space')
  const broken = async (...flags: string[]) => {
    const world = new FakeWorld(['recv', ...flags], {
      receive: () => {
        throw new Mcp2pError('NO_SPACE', 'storage', 'the disk\n is full', 'Make room.', cause)
      },
    })
    const exit = await world.run()
    return { exit, lines: world.stderr.lines }
  }

  it('adds code and cause to an error, -vv the stack', async () => {
    const plain = ['error: the disk is full', ' hint: Make room.']
    expect(await broken()).toEqual({ exit: 8, lines: plain })
    const more = [...plain, ' code: NO_SPACE, exit 8 (storage)', 'cause: Error: ENOSPC: no space']
    expect((await broken('-v')).lines).toEqual(more)
    const all = (await broken('-v', '-v')).lines
    expect(all.slice(0, 4)).toEqual(more)
    expect(all.some(line => /^ +at /.test(line))).toBe(true)
  })

  it('counts before the command as well', async () => {
    const world = new FakeWorld(['-v', 'config', '--json', '-v'])
    await world.run()
    const { settings } = JSON.parse(world.stdout.text)
    expect(settings).toContainEqual(expect.objectContaining({ name: 'verbose', value: '2' }))
  })
})

it('asks to report what nobody foresaw', async () => {
  const world = new FakeWorld(['recv'], {
    receive: () => {
      throw new TypeError('x is not a function')
    },
  })
  expect(await world.run()).toBe(1)
  expect(world.stderr.lines).toEqual([
    'error: unexpected TypeError: x is not a function',
    ' hint: This is a bug in mcp2p: please report it with what the same command prints with -vv.',
  ])
})

describe('a signal', () => {
  const stopped = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => {
      const end = () => reject(new Mcp2pError('ABORTED', 'interrupted', 'stopped', 'Again.'))
      signal.addEventListener('abort', end)
    })

  it('stops gracefully and prints what goes on, exit 5', async () => {
    const world = new FakeWorld(['recv', '-o', "it's", '--stay'], {
      receive: async call => {
        const end = stopped(call.signal)
        call.world.raise('SIGINT')
        return end
      },
    })
    expect(await world.run()).toBe(5)
    expect(world.exits).toEqual([])
    expect(world.stderr.lines).toEqual([
      'Stopping; what is verified is kept. Once more stops at once.',
      'error: stopped by SIGINT',
      ` hint: To go on: mcp2p recv -o 'it'\\''s' --stay`,
    ])
    expect(world.listeners).toBe(0)
  })

  it('goes on with what was found, where nothing was named', async () => {
    const stoppedIn = async (...args: string[]) => {
      const world = new FakeWorld(['recv', ...args], {
        receive: async call => {
          const end = stopped(call.signal)
          call.emit('session', { ...session, source: '10.0.0.1' })
          call.world.raise('SIGINT')
          return end
        },
      })
      await world.run()
      return world.stderr.lines.at(-1)
    }
    expect(await stoppedIn('-o', 'x')).toBe(` hint: To go on: mcp2p recv -o x ${session.id}`)
    const named = session.id.slice(0, 8)
    expect(await stoppedIn(named)).toBe(` hint: To go on: mcp2p recv ${named}`)
  })

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('a second %s stops at once with %i', async (name, code) => {
    const world = new FakeWorld(['recv'], {
      receive: call => {
        call.world.raise('SIGTERM')
        call.world.raise(name)
        return received
      },
    })
    await world.run()
    expect(world.exits).toEqual([code])
  })

  it('does not hide another error', async () => {
    const world = new FakeWorld(['recv'], {
      receive: call => {
        call.world.raise('SIGINT')
        throw new Mcp2pError('NO_SPACE', 'storage', 'the disk is full', 'Make room.')
      },
    })
    expect(await world.run()).toBe(8)
  })

  it('leaves the receivers of a sender on the screen', async () => {
    const world = new FakeWorld(['send', repositoryRoot], {
      send: async call => {
        call.emit('progress', { ...sending, receivers: [row('10.0.0.2')] })
        const end = stopped(call.signal)
        call.world.raise('SIGTERM')
        return end
      },
    })
    expect(await world.run()).toBe(5)
    expect(world.stdout.lines[1]).toMatch(/^10\.0\.0\.2 .*complete$/)
  })

  it('of SIGUSR2 asks for a line of statistics', async () => {
    const world = new FakeWorld(['recv', '-q'], {
      receive: call => {
        call.world.raise('SIGUSR2')
        return received
      },
    })
    expect(await world.run()).toBe(0)
    expect(world.stderr.lines).toEqual(['waiting for an announcement on 224.0.67.67:6767'])
  })
})
