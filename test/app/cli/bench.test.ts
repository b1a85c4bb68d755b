// What a bench prints: iperf's units in and out, its lines and tables, and iperf3's JSON.

import { describe, expect, it } from 'vitest'
import {
  formatBandwidth,
  formatTransfer,
  parseAmount,
  parseBandwidth,
} from '../../../src/app/cli/iperf.js'
import { FakeWorld } from './fake-world.js'

const figures = {
  received: 9_900,
  receivedBytes: 14_553_000,
  total: 10_000,
  lost: 100,
  outOfOrder: 3,
  duplicates: 0,
  jitterMicros: 139,
  startMicros: 0,
  endMicros: 2_000_000,
}
const sent = { group: '224.0.67.67', datagrams: 10_000, bytes: 14_700_000, startMicros: 0 }

describe('units are those of iperf 2', () => {
  it.each<[string, number]>([
    ['200M', 200 * 2 ** 20],
    ['200m', 200e6],
    ['200Mb', 200 * 2 ** 20], // as the habit has it
    ['1g', 1e9],
    ['64k', 64e3],
    ['0', 0],
    ['900Mbit', 900e6],
  ])('-b %s', (text, rateBps) => expect(parseBandwidth(text)).toBe(rateBps))

  it.each<[string, number]>([
    ['1G', 2 ** 30],
    ['1GB', 2 ** 30],
    ['1g', 1e9],
    ['1470', 1470],
    ['64KiB', 65_536],
  ])('-n %s', (text, bytes) => expect(parseAmount(text)).toBe(bytes))

  it('as they are printed', () => {
    expect(formatTransfer(1_310_720)).toBe('1.25 MBytes')
    expect(formatTransfer(978 * 1024)).toBe(' 978 KBytes')
    expect(formatBandwidth(10_485_760)).toBe('10.5 Mbits/sec')
    expect(formatBandwidth(105e6)).toBe(' 105 Mbits/sec')
  })
})

it('recv prints lines as iperf does', async () => {
  const world = new FakeWorld(['bench', 'recv', '-i', '1'], {
    benchReceive: ({ emit }) => {
      const stream = {
        id: 1,
        source: '10.0.0.1',
        group: '224.0.67.67',
        session: '',
        controlPort: 1,
      }
      emit('stream', stream)
      emit('interval', {
        stream,
        run: 1,
        firstAt: 0,
        figures: { ...figures, endMicros: 1_000_000 },
      })
      emit('summary', { stream, run: 1, firstAt: 0, figures, isLate: false })
      return { runs: [{ stream, run: 1, firstAt: 0, figures }] }
    },
  })
  expect(await world.run()).toBe(0)
  expect(world.stdout.lines).toEqual([
    '[  1] 224.0.67.67 connected with 10.0.0.1',
    '[ ID] Interval       Transfer     Bandwidth        Jitter   Lost/Total Datagrams  Out-of-order',
    '[  1] 0.0000-1.0000 sec  13.9 MBytes   116 Mbits/sec   0.139 ms 100/10000 (1%)  3',
    '[  1] 0.0000-2.0000 sec  13.9 MBytes  58.2 Mbits/sec   0.139 ms 100/10000 (1%)  3',
    '[  1] 0.0000-2.0000 sec  3 datagrams received out-of-order',
  ])
})

it('recv adds up what came at the same time, not what came one after the other', async () => {
  const run = (id: number, firstAt: number) => {
    const ids = { id, source: '10.0.0.1', group: '224.0.67.67', session: '', controlPort: 1 }
    return { stream: ids, run: 1, firstAt, figures }
  }
  const bpsOf = async (...firstAts: number[]): Promise<number> => {
    const runs = firstAts.map((firstAt, at) => run(1 + at, firstAt))
    const world = new FakeWorld(['bench', 'recv', '--json'], { benchReceive: () => ({ runs }) })
    expect(await world.run()).toBe(0)
    const { end } = JSON.parse(world.stdout.text)
    expect(end.sum.bytes).toBe(figures.receivedBytes * runs.length)
    return end.sum.bits_per_second
  }
  expect(await bpsOf(5e6)).toBeCloseTo(58.212e6)
  expect(await bpsOf(5e6, 5e6)).toBeCloseTo(2 * 58.212e6)
  expect(await bpsOf(5e6, 9e6)).toBeCloseTo(58.212e6)
})

