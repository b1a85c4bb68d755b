import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Mcp2pError } from '../../../src/core/base/errors.js'
import type { ReceiveEvents, ReceiveResult } from '../../../src/engine/api.js'
import { FakeWorld, type Script } from './fake-world.js'
import { ID, received, receiving, session } from './samples.js'
import { screenAfter } from './terminal.js'

let dir: string
let file: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'mcp2p-recv-'))
  file = join(dir, 'photos.p2pmeta')
  writeFileSync(file, '{}')
  writeFileSync(join(dir, 'deadbeef'), '')
})
afterAll(() => rmSync(dir, { recursive: true }))

type Receive = Script<ReceiveEvents, ReceiveResult>

const whole: Receive = ({ emit }) => {
  emit('session', { ...session, source: '10.0.0.1' })
  emit('notice', {
    code: 'swarm-only',
    level: 'warning',
    message: 'no multicast',
    hint: 'look at the switch',
  })
  emit('peer', { host: '10.0.0.1', port: 9990, state: 'connected' })
  emit('progress', receiving)
  emit('verified', { bytes: 16_384, verifiedBytes: 16_384, totalBytes: session.totalBytes })
  emit('file', { path: 'photos/a.jpg', bytes: 3 })
  emit('complete', { elapsedMillis: 22_400, totalBytes: session.totalBytes })
  return received
}

const recv = (args: string[], receive: Receive = whole, env = {}) =>
  new FakeWorld(['recv', ...args], { receive }, env)

describe('the source', () => {
  const sourceOf = async (argument: string) => {
    let source: unknown
    const world = recv([argument], ({ args }) => {
      source = args[0]
      return received
    })
    return { exit: await world.run(), source, error: world.stderr.lines }
  }

  it('is a file, a link, an id or its beginning', async () => {
    expect((await sourceOf(file)).source).toEqual({ meta: file })
    const link = { id: ID, managers: [{ host: 'a', port: 1 }], name: 'x' }
    expect((await sourceOf(`mcp2p:${ID}?m=a:1&n=x`)).source).toEqual({ link })
    expect((await sourceOf(ID.toUpperCase())).source).toEqual({ id: ID })
    expect((await sourceOf('01234567')).source).toEqual({ id: '01234567' })
    expect((await sourceOf(join(dir, 'deadbeef'))).source).toEqual({ meta: join(dir, 'deadbeef') })
  })

  it('may be missing', async () => {
    const world = recv([], ({ args }) => ({ ...received, out: JSON.stringify(args[0]) }))
    expect(await world.run()).toBe(0)
    expect(world.stdout.text).toBe('{}\n')
  })

  it.each([
    ['none.p2pmeta', 3, 'no such file: none.p2pmeta', 'Check the path'],
    ['no/such', 3, 'neither a file nor a link nor an id: no/such', 'mcp2p: link'],
    ['mcp2p:12', 2, 'not a link: mcp2p:12', 'whole and in quotes'],
    ['0123456', 2, 'the id "0123456" is too short', 'first 8 digits'],
    [tmpdir(), 2, 'is a folder', 'mcp2p meta'],
  ])('%s is refused with exit %i', async (argument, exit, message, hint) => {
    const found = await sourceOf(argument)
    expect(found.exit).toBe(exit)
    expect(found.source).toBeUndefined()
    expect(found.error).toHaveLength(2)
    expect(found.error[0]).toContain(message)
    expect(found.error[1]).toContain(hint)
  })
})

it('passes every option on', async () => {
  let options: unknown
  const flags =
    '-o /in --peer a:1 --peer b:2 --group 239.1.1.1 --port 7000 --peer-port 7001 ' +
    '--interface eth0 --no-multicast --stay --overwrite'
  const world = recv(flags.split(' '), ({ args }) => {
    options = args[1]
    return received
  })
  expect(await world.run()).toBe(0)
  expect(options).toMatchObject({
    out: '/in',
    peers: ['a:1', 'b:2'],
    group: '239.1.1.1',
    port: 7000,
    peerPort: 7001,
    interface: 'eth0',
    multicast: 'never',
    stay: true,
    overwrite: true,
    signal: expect.any(AbortSignal),
    progressEveryMillis: 500,
  })
})

it.each([
  [['--one-way', '--no-multicast'], '--one-way is nothing but multicast, and that is switched off'],
  [['--one-way', '--peer', 'a:1'], '--one-way and --peer contradict each other'],
  [
    ['--no-multicast', '--multicast=always'],
    '--multicast and --no-multicast contradict each other',
  ],
  [
    ['--multicast=always', '--no-multicast'],
    '--multicast and --no-multicast contradict each other',
  ],
  [['--one-way', '--stay'], '--one-way and --stay contradict each other'],
  [['--discard', '-o', '/in'], '--discard and --out contradict each other'],
  [['--discard', '--overwrite'], '--discard and --overwrite contradict each other'],
])('refuses %j', async (flags, message) => {
  const world = recv(flags, () => received)
  expect(await world.run()).toBe(2)
  expect(world.stderr.lines[0]).toBe(`error: ${message}`)
})

it('tells nobody where a discarded transfer stands', async () => {
  let options: unknown
  const world = recv(['--discard', '--one-way'], ({ args }) => {
    options = args[1]
    return { ...received, out: null }
  })
  expect(await world.run()).toBe(0)
  expect(options).toMatchObject({ discard: true, oneWay: true, out: undefined })
  expect(world.stdout.text).toBe('')
  expect(world.stderr.lines.at(-1)).toMatch(/; nothing was written$/)
})

