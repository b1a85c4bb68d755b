// How the doctor's findings look: lines that can be cut in columns, what to do below, a summary, and
// an exit code; and what a listener says.

import { describe, expect, it } from 'vitest'
import type { DoctorResult } from '../../../src/engine/api.js'
import { FakeWorld, type Scripts } from './fake-world.js'

const findings: DoctorResult['findings'] = [
  { check: 'interface', state: 'ok', why: 'eth0 (10.0.0.1)' },
  { check: 'route', state: 'failed', why: 'no route', todo: 'ip route add 224.0.0.0/4 dev eth0' },
  { check: 'wifi', state: 'warning', why: 'wlan0\u202e is wireless', todo: 'use a cable' },
]
const bad: DoctorResult = { findings, ok: 1, warnings: 1, failed: 1 }
const good: DoctorResult = { findings: findings.slice(0, 1), ok: 1, warnings: 0, failed: 0 }

function doctor(args: readonly string[], result: DoctorResult, script: Scripts = {}) {
  return new FakeWorld(['doctor', ...args], {
    doctor: call => {
      call.emit('phase', { doing: 'loss at 10 Mbit/s' })
      for (const finding of result.findings) call.emit('finding', finding)
      return result
    },
    ...script,
  })
}

describe('mcp2p doctor', () => {
  it('says a line per check, what to do below, and a summary; exit 4', async () => {
    const world = doctor([], bad)
    expect(await world.run()).toBe(4)
    expect(world.stdout.lines).toEqual([
      'ok       interface        eth0 (10.0.0.1)',
      'failed   route            no route',
      '                          do: ip route add 224.0.0.0/4 dev eth0',
      'warning  wifi             wlan0\\u{202e} is wireless',
      '                          do: use a cable',
      '3 checks: 1 ok, 1 warning, 1 failed',
    ])
    expect(world.stderr.lines).toEqual([
      'loss at 10 Mbit/s',
      'error: failed: route',
      ' hint: Do what is said at each, then run it again.',
    ])
  })

  it('is content where all is well', async () => {
    const world = doctor([], good)
    expect(await world.run()).toBe(0)
    expect(world.stdout.lines.at(-1)).toBe('1 checks: 1 ok, 0 warnings, 0 failed')
  })

  it('gives a document or a stream to programs', async () => {
    const json = doctor(['--json'], bad)
    expect(await json.run()).toBe(4)
    expect(JSON.parse(json.stdout.text)).toEqual({ ...bad, exit: 4 })
    const stream = doctor(['--json-stream'], bad)
    await stream.run()
    const types = stream.stdout.documents.map(({ type }) => type)
    expect(types).toEqual(['phase', 'finding', 'finding', 'finding', 'result'])
  })

  it('paints the states only where stdout is a terminal', async () => {
    const world = doctor([], bad)
    world.stdout.isTerminal = true
    await world.run()
    expect(world.stdout.text).toContain('\x1b[31mfailed\x1b[39m   route')
  })

  it.each([
    [['--with', '10.0.0.2'], '10.0.0.2:9990'],
    [['--with', '10.0.0.2', '--peer-port', '7000'], '10.0.0.2:7000'],
    [['--with', 'host.example:8000'], 'host.example:8000'],
    [['--with', 'fe80::1%eth0'], '[fe80::1%eth0]:9990'],
  ])('%j', async (args, expected) => {
    let given: unknown
    const world = doctor([...args, '--hold', '5m', '--max-rate', '1Mbit'], good, {
      doctor: call => {
        given = call.args[0]
        return good
      },
    })
    expect(await world.run()).toBe(0)
    expect(given).toMatchObject({ with: expected, holdMillis: 300_000, maxRateBps: 1_000_000 })
  })

  it('refuses a host that is none, and both ends at once', async () => {
    const world = doctor(['--with', '-x y'], good)
    expect(await world.run()).toBe(2)
    expect(world.stderr.lines[0]).toBe('error: --with: "-x y" is no host')
    expect(await doctor(['--with', 'a', '--listen'], good).run()).toBe(2)
  })

  it('listens, and says what to run on the other host', async () => {
    const world = doctor(['--listen'], good, {
      doctorListen: call => {
        const place = { peerPort: 9991, group: '224.0.67.67', port: 6767, address: '10.0.0.1' }
        call.emit('listening', place)
        call.emit('conversation', { host: '10.0.0.2', state: 'begun' })
        return { conversations: 1 }
      },
    })
    expect(await world.run()).toBe(0)
    expect(world.stdout.lines).toEqual(['mcp2p doctor --with 10.0.0.1:9991'])
    expect(world.stderr.lines[1]).toBe('10.0.0.2 is here')
  })
})
