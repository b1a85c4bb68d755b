import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SendEvents, SendResult } from '../../../src/engine/api.js'
import { FakeWorld, type Script } from './fake-world.js'
import { halfway, ID, row, sending, sent, session } from './samples.js'
import { screenAfter } from './terminal.js'

let dir: string
let file: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'mcp2p-send-'))
  file = join(dir, 'photos.p2pmeta')
  writeFileSync(file, '{}')
})
afterAll(() => rmSync(dir, { recursive: true }))

type Send = Script<SendEvents, SendResult>
const link = `mcp2p:${ID}?m=10.0.0.1:9990&n=photos`

const whole: Send = ({ emit }) => {
  emit('session', { ...session, link })
  emit('listening', { group: '224.0.67.67', port: 6767, dataPort: 6768, peerPort: 9991 })
  emit('progress', sending)
  return sent
}

const send = (args: string[], script: Send = whole) =>
  new FakeWorld(['send', ...args], { send: script })

it('prints the link, the line that receives it, and the table', async () => {
  const world = send([file])
  expect(await world.run()).toBe(0)
  expect(world.stdout.lines).toEqual([
    link,
    `mcp2p recv '${link}'`,
    'HOST       SECONDS  MBIT/S  MULTICAST     PEERS    SEEDER  RESULT',
    '10.0.0.2      22.4    95.7    250 MiB  5.00 MiB  1.00 MiB  complete',
    '10.0.0.30     22.4    95.7    250 MiB  5.00 MiB  1.00 MiB  complete',
  ])
  expect(world.stderr.lines).toEqual([
    `sending photos, 256 MiB in 12 files, id ${ID}`,
    'announcing on 224.0.67.67:6767, data on 6768, peers on TCP 9991',
    '23s, 2 passes; by multicast 260 MiB, served 8.00 MiB',
  ])
})

describe('exit 6', () => {
  it('says how many are incomplete', async () => {
    const receivers = [
      row('a', { resumedBytes: 1024 }),
      row('b', { ...halfway, state: 'gone' }),
      row('c', halfway),
    ]
    const world = send([file], () => ({ ...sent, receivers, complete: false }))
    expect(await world.run()).toBe(6)
    expect(world.stdout.lines.slice(1).map(line => line.split(/\s{2,}/).at(-1))).toEqual([
      'complete, had 1.00 KiB',
      'gone at 50%',
      'incomplete, 50%',
    ])
    expect(world.stderr.lines.slice(-2)).toEqual([
      'error: 2 of 3 receivers are incomplete',
      ' hint: Send it again: whoever has a part of it goes on from there.',
    ])
  })

  it('is none of a carousel that nobody was heard of', async () => {
    const world = send([file, '--carousel'], () => ({ ...sent, receivers: [], complete: true }))
    expect(await world.run()).toBe(0)
    expect(world.stderr.lines.at(-1)).toContain('who only listens is not counted')
  })

  it('says that none came, in JSON as well', async () => {
    const nobody: Send = () => ({ ...sent, receivers: [], complete: false })
    const world = send([file, '--json'], nobody)
    expect(await world.run()).toBe(6)
    expect(JSON.parse(world.stdout.text)).toMatchObject({ receivers: [], complete: false, exit: 6 })
    expect(world.stderr.lines.at(-2)).toBe('error: no receiver came')
  })
})