describe('what is said', () => {
  it('is the folder on stdout, all else on stderr', async () => {
    const world = recv([])
    expect(await world.run()).toBe(0)
    expect(world.stdout.text).toBe('/srv/in\n')
    expect(world.stderr.lines).toEqual([
      `receiving photos, 256 MiB in 12 files, id ${ID}, from 10.0.0.1`,
      'warning: no multicast; look at the switch',
      'complete after 22s',
      'photos: 256 MiB in 22s, 95.7 Mbit/s; by multicast 250 MiB, from peers 5.00 MiB, from the seeder 1.00 MiB; given 7.00 MiB',
    ])
    expect([world.timers, world.listeners]).toEqual([0, 0])
  })

  it('is a line per interval', async () => {
    const world = recv(['--stats', '3s'], call => {
      call.world.tick(3000)
      call.emit('progress', receiving)
      call.world.tick(3000)
      return received
    })
    await world.run()
    expect(world.stderr.lines.slice(0, 2)).toEqual([
      'waiting for an announcement on 224.0.67.67:6767',
      'receiving photos: 50% (128 MiB of 256 MiB), 94.0 Mbit/s, ETA 11s; multicast receiving 91.0 Mbit/s, loss 1.2%; 7 peers',
    ])
  })

  it.each([80, 120])('is a live block of %i columns on a terminal', async columns => {
    let seen: string[] = []
    const world = recv(['--color', 'never'], call => {
      call.emit('progress', receiving)
      call.world.tick(250)
      seen = screenAfter(call.world.stderr.text, columns)
      return received
    })
    world.stderr.isTerminal = true
    world.stderr.width = columns
    await world.run()
    expect(seen).toHaveLength(3)
    expect(seen[0]).toMatch(/^photos +receiving {2}12s$/)
    expect(seen[1]).toMatch(
      /^█+[▏▎▍▌▋▊▉]?░+ {2}50% {2}128 MiB \/ 256 MiB {2}94\.0 Mbit\/s {2}ETA {5}11s$/,
    )
    expect(seen[1]).toHaveLength(columns - 1)
    expect(seen[2]).toMatch(/^multicast 91\.0 Mbit\/s, loss 1\.2% · 7 peers 6\.00 MiB · seeder 2/)
    expect(screenAfter(world.stderr.text, columns)[0]).toMatch(/^photos: 256 MiB in 22s/)
  })

  it('is nothing but the answer when quiet', async () => {
    const world = recv(['-q'])
    await world.run()
    expect([world.stdout.text, world.stderr.text]).toEqual(['/srv/in\n', ''])
  })

  it('shows a hostile name as text', async () => {
    const world = recv([], ({ emit }) => {
      emit('session', { ...session, name: 'a\x1b[2J', source: 'b\u202e' })
      return { ...received, out: 'c\x07' }
    })
    await world.run()
    expect(world.stdout.text).toBe('c\\u{7}\n')
    expect(world.stderr.lines[0]).toContain('receiving a\\u{1b}[2J')
    expect(world.stderr.lines[0]).toContain('from b\\u{202e}')
  })

  it('is logged with -v, and every event with -vv', async () => {
    const logged = async (flag: string) => {
      const world = recv([flag])
      await world.run()
      const lines = world.stderr.lines.filter(line => line.startsWith('{'))
      return lines.map(line => JSON.parse(line))
    }
    const some = await logged('-v')
    expect(some.map(line => line.msg)).toEqual(['session', 'peer', 'file', 'complete'])
    expect(some[1]).toMatchObject({ level: 'info', host: '10.0.0.1', port: 9990 })
    const all = (await logged('-vv')).map(line => line.msg)
    expect(all).toEqual(['session', 'peer', 'progress', 'verified', 'file', 'complete'])
  })
})

describe('JSON', () => {
  it('is one document at the end', async () => {
    const world = recv(['--json'])
    expect(await world.run()).toBe(0)
    expect(JSON.parse(world.stdout.text)).toEqual({ ...received, exit: 0 })
    expect(world.stderr.text).toContain('complete after 22s')
  })

  it('is one event per line, in order, and the result', async () => {
    const world = recv(['--json-stream'])
    expect(await world.run()).toBe(0)
    const types = world.stdout.documents.map(line => line.type)
    expect(types).toEqual([
      'session',
      'notice',
      'peer',
      'progress',
      'verified',
      'file',
      'complete',
      'result',
    ])
    expect(world.stdout.documents[6]).toEqual({
      type: 'complete',
      time: world.millis,
      elapsedMillis: 22_400,
      totalBytes: session.totalBytes,
    })
    expect(world.stdout.documents[7]).toMatchObject({ ...received, exit: 0 })
    expect(world.stderr.text).toBe('')
  })

  const fail: Receive = () => {
    throw new Mcp2pError('NO_SPACE', 'storage', 'the disk is full', 'Make room.')
  }

  it('has the error too', async () => {
    const error = { code: 'NO_SPACE', message: 'the disk is full', hint: 'Make room.' }
    const document = recv(['--json'], fail)
    expect(await document.run()).toBe(8)
    expect(JSON.parse(document.stdout.text)).toEqual({ error, exit: 8 })
    const stream = recv(['--json-stream'], fail)
    expect(await stream.run()).toBe(8)
    const time = stream.millis
    expect(stream.stdout.documents).toEqual([{ type: 'error', time, ...error, exit: 8 }])
    const lines = ['error: the disk is full', ' hint: Make room.']
    expect([document.stderr.lines, stream.stderr.lines]).toEqual([lines, lines])
  })
  it('says how far it came before it failed', async () => {
    const world = recv(['--json'], script => {
      script.emit('progress', receiving)
      return fail(script)
    })
    await world.run()
    expect(JSON.parse(world.stdout.text).progress).toEqual(receiving)
  })
})