describe('send', () => {
  const row = { group: '224.0.67.67', host: '10.0.0.2', figures }
  const result = {
    sent: [{ ...sent, endMicros: 2_000_000 }],
    receivers: [row, { ...row, host: '10.0.0.3' }],
    isInterrupted: false,
  }

  it('ends with a table of all receivers', async () => {
    const world = new FakeWorld(['bench', 'send'], { benchSend: () => result })
    expect(await world.run()).toBe(0)
    const cells = world.stdout.lines.map(line => line.split(/\s{2,}/))
    expect(cells.slice(2)).toEqual([
      ['RECEIVER', 'GROUP', 'TRANSFER', 'BANDWIDTH', 'JITTER', 'LOST/TOTAL', 'OUT-OF-ORDER'],
      ...['10.0.0.2', '10.0.0.3'].map(host => [
        host,
        '224.0.67.67',
        '13.9 MBytes',
        '58.2 Mbits/sec',
        '0.139 ms',
        '100/10000 (1%)',
        '3',
      ]),
    ])
  })

  it('says it in the shape of iperf3, a stream that many heard counted once', async () => {
    const world = new FakeWorld(['bench', 'send', '--json'], { benchSend: () => result })
    expect(await world.run()).toBe(0)
    const { start, end } = JSON.parse(world.stdout.text)
    expect(start.test_start).toMatchObject({ protocol: 'UDP', blksize: 1470, duration: 10 })
    expect(end.streams.length).toBe(3)
    expect(end.sum_sent).toMatchObject({ bytes: 14_700_000, bits_per_second: 58.8e6 })
    expect(end.sum).toMatchObject({ packets: 10_000, lost_packets: 100, lost_percent: 1 })
    expect(end.sum.bits_per_second).toBeCloseTo(58.212e6)
    expect(end.sum.jitter_ms).toBeCloseTo(0.139)
  })

  it('says by TCP what left and what came of each connection, as iperf3 does', async () => {
    const none = { received: 0, total: 0, lost: 0, outOfOrder: 0, duplicates: 0, jitterMicros: 0 }
    const came = { ...none, receivedBytes: 1_000_000, startMicros: 0, endMicros: 1_100_000 }
    const left = { group: row.group, datagrams: 0, bytes: 1_000_000 }
    const receivers = [
      { ...row, figures: came, sent: { ...left, startMicros: 0, endMicros: 1_000_000 } },
      { group: row.group, host: 'b', sent: { ...left, startMicros: 2e6, endMicros: 3e6 } },
    ]
    const tcp = { ...result, receivers }
    const world = new FakeWorld(['bench', 'send', '--serial', '--json'], { benchSend: () => tcp })
    expect(await world.run()).toBe(6)
    const { start, end } = JSON.parse(world.stdout.text)
    expect(start.test_start.protocol).toBe('TCP')
    const [first, second] = end.streams
    expect(Object.keys(first)).toEqual(['sender', 'receiver'])
    expect(first.sender).toMatchObject({ start: 0, seconds: 1, bits_per_second: 8e6, sender: true })
    expect(first.receiver).toMatchObject({ socket: 1, seconds: 1.1, bytes: 1e6, host: row.host })
    expect(second.sender).toMatchObject({ start: 2, end: 3, bytes: 1e6 })
    expect(second.receiver).toMatchObject({ socket: 2, start: 2, bytes: 0, bits_per_second: 0 })
    // One after the other: the pause between them moved nothing.
    expect(end.sum_sent).toMatchObject({ seconds: 3, bytes: 2e6, bits_per_second: 8e6 })
    expect(end.sum_received.bytes).toBe(1e6)
    expect(JSON.stringify(end)).not.toMatch(/packets|jitter|udp/)
  })

  it('is no success when somebody did not report', async () => {
    const receivers = [row, { group: row.group, host: '10.0.0.4' }]
    const world = new FakeWorld(['bench', 'send'], { benchSend: () => ({ ...result, receivers }) })
    expect(await world.run()).toBe(6)
    expect(world.stderr.text).toContain('1 of 2 receivers did not report')
  })
})

it('host sorts its parts and names the narrowest', async () => {
  const disk = { name: 'disk write', rateBps: 2e9, how: 'synced' }
  const world = new FakeWorld(['bench', 'host'], {
    benchHost: () => ({
      parts: [{ name: 'hash', rateBps: 12e9, how: 'SHA-256' }, disk],
      narrowest: disk,
    }),
  })
  expect(await world.run()).toBe(0)
  expect(world.stdout.lines.map(line => line.split(/\s{2,}/)[0])).toEqual([
    'PART',
    'disk write',
    'hash',
    'narrowest: disk write, no transfer is faster than 2.00 Gbit/s',
  ])
})
