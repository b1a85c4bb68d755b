// What the checks make of facts that no namespace can bring about, and that none of them says
// anything of a healthy host but ok.

import { describe, expect, it } from 'vitest'
import { findingsOf } from '../../../src/core/doctor/checks.js'
import type { Facts } from '../../../src/core/doctor/facts.js'
import { gravest } from '../../../src/core/doctor/finding.js'
import { RECEIVE_BUFFER_BYTES } from '../../../src/io/net/group.js'
import { eth0, healthy, lo } from './patient.js'

function sick(facts: Partial<Facts>) {
  return findingsOf({ ...healthy, ...facts }).filter(({ state }) => state !== 'ok')
}

it('a healthy host is well in all respects', () => {
  const findings = findingsOf(healthy)
  expect(findings.filter(({ state, todo }) => state !== 'ok' || todo !== undefined)).toEqual([])
  expect(findings.length).toBeGreaterThan(15)
  const quick = findingsOf(healthy, 'quick')
  expect(quick.length).toBeGreaterThan(5)
  expect(findings).toEqual(expect.arrayContaining(quick))
})

const cases: readonly (readonly [Partial<Facts>, string, 'warning' | 'failed', RegExp, RegExp])[] =
  [
    [
      { links: [lo, { ...eth0, wireless: true }] },
      'wifi',
      'warning',
      /eth0 is wireless/,
      /--no-multicast/,
    ],
    [{ cloud: 'Amazon EC2' }, 'cloud', 'warning', /Amazon EC2/, /mcp2p recv/],
    [
      { container: 'docker', links: [lo, { ...eth0, paired: true }] },
      'container',
      'warning',
      /in a container \(docker\)/,
      /docker run --network host/,
    ],
    [
      { container: 'kubernetes', links: [lo, { ...eth0, paired: true }] },
      'container',
      'warning',
      /kubernetes/,
      /hostNetwork: true/,
    ],
    [
      { receiveBufferMaxBytes: 212_992 },
      'buffer',
      'warning',
      /208 KiB, 1\.7 ms/,
      new RegExp(`^sysctl -w net\\.core\\.rmem_max=${RECEIVE_BUFFER_BYTES}$`),
    ],
    [{ receiveBufferMaxBytes: 2 ** 22 - 1 }, 'buffer', 'warning', /33\.6 ms/, /rmem_max=/],
    [{ clockStepMillis: -3000 }, 'clock', 'warning', /jumped back by 3000 ms/, /set-ntp/],
    [{ unixMillis: 0, date: '1970' }, 'clock', 'failed', /1970/, /set-ntp/],
    [{ disk: { dir: '/srv', error: 'EROFS' } }, 'disk', 'failed', /EROFS/, /--out/],
    [
      { disk: { dir: '/srv', freeBytes: 2 ** 40, freeFiles: 0 } },
      'disk',
      'failed',
      /no more files/,
      /make room/,
    ],
    [{ disk: { dir: '/srv', freeBytes: 2 ** 29 } }, 'disk', 'warning', /512 MiB/, /make room/],
    [{ group: '239.0.0.251' }, 'alias', 'warning', /of 224\.0\.0\.251/, /--group/],
    [{ memberships: ['238.128.67.67'] }, 'alias', 'warning', /238\.128\.67\.67/, /--group/],
    [
      { links: [lo], route: { link: 'lo' }, joined: ['lo'] },
      'interface',
      'failed',
      /but loopback/,
      /ip link/,
    ],
    [{ route: { link: 'lo' } }, 'route', 'failed', /ends at lo/, /^ip route add/],
  ]

it.each(cases)('case %#: %j', (facts, check, state, why, todo) => {
  const found = sick(facts).find(finding => finding.check === check)
  expect(found).toMatchObject({
    state,
    why: expect.stringMatching(why),
    todo: expect.stringMatching(todo),
  })
})

it('the group that an alias is told to take is none', () => {
  const facts = { group: '224.67.67.68', memberships: ['238.195.67.68', '239.67.68.68'] }
  const told = sick(facts).find(({ check }) => check === 'alias')
  expect(told?.todo).toBe('pass --group 239.67.69.68, on all hosts')
  expect(sick({ ...facts, group: '239.67.69.68' })).toEqual([])
})

describe('not every oddity is a fault', () => {
  it.each<[string, Partial<Facts>]>([
    [
      'a bridge of containers beside the card',
      {
        links: [
          lo,
          eth0,
          {
            ...eth0,
            name: 'docker0',
            bridge: true,
          },
        ],
        joined: ['lo', 'eth0', 'docker0'],
        bridges: [
          {
            name: 'docker0',
            snooping: true,
            querier: false,
            queryEveryMillis: 125_000,
            membershipMillis: 260_000,
          },
        ],
      },
    ],
    ['a container with the network of its host', { container: 'docker' }],
    [
      'a manager far away, by another interface',
      {
        links: [lo, eth0, { ...eth0, name: 'wan' }],
        chosen: 'eth0',
        joined: ['eth0'],
        ttl: 2,
        targets: [{ kind: 'manager', endpoint: 'far:8889', via: 'wan', near: false }],
      },
    ],
    [
      'a system that tells nothing',
      {
        membershipsMax: undefined,
        receiveBufferMaxBytes: undefined,
        disk: undefined,
        links: [{ ...eth0, mtuBytes: undefined }],
        joined: ['eth0'],
      },
    ],
  ])('%s', (_, facts) => {
    expect(sick(facts)).toEqual([])
  })
})

it('the gravest finding is the first that failed, else the first warning', () => {
  const at = (check: string, state: 'ok' | 'warning' | 'failed') => ({ check, state, why: '' })
  const [a, b, c] = [at('a', 'warning'), at('b', 'failed'), at('c', 'failed')]
  expect(gravest([a, b, c])).toBe(b)
  expect(gravest([at('x', 'ok'), a])).toBe(a)
  expect(gravest([at('x', 'ok')])).toBeUndefined()
})