describe('what is passed on', () => {
  const argumentsOf = async (args: string[]) => {
    let given: readonly unknown[] = []
    const world = send(args, call => {
      given = call.args
      return sent
    })
    const exit = await world.run()
    return { exit, source: given[0], options: given[1], error: world.stderr.lines[0] }
  }

  it('is the file with its root, and all of the network', async () => {
    const flags =
      `--root ${dir} --group 239.1.1.1 --port 7000 --data-port 7002 --peer-port 7003 ` +
      '--interface 10.0.0.1 --ttl 4 --rate 900Mbit --wait-receivers 8 --wait 1m --linger 10s ' +
      '--multicast always'
    const { source, options } = await argumentsOf([file, ...flags.split(' ')])
    expect(source).toEqual({ meta: file })
    expect(options).toMatchObject({
      root: dir,
      group: '239.1.1.1',
      port: 7000,
      dataPort: 7002,
      peerPort: 7003,
      interface: '10.0.0.1',
      ttl: 4,
      rateBps: 900e6,
      waitReceivers: 8,
      waitMillis: 60_000,
      lingerMillis: 10_000,
      multicast: 'always',
      meta: undefined,
    })
  })

  it('is how the meta of bare paths is made', async () => {
    const flags =
      '--name x --chunk-size 1MiB --hash blake3 --manager a:1 --min-rate 1Mbit --forever'
    const { source, options } = await argumentsOf([dir, file.slice(0, -8), ...flags.split(' ')])
    expect(source).toBeUndefined() // the second path does not exist
    const made = await argumentsOf([dir, ...flags.split(' ')])
    expect(made.source).toEqual({ paths: [dir] })
    expect(made.options).toMatchObject({
      meta: { name: 'x', chunkBytes: 2 ** 20, hash: 'blake3', managers: ['a:1'] },
      minRateBps: 1e6,
      forever: true,
      lingerMillis: undefined,
      rateBps: undefined,
      waitMillis: undefined,
    })
    expect(options).toBeUndefined()
  })

  it('is how a carousel goes', async () => {
    const flags = '--carousel --passes 3 --duration 1h --fec 10%'.split(' ')
    const { options } = await argumentsOf([dir, ...flags])
    expect(options).toMatchObject({ carousel: true, passes: 3, durationMillis: 3_600_000, fec: 10 })
  })

  it.each([
    [['--passes', '3'], 2, '--passes says when a carousel ends, but this is none'],
    [['--duration', '1s'], 2, '--duration says when a carousel ends, but this is none'],
    [['--carousel', '--no-multicast'], 2, '--carousel is nothing but multicast'],
    [['--name', 'x'], 2, '--name shapes a new .p2pmeta, but this one is finished'],
    [['--chunk-size', '100KiB'], 2, '102400 bytes is not a power of two'],
    [['--chunk-size', '32MiB'], 2, 'from 16KiB to 16MiB'],
    [['--min-rate', '2Mbit', '--max-rate', '1Mbit'], 2, '--min-rate 2.00 Mbit/s is above'],
    [['--root', '/nonexistent'], 3, 'no such folder: /nonexistent'],
    [['/nonexistent'], 2, 'cannot be sent together'],
  ])('is refused: %j', async (flags, exit, message) => {
    const found = await argumentsOf([file, ...flags])
    expect([found.exit, found.source]).toEqual([exit, undefined])
    expect(found.error).toContain(message)
  })

  it('refuses a root for bare paths', async () => {
    const found = await argumentsOf([dir, '--root', dir])
    expect(found.exit).toBe(2)
    expect(found.error).toContain('--root says where the files of a .p2pmeta are')
  })
})

describe('the live block', () => {
  const blockOf = async (columns: number, receivers = sending.receivers) => {
    let seen: string[] = []
    const world = send([file, '--color', 'never'], call => {
      call.emit('progress', { ...sending, receivers })
      call.world.tick(250)
      seen = screenAfter(call.world.stderr.text, columns)
      return sent
    })
    world.stderr.isTerminal = true
    world.stderr.width = columns
    await world.run()
    return seen
  }

  it('has the pass, the totals and the slowest receivers first', async () => {
    const seen = await blockOf(100)
    expect(seen[0]).toMatch(/^photos +multicasting {2}12s$/)
    expect(seen[1]).toMatch(/░ +50% {2}of 256 MiB {2}94\.0 Mbit\/s of 95\.0 Mbit\/s, steady$/)
    expect(seen[2]).toBe('receivers 1 receiving, 1 complete · multicast 128 MiB · served 3.00 MiB')
    expect(seen[3]).toMatch(/^ {2}10\.0\.0\.2 {2}█{6}░{6} +50% +95\.7 Mbit\/s {2}loss {2}1\.0%$/)
    expect(seen[4]).toMatch(/^ {2}10\.0\.0\.3 {2}█{12} +100% .* complete$/)
  })

  it('tells loss on the way, drops at a socket and a slow disk apart', async () => {
    const troubled = row('10.0.0.2', {
      ...halfway,
      lossFraction: 0.05,
      pathLossFraction: 0.02,
      diskQueueBytes: 12 * 2 ** 20,
    })
    const seen = await blockOf(120, [troubled])
    expect(seen[3]).toMatch(/loss {2}2\.0%, socket drops 3\.0%, disk behind 12\.0 MiB$/)
  })

  it('stays small however many they are, and within the width', async () => {
    const many = Array.from({ length: 100 }, (_, at) =>
      row(`host-with-a-rather-long-name-${at}`, { ...halfway, verifiedBytes: at }),
    )
    for (const columns of [40, 80, 120]) {
      const seen = await blockOf(columns, many)
      expect(seen).toHaveLength(11)
      expect(seen[10]).toBe('  and 93 more')
      for (const line of seen) expect(line.length).toBeLessThan(columns)
    }
  })
})
